//! What is left of a role that gave it by facts which have changed since.

use super::{
    judge::{Judge, Written},
    sides::{Held, with_included},
};
use crate::{
    id::{ConnectorName, RoleName},
    observed::OwnedGrant,
    template::Template,
    value::ObjectRef,
};

impl Judge<'_, '_> {
    /// Whether something may be left of a role that gave it by facts that
    /// have changed: ours, no longer given, and such as the role gives.
    pub(super) fn left_of(&self, role: &RoleName, roughly: bool) -> Held {
        let mut left = Held::No;
        let roles = with_included(self.subject.policy, role).into_values();
        for (target, templates) in roles.flat_map(|role| &role.grants) {
            for template in templates.iter().filter(|it| !it.reads().is_empty()) {
                let elsewhere = |(other, (at, _)): (&Template, &Written)| {
                    at == target && other.source() == template.source()
                };
                if roughly || !self.others(role).any(elsewhere) {
                    let owned = self.theirs(target);
                    let each = owned.map(|it| self.is_left(it, template, role, roughly));
                    left = left.max(each.max().unwrap_or(Held::No));
                }
            }
        }
        left
    }

    fn is_left(
        &self,
        owned: &OwnedGrant,
        template: &Template,
        role: &RoleName,
        roughly: bool,
    ) -> Held {
        let OwnedGrant { target, entitlement, .. } = owned;
        let Some(there) = self.subject.observed.targets.get(target) else { return Held::Unknown };
        let shape = template.shape();
        let aliases = self.subject.policy.targets.get(target).map(|it| &it.entitlements);
        let mut names: Vec<&str> = vec![&entitlement.uid];
        let known = there.entitlements.iter().find(|it| it.reference == *entitlement);
        names.extend(known.map(|it| it.name.as_str()));
        let aliases = aliases.into_iter().flatten();
        let aliases: Vec<&str> = aliases
            .filter(|(_, text)| names.contains(&text.as_str()))
            .map(|(alias, _)| alias.as_str())
            .collect();
        names.extend(aliases);
        let means = |at: &ConnectorName, text: &str| {
            let meant = || self.subject.entitlement(target, text);
            at == target && meant().is_some_and(|meant| meant.reference == *entitlement)
        };
        let wanted = self.given().wanted.get(target);
        let wanted = wanted.into_iter().flat_map(|wanted| wanted.grants.keys());
        if !names.iter().any(|name| shape.matches(name))
            || wanted.into_iter().any(|grant| means(target, &grant.entitlement))
            || (!roughly && self.others(role).any(|(_, (at, text))| means(at, text)))
        {
            return Held::No;
        }
        self.seen(target, entitlement)
    }

    /// What we granted to accounts of theirs at a target.
    fn theirs(&self, target: &ConnectorName) -> impl Iterator<Item = &OwnedGrant> {
        let links = self.subject.links.iter().filter(move |link| link.target == *target);
        links.flat_map(|link| {
            let lowest = ObjectRef { object_type: String::new(), uid: String::new() };
            let first = OwnedGrant {
                target: link.target.clone(),
                holder: link.account.clone(),
                entitlement: lowest,
                relation: String::new(),
            };
            let from = self.subject.observed.ledger.range(first..);
            from.take_while(|it| it.target == link.target && it.holder == link.account)
        })
    }
}
