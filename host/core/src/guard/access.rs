//! What the guard needs to know of access, and of what was done lately.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingKind, by_target};
use crate::{
    access::{LastOf, Risk},
    account::AccountState,
    id::{ConnectorName, RoleName},
    observed::Observed,
    operation::OperationKind,
    plan::Plan,
    policy::{ClassLimits, Policy},
    template::Template,
    value::ObjectRef,
};

/// What the guard needs to know of access; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct AccessGuard<'a> {
    pub classes: Option<&'a ClassLimits>,
    pub last_of: Option<&'a LastOf>,
    /// Aliases of entitlements, by target.
    pub aliases: BTreeMap<&'a ConnectorName, &'a BTreeMap<String, String>>,
    /// Entitlements that are privileged, as the file writes them.
    pub privileged: BTreeMap<&'a ConnectorName, BTreeSet<&'a str>>,
    /// Roles of high risk.
    pub privileged_roles: BTreeSet<&'a RoleName>,
}

impl<'a> AccessGuard<'a> {
    pub(crate) fn of(policy: &'a Policy) -> Self {
        let targets = policy.targets.iter();
        let mut privileged: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (name, target) in targets.clone() {
            let written = target.access.privileged.iter().map(String::as_str);
            privileged.entry(name).or_default().extend(written);
        }
        let high = || policy.access.roles.iter().filter(|(_, role)| role.risk == Risk::High);
        for (target, templates) in high().flat_map(|(_, role)| &role.grants) {
            // One that reads facts counts where it gave something.
            let plain = templates.iter().filter(|template| template.reads().is_empty());
            privileged.entry(target).or_default().extend(plain.map(Template::source));
        }
        Self {
            classes: Some(&policy.limits.classes),
            last_of: Some(&policy.access.last_of),
            aliases: targets.map(|(name, target)| (name, &target.entitlements)).collect(),
            privileged,
            privileged_roles: high().map(|(name, _)| name).collect(),
        }
    }
}

/// What was done within the window, before this plan, by target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// Accounts that lost something.
    pub removed: BTreeMap<ConnectorName, BTreeSet<ObjectRef>>,
    /// Accounts that were disabled.
    pub disabled: BTreeMap<ConnectorName, BTreeSet<ObjectRef>>,
    /// How many accounts were created.
    pub created: BTreeMap<ConnectorName, usize>,
    /// Accounts that got a new password.
    pub passwords: BTreeMap<ConnectorName, BTreeSet<ObjectRef>>,
    /// How often each entitlement was granted or revoked.
    pub granted: BTreeMap<ConnectorName, BTreeMap<ObjectRef, usize>>,
}

/// Where nobody can see that a disable had its effect, somebody has to look.
pub(super) fn unverifiable(plan: &Plan, observed: &Observed) -> Vec<Finding> {
    let untold: BTreeMap<&ConnectorName, BTreeSet<&ObjectRef>> = observed
        .targets
        .iter()
        .map(|(name, there)| {
            let untold = there.accounts.iter().filter(|it| it.state == AccountState::Unknown);
            (name, untold.map(|it| &it.reference).collect())
        })
        .collect();
    let disabled = by_target(plan, |it| {
        let here = untold.get(&it.target).zip(it.change.account());
        it.change.kind() == OperationKind::Disable
            && here.is_some_and(|(untold, account)| untold.contains(account))
    });
    let findings = disabled.into_iter().map(|(target, operations)| Finding {
        kind: FindingKind::UnverifiableDisable,
        target: Some(target.clone()),
        text: format!(
            "{target} does not tell whether an account is disabled ({} of this plan); look there \
             afterwards",
            operations.len()
        ),
        blocks: Vec::new(),
    });
    findings.collect()
}
