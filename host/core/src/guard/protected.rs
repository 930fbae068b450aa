//! Accounts that are never written.

use std::collections::BTreeMap;

use super::{Finding, FindingKind, GuardSettings};
use crate::{id::OperationId, observed::Observed, operation::Change, plan::Plan, value::ObjectRef};

pub(super) fn protected(
    settings: &GuardSettings<'_>,
    plan: &Plan,
    observed: &Observed,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (target, names) in &settings.protected {
        if names.is_empty() {
            continue;
        }
        let covers = |name: &str| names.iter().any(|pattern| pattern.matches(name));
        let there = observed.targets.get(*target);
        let accounts: BTreeMap<&ObjectRef, &str> = there
            .into_iter()
            .flat_map(|there| &there.accounts)
            .filter(|account| covers(&account.name))
            .map(|account| (&account.reference, account.name.as_str()))
            .collect();
        let mut blocks: BTreeMap<&str, Vec<OperationId>> = BTreeMap::new();
        for operation in plan.operations.iter().filter(|it| it.target == **target) {
            let existing = operation.change.account().and_then(|it| accounts.get(it).copied());
            let given = new_name(&operation.change).filter(|name| covers(name));
            if let Some(name) = existing.or(given) {
                blocks.entry(name).or_default().push(operation.id);
            }
        }
        findings.extend(blocks.into_iter().map(|(name, blocks)| Finding {
            kind: FindingKind::Protected,
            target: Some((*target).clone()),
            text: format!(
                "the account `{name}` at {target} is protected and never written; to change that, \
                 take it out of `protected` in [target.{target}]"
            ),
            blocks,
        }));
    }
    findings
}

/// The login name an operation gives.
fn new_name(change: &Change) -> Option<&str> {
    match change {
        Change::Create { name, .. } => Some(name),
        Change::Update { name, .. } => name.as_deref(),
        Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Delete { .. }
        | Change::Grant { .. }
        | Change::Revoke { .. }
        | Change::Credentials { .. } => None,
    }
}
