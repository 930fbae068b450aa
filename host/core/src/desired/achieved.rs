//! Whether what a step wishes is so.

use std::collections::BTreeSet;

use super::steps::Subject;
use crate::{
    account::Entitlement,
    id::ConnectorName,
    observed::Link,
    template::Template,
    value::ObjectRef,
    workflow::{AccountVerb, Action},
};

impl Subject<'_> {
    /// Whether what a step wishes is so, by what targets last said.
    pub(super) fn achieved(&self, action: &Action<Template>) -> bool {
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
            Action::Start { .. }
            | Action::Notify { .. }
            | Action::Approve(_)
            | Action::SetFact { .. }
            | Action::Ticket { .. }
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
}
