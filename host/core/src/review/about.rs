//! What a review is about, and what of it cannot be looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    GrantKey, ReviewPolicy, Skipped,
    held::is_whole,
    open::{Look, about_rule, gives},
};
use crate::{
    access::Risk,
    guard::Privileged,
    id::{ConnectorName, IdentityId},
    operation::Cause,
    plan::{Note, NoteKind},
};

impl Look<'_> {
    /// Targets that a rule may be about.
    pub(super) fn concerned(&self, rule: &ReviewPolicy) -> BTreeSet<&ConnectorName> {
        let of = &rule.of;
        let targets = self.policy.targets.keys();
        let anywhere = of.risk.is_some() || of.unmanaged || !of.roles.is_empty();
        let named = |name: &&ConnectorName| {
            anywhere || of.targets.contains(*name) || of.grants.contains_key(*name)
        };
        targets.filter(named).collect()
    }

    /// What cannot be looked at now of these targets.
    pub(super) fn skipped(&self, concerned: &BTreeSet<&ConnectorName>) -> BTreeSet<Skipped> {
        let unread = concerned.iter().filter(|name| {
            let there = self.observed.targets.get(**name);
            !there.is_some_and(is_whole)
        });
        let unread = unread.map(|name| Skipped::Target((*name).clone()));
        let held = self.holdings.all().filter(|(id, grant)| {
            let person = self.desired.identities.get(id);
            concerned.contains(&grant.0) && person.is_some_and(|it| !it.holds.is_empty())
        });
        unread.chain(held.map(|(id, _)| Skipped::Person(*id))).collect()
    }

    /// What the rule names and its target does not have.
    pub(super) fn unknown_names(&self, rule: &ReviewPolicy, notes: &mut Vec<Note>) {
        for (name, texts) in &rule.of.grants {
            let there = self.observed.targets.get(name);
            let (true, Some(index), Some(policy)) = (
                there.is_some_and(is_whole),
                self.indexes.get(name),
                self.policy.targets.get(name),
            ) else {
                continue;
            };
            for text in texts {
                if let Err(wrong) = index.resolve(&policy.entitlements, text) {
                    let text =
                        format!("review `{}` (line {}): {}", rule.name, rule.line, wrong.text);
                    notes.push(about_rule(Some(name.clone()), NoteKind::Unable, text, false));
                }
            }
        }
    }

    pub(super) fn is_at_work(&self, identity: IdentityId) -> bool {
        let person = self.desired.identities.get(&identity);
        person.is_some_and(|it| it.holds.is_empty() && !it.state.state.is_over())
    }

    /// Every direct grant of an account of somebody who has not left.
    pub(super) fn held(&self) -> impl Iterator<Item = &(IdentityId, GrantKey)> {
        self.holdings.all().filter(|(identity, _)| self.is_at_work(*identity))
    }

    /// What gives an entitlement to somebody.
    pub(super) fn causes(&self, identity: IdentityId, grant: &GrantKey) -> &[Cause] {
        let (Some(person), Some(index), Some(target)) = (
            self.desired.identities.get(&identity),
            self.indexes.get(&grant.0),
            self.policy.targets.get(&grant.0),
        ) else {
            return &[];
        };
        gives(person, (index, target), grant)
    }

    pub(super) fn speaks_of(
        &self,
        rule: &ReviewPolicy,
        ((target, entitlement, _), causes): (&GrantKey, &[Cause]),
        privileged: &Privileged<'_>,
    ) -> bool {
        let of = &rule.of;
        let roles = causes.iter().filter_map(|cause| match cause {
            Cause::Role { role, .. } => Some(role),
            _ => None,
        });
        let risky = |least: Risk| {
            let mut given = roles.clone();
            let by_role = given.any(|role| {
                self.policy.access.roles.get(role).is_some_and(|role| role.risk >= least)
            });
            by_role || least <= Risk::High && privileged.has(target, entitlement)
        };
        let named = || {
            let (Some(texts), Some(index), Some(policy)) =
                (of.grants.get(target), self.indexes.get(target), self.policy.targets.get(target))
            else {
                return false;
            };
            let mut meant = texts.iter().filter_map(|text| index.only(&policy.entitlements, text));
            meant.any(|it| it.reference == *entitlement)
        };
        of.targets.contains(target)
            || of.unmanaged && causes.is_empty()
            || of.risk.is_some_and(risky)
            || roles.clone().any(|role| of.roles.contains(role))
            || named()
    }

    /// "Admins", "Admins (owner)"
    pub(super) fn label(&self, (target, entitlement, relation): &GrantKey) -> String {
        let uid = entitlement.uid.as_str();
        let index = self.indexes.get(target);
        let found = index.and_then(|index| index.only(&BTreeMap::new(), uid));
        let name = found.map_or(uid, |it| it.name.as_str());
        if relation.is_empty() { name.to_owned() } else { format!("{name} ({relation})") }
    }
}

pub(super) fn tell_skipped(
    rule: &ReviewPolicy,
    skipped: &BTreeSet<Skipped>,
    notes: &mut Vec<Note>,
) {
    let review = format!("review `{}` (line {})", rule.name, rule.line);
    notes.extend(skipped.iter().map(|it| match it {
        Skipped::Target(target) => {
            let text = format!(
                "{review}: nobody is asked about what is held at {target} before that has \
                 been read wholly"
            );
            about_rule(Some(target.clone()), NoteKind::Unreviewed, text, true)
        }
        Skipped::Person(id) => Note {
            identity: Some(*id),
            target: None,
            kind: NoteKind::Unreviewed,
            text: format!("{review}: nobody is asked about what they have while they are held"),
            open: true,
        },
    }));
}
