//! Whether what a step wishes is so.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::steps::{Entitlements, Subject};
use crate::{
    account::Entitlement,
    id::ConnectorName,
    observed::{Link, OwnedGrant},
    policy::Policy,
    template::Template,
    value::ObjectRef,
    workflow::{AccountVerb, Action},
};

impl Subject<'_> {
    /// Whether what a step wishes is so, by what targets last said.
    /// `since` is when the step began.
    pub(super) fn achieved(&self, action: &Action<Template>, since: Timestamp) -> bool {
        match action {
            Action::Accounts { verb, targets } => self.accounts_are(*verb, targets.as_ref()),
            Action::Grant { grants } => grants.iter().all(|(target, templates)| {
                templates.iter().all(|template| self.holds(target, template).unwrap_or(false))
            }),
            Action::Revoke { grants } => grants.iter().all(|(target, templates)| {
                templates.iter().all(|template| !self.holds(target, template).unwrap_or(true))
            }),
            Action::RevokeAll { targets } => !self.observed.ledger.iter().any(|owned| {
                targets.as_ref().is_none_or(|targets| targets.contains(&owned.target))
                    && self.is_theirs(&owned.target, &owned.holder)
            }),
            Action::EndCredentials { verb, targets } => {
                self.are_ended(*verb, targets.as_ref(), since)
            }
            Action::Start { .. }
            | Action::Notify { .. }
            | Action::Approve(_)
            | Action::SetFact { .. }
            | Action::Ticket { .. }
            | Action::Request { .. }
            | Action::EndRequests { .. }
            | Action::Credential { .. }
            | Action::Run { .. } => false,
        }
    }

    fn is_theirs(&self, target: &ConnectorName, account: &ObjectRef) -> bool {
        self.links.iter().any(|link| link.target == *target && link.account == *account)
    }

    fn accounts_are(&self, verb: AccountVerb, targets: Option<&BTreeSet<ConnectorName>>) -> bool {
        let meant = |link: &&&Link| targets.is_none_or(|targets| targets.contains(&link.target));
        let mut links = self.links.iter().filter(meant);
        match verb {
            AccountVerb::Delete => links.next().is_none(),
            AccountVerb::Disable => !links.any(|link| link.is_open()),
            AccountVerb::Enable => links.all(|link| link.disabled_since.is_none()),
            AccountVerb::Create => targets.is_some_and(|targets| {
                targets.iter().all(|target| self.links.iter().any(|link| link.target == *target))
            }),
        }
    }

    /// Whether they hold an entitlement by what we granted; none while nobody
    /// can tell which one is meant.
    fn holds(&self, target: &ConnectorName, template: &Template) -> Option<bool> {
        let text = self.policy.expressions.render(template, self.scope).ok()?;
        let meant = self.entitlement(target, text.trim())?;
        Some(self.observed.ledger.iter().any(|owned| {
            owned.target == *target
                && owned.entitlement == meant.reference
                && self.is_theirs(target, &owned.holder)
        }))
    }

    /// The entitlement that a text of the file means at a target.
    pub(super) fn entitlement(&self, target: &ConnectorName, text: &str) -> Option<&Entitlement> {
        let aliases = &self.policy.targets.get(target)?.entitlements;
        self.entitlements.get(target)?.only(aliases, text)
    }

    /// Whether two texts mean one entitlement, as far as that is known.
    pub(super) fn same(&self, target: &ConnectorName, one: &str, other: &str) -> bool {
        same(self.policy, self.entitlements, target, (one, other))
    }

    /// Whether a text of the file means this one.
    pub(super) fn means(&self, target: &ConnectorName, text: &str, it: &ObjectRef) -> bool {
        self.entitlement(target, text).is_some_and(|meant| meant.reference == *it)
    }

    /// All ways in which the file may write an entitlement.
    pub(super) fn names(&self, target: &ConnectorName, it: &ObjectRef) -> BTreeSet<String> {
        let there = self.observed.targets.get(target).map(|there| &there.entitlements);
        let known = there.into_iter().flatten().find(|known| known.reference == *it);
        let mut names: BTreeSet<String> =
            known.map(|known| known.name.clone()).into_iter().collect();
        names.insert(it.uid.clone());
        let aliases = self.policy.targets.get(target).map(|target| &target.entitlements);
        let aliases = aliases.into_iter().flatten().filter(|(_, text)| names.contains(*text));
        let aliases: Vec<String> = aliases.map(|(alias, _)| alias.clone()).collect();
        names.extend(aliases);
        names
    }

    /// What we granted to an account of theirs.
    pub(super) fn owned<'s>(&'s self, link: &'s Link) -> impl Iterator<Item = &'s OwnedGrant> {
        let first = OwnedGrant {
            target: link.target.clone(),
            holder: link.account.clone(),
            entitlement: ObjectRef { object_type: String::new(), uid: String::new() },
            relation: String::new(),
        };
        let from = self.observed.ledger.range(first..);
        from.take_while(|it| it.target == link.target && it.holder == link.account)
    }
}

/// Whether two texts mean one entitlement: by alias, and by what the target
/// has, where that was read.
pub(super) fn same(
    policy: &Policy,
    entitlements: &Entitlements<'_>,
    target: &ConnectorName,
    (one, other): (&str, &str),
) -> bool {
    if one == other {
        return true;
    }
    let Some(there) = policy.targets.get(target) else { return false };
    let aliases = &there.entitlements;
    let written = |text| aliases.get(text).map_or(text, String::as_str);
    let Some(index) = entitlements.get(target) else { return written(one) == written(other) };
    let meant = |text| index.only(aliases, text).map(|it| &it.reference);
    written(one) == written(other) || meant(one).is_some_and(|one| meant(other) == Some(one))
}
