//! Limits by what is done: disables, creates, and whatever is privileged.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AccessGuard, Finding, FindingKind, Lately, by_target, counting::Counting, is_beyond, limited,
    ours, plan_word,
};
use crate::{
    entitlement::Index,
    id::{ConnectorName, OperationId, RoleName},
    observed::Observed,
    operation::{Cause, Change, Operation, OperationKind},
    plan::Plan,
    policy::{Bound, Class, Policy},
    value::ObjectRef,
};

pub(super) fn findings(
    access: &AccessGuard<'_>,
    plan: &Plan,
    observed: &Observed,
    lately: &Lately,
    counting: &Counting,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let disables = by_target(plan, |it| limited(it) && it.change.kind() == OperationKind::Disable);
    for (target, operations) in disables {
        let before: BTreeSet<&ObjectRef> =
            lately.disabled.get(target).into_iter().flatten().collect();
        let count = |operations: &[&Operation]| {
            let planned = operations.iter().filter_map(|it| it.change.account());
            let planned: BTreeSet<&ObjectRef> = planned.collect();
            Count { now: planned.difference(&before).count(), before: before.len() }
        };
        let class = Classed { class: Class::Disables, target, operations: &operations };
        let found = access.beyond(&class, observed, count, counting);
        findings.extend(found.map(|found| with_sessions(found, plan)));
    }
    for (target, operations) in by_target(plan, |it| it.change.kind() == OperationKind::Create) {
        let before = lately.created.get(target).copied().unwrap_or_default();
        let count = |operations: &[&Operation]| Count { now: operations.len(), before };
        let class = Classed { class: Class::Creates, target, operations: &operations };
        findings.extend(access.beyond(&class, observed, count, counting));
    }
    let privileged = Privileged::of(access, observed);
    for (target, operations) in by_target(plan, |it| limited(it) && privileged.counts(it)) {
        let lately = lately.granted.get(target).into_iter().flatten();
        let here = privileged.entitlements.get(target);
        let before = lately.filter(|(it, _)| here.is_some_and(|here| here.contains(it)));
        let before = before.map(|(_, count)| count).sum();
        let count = |operations: &[&Operation]| Count { now: operations.len(), before };
        let class = Classed { class: Class::Privileged, target, operations: &operations };
        findings.extend(access.beyond(&class, observed, count, counting));
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

/// Whoever is not disabled is not put out either.
fn with_sessions(mut found: Finding, plan: &Plan) -> Finding {
    let at = |it: &&Operation| found.target.as_ref() == Some(&it.target);
    let here: Vec<&Operation> = plan.operations.iter().filter(at).collect();
    let blocks: BTreeSet<OperationId> = found.blocks.iter().copied().collect();
    let blocked = here.iter().filter(|it| blocks.contains(&it.id));
    let accounts: BTreeSet<&ObjectRef> = blocked.filter_map(|it| it.change.account()).collect();
    let beside = here.iter().filter(|it| {
        it.change.kind().is_about_credentials()
            && it.change.account().is_some_and(|account| accounts.contains(account))
    });
    let beside: Vec<OperationId> = beside.map(|it| it.id).collect();
    found.blocks.extend(beside);
    found
}

/// Operations of one class at one target.
struct Classed<'a> {
    class: Class,
    target: &'a ConnectorName,
    operations: &'a [&'a Operation],
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
        classed: &Classed<'_>,
        observed: &Observed,
        count: impl Fn(&[&Operation]) -> Count,
        counting: &Counting,
    ) -> Option<Finding> {
        let Classed { class, target, operations } = *classed;
        let bound = self.bound(class, target)?;
        let limit = bound.limit(ours(observed, target));
        let all = |Count { now, before }: Count| now.saturating_add(before);
        let blocks = counting.held_back(operations, |it| is_beyond(all(count(it)), limit));
        if blocks.is_empty() {
            return None;
        }
        let Count { now, before } = count(operations);
        let all = now.saturating_add(before);
        let (kind, what) = match class {
            Class::Disables => (FindingKind::MassDisable, "accounts would be disabled"),
            Class::Creates => (FindingKind::MassCreate, "accounts would be created"),
            Class::Privileged => (FindingKind::MassPrivileged, "privileged grants would change"),
            Class::Removals | Class::Passwords => return None,
        };
        Some(Finding {
            kind,
            target: Some(target.clone()),
            text: format!(
                "{now} {what} at {target}, and {before} lately: {all} in all, where {limit} are \
                 allowed ({bound}). If that is right, "
            ),
            blocks,
        })
    }
}

/// Entitlements that the file calls privileged, by target.
pub(crate) fn privileged<'a>(
    policy: &'a Policy,
    observed: &'a Observed,
) -> BTreeMap<&'a ConnectorName, BTreeSet<&'a ObjectRef>> {
    entitlements(&AccessGuard::of(policy), observed)
}

/// What counts as privileged.
pub(crate) struct Privileged<'a> {
    entitlements: BTreeMap<&'a ConnectorName, BTreeSet<&'a ObjectRef>>,
    roles: &'a BTreeSet<&'a RoleName>,
}

fn entitlements<'a>(
    access: &AccessGuard<'a>,
    observed: &'a Observed,
) -> BTreeMap<&'a ConnectorName, BTreeSet<&'a ObjectRef>> {
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
    entitlements
}

impl<'a> Privileged<'a> {
    pub(crate) fn of(access: &'a AccessGuard<'a>, observed: &'a Observed) -> Self {
        Self { entitlements: entitlements(access, observed), roles: &access.privileged_roles }
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
