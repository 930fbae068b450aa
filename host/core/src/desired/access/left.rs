//! What is left of a role that gave it by facts which have changed since.

use super::{
    judge::{Judge, Written},
    sides::{Held, with_included},
};
use crate::{
    id::{ConnectorName, RoleName},
    observed::OwnedGrant,
    template::Template,
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
        if !self.subject.observed.targets.contains_key(target) {
            return Held::Unknown;
        }
        let shape = template.shape();
        let names = self.subject.names(target, entitlement);
        let means = |at: &ConnectorName, text: &str| {
            at == target && self.subject.means(target, text, entitlement)
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
        links.flat_map(|link| self.subject.owned(link))
    }
}
