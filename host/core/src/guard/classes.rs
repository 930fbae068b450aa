//! Limits by what is done: disables, creates, and whatever is privileged.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccessGuard, Finding, FindingKind, Lately, by_target, limited, ours, plan_word};
use crate::{
    entitlement::Index,
    id::{ConnectorName, RoleName},
    observed::Observed,
    operation::{Cause, Change, Operation, OperationKind},
    plan::Plan,
    policy::{Bound, Class},
    value::ObjectRef,
};

pub(super) fn findings(
    access: &AccessGuard<'_>,
    plan: &Plan,
    observed: &Observed,
    lately: &Lately,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let disables = by_target(plan, |it| limited(it) && it.change.kind() == OperationKind::Disable);
    for (target, operations) in disables {
        let planned = operations.iter().filter_map(|it| it.change.account());
        let planned: BTreeSet<&ObjectRef> = planned.collect();
        let before: BTreeSet<&ObjectRef> =
            lately.disabled.get(target).into_iter().flatten().collect();
        let count = Count { now: planned.difference(&before).count(), before: before.len() };
        findings.extend(access.beyond(Class::Disables, target, observed, &count, &operations));
    }
    for (target, operations) in by_target(plan, |it| it.change.kind() == OperationKind::Create) {
        let before = lately.created.get(target).copied().unwrap_or_default();
        let count = Count { now: operations.len(), before };
        findings.extend(access.beyond(Class::Creates, target, observed, &count, &operations));
    }
    let privileged = Privileged::of(access, observed);
    for (target, operations) in by_target(plan, |it| limited(it) && privileged.counts(it)) {
        let lately = lately.granted.get(target).into_iter().flatten();
        let here = privileged.entitlements.get(target);
        let before = lately.filter(|(it, _)| here.is_some_and(|here| here.contains(it)));
        let count = Count { now: operations.len(), before: before.map(|(_, count)| count).sum() };
        findings.extend(access.beyond(Class::Privileged, target, observed, &count, &operations));
    }
    if findings.is_empty() {
        return findings;
    }
    // The digest of a large plan takes a while.
    let plan_word = plan_word(plan);
    for finding in &mut findings {
        let release = format!("`lanyard apply {plan_word} --release {}`", finding.kind.word());
        finding.text.push_str(&release);
    }
    findings
}

struct Count {
    now: usize,
    before: usize,
}

impl AccessGuard<'_> {
    pub(super) fn bound(&self, class: Class, target: &ConnectorName) -> Option<Bound> {
        let classes = self.classes?;
        let here = classes.targets.get(target).and_then(|here| here.get(&class));
        here.or_else(|| classes.everywhere.get(&class)).copied()
    }

    fn beyond(
        &self,
        class: Class,
        target: &ConnectorName,
        observed: &Observed,
        count: &Count,
        operations: &[&Operation],
    ) -> Option<Finding> {
        let bound = self.bound(class, target)?;
        let limit = bound.limit(ours(observed, target));
        let Count { now, before } = *count;
        let all = now.saturating_add(before);
        if u64::try_from(all).is_ok_and(|all| all <= limit) {
            return None;
        }
        let (kind, what) = match class {
            Class::Disables => (FindingKind::MassDisable, "accounts would be disabled"),
            Class::Creates => (FindingKind::MassCreate, "accounts would be created"),
            Class::Privileged => (FindingKind::MassPrivileged, "privileged grants would change"),
            Class::Removals => return None,
        };
        Some(Finding {
            kind,
            target: Some(target.clone()),
            text: format!(
                "{now} {what} at {target}, and {before} lately: {all} in all, where {limit} are \
                 allowed ({bound}). If that is right, "
            ),
            blocks: operations.iter().map(|it| it.id).collect(),
        })
    }
}

/// What counts as privileged.
pub(crate) struct Privileged<'a> {
    entitlements: BTreeMap<&'a ConnectorName, BTreeSet<&'a ObjectRef>>,
    roles: &'a BTreeSet<&'a RoleName>,
}

impl<'a> Privileged<'a> {
    pub(crate) fn of(access: &'a AccessGuard<'a>, observed: &'a Observed) -> Self {
        let mut entitlements = BTreeMap::new();
        for (target, texts) in &access.privileged {
            let (Some(there), Some(aliases)) =
                (observed.targets.get(*target), access.aliases.get(*target))
            else {
                continue;
            };
            let index = Index::new(&there.entitlements, true);
            let found = texts.iter().filter_map(|text| index.only(aliases, text));
            entitlements.insert(*target, found.map(|it| &it.reference).collect());
        }
        Self { entitlements, roles: &access.privileged_roles }
    }

    /// Whether an entitlement is privileged by itself.
    pub(crate) fn has(&self, target: &ConnectorName, entitlement: &ObjectRef) -> bool {
        self.entitlements.get(target).is_some_and(|here| here.contains(entitlement))
    }

    pub(crate) fn counts(&self, operation: &Operation) -> bool {
        let (Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. }) =
            &operation.change
        else {
            return false;
        };
        let here = self.entitlements.get(&operation.target);
        here.is_some_and(|here| here.contains(entitlement))
            || operation.causes.iter().any(|cause| match cause {
                Cause::Role { role, .. } => self.roles.contains(role),
                _ => false,
            })
    }
}
