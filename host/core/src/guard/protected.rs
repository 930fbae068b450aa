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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        account::AccountState,
        example::{id, named, observed, policy},
        operation::{Event, Operation},
        pattern::Pattern,
    };

    fn operation(number: u32, change: Change) -> Operation {
        Operation {
            id: OperationId(number),
            identity: id("1"),
            target: named("crm"),
            change,
            after: Vec::new(),
            prefer_after: Vec::new(),
            event: Event::Drift,
            causes: Vec::new(),
        }
    }

    #[test]
    fn a_protected_account_is_neither_written_nor_made() {
        let mut policy = policy();
        policy.targets.get_mut("crm").unwrap().protected.insert(Pattern::new("admin*"));
        let observed = observed(&[("admin", Some("1")), ("ada.example", Some("2"))]);
        let accounts = &observed.targets["crm"].accounts;
        let disable =
            |account: usize| Change::Disable { account: accounts[account].reference.clone() };
        let create = Change::Create {
            object_type: "user".to_owned(),
            name: "admin2".to_owned(),
            anchor: String::new(),
            attributes: Vec::new(),
            state: AccountState::Active,
        };
        let operations =
            vec![operation(0, disable(0)), operation(1, disable(1)), operation(2, create)];
        let plan = Plan { operations, ..Plan::default() };
        let found = protected(&GuardSettings::of(&policy), &plan, &observed);
        assert!(found.iter().all(|it| it.kind == FindingKind::Protected));
        let blocked: BTreeSet<OperationId> = found.into_iter().flat_map(|it| it.blocks).collect();
        assert_eq!(blocked, BTreeSet::from([OperationId(0), OperationId(2)]));
    }
}
