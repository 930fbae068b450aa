//! What of a plan waits for people.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ApprovalRule, Asker, Gives, PlanApproval, Standing, gives};
use crate::{
    desired::{
        Desired,
        desk::{Desk, Everybody},
    },
    diff::counted,
    guard::{Finding, FindingKind, GuardSettings, Privileged},
    id::{ApprovalName, Digest, OperationId},
    identity::Assembled,
    observed::Observed,
    operation::{Change, Operation, OperationKind},
    plan::Plan,
    policy::Policy,
};

/// A plan, and what is known of agreements.
#[derive(Clone, Copy)]
pub struct Looked<'a> {
    pub policy: &'a Policy,
    pub plan: &'a Plan,
    pub digest: &'a Digest,
    pub assembled: &'a Assembled,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    /// Every one there ever was, in the order in which they were asked.
    pub known: &'a [PlanApproval],
    pub now: Timestamp,
}

/// What tells an operation from every other, in whatever plan.
pub(crate) fn key(operation: &Operation) -> Option<Digest> {
    let Operation { identity, target, change, .. } = operation;
    // What cannot be written down is agreed to by nobody.
    let what = match change {
        // Whether the account that gets it is there already makes no difference.
        Change::Grant { holder: _, entitlement, relation, label: _ } => {
            Digest::of_json(&(identity, target, entitlement, relation))
        }
        other => Digest::of_json(&(identity, target, other)),
    };
    what.ok()
}

/// One rule of the file, and how what it asks about stands.
pub(super) struct Found<'a> {
    pub(super) rule: &'a ApprovalRule,
    /// Nobody has been asked about these.
    pub(super) fresh: Vec<&'a Operation>,
    /// Asked about, or denied, in the order in which they were.
    held: BTreeMap<usize, (&'a PlanApproval, Standing, Vec<OperationId>)>,
}

impl<'a> Looked<'a> {
    /// What waits for people, for each rule of the file; those are asked whom
    /// `by` can ask.
    pub fn findings(&self, by: &Asker) -> Vec<Finding> {
        let found = self.found();
        if found.is_empty() {
            return Vec::new();
        }
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        found.iter().map(|found| self.finding(found, &desk, by)).collect()
    }

    pub(super) fn rule(&self, name: &ApprovalName) -> Option<&'a ApprovalRule> {
        self.policy.access.approvals.iter().find(|rule| rule.name == *name)
    }

    /// What each rule of the file holds back.
    pub(super) fn found(&self) -> Vec<Found<'a>> {
        let rules = self.policy.access.approvals.iter();
        let mut rules = rules.filter(|rule| rule.gives != Gives::default()).peekable();
        if rules.peek().is_none() {
            return Vec::new();
        }
        let guard = GuardSettings::of(self.policy);
        let privileged = Privileged::of(&guard.access, self.observed);
        let found = rules.filter_map(|rule| self.by_rule(rule, &privileged));
        found.collect()
    }

    fn by_rule(&self, rule: &'a ApprovalRule, privileged: &Privileged<'_>) -> Option<Found<'a>> {
        let mut standing: BTreeMap<&Digest, (&'a PlanApproval, Standing)> = BTreeMap::new();
        for approval in self.known.iter().filter(|it| it.rule == rule.name) {
            let now = approval.standing(self.now);
            if now != Standing::Over {
                let waiting = approval.waiting();
                standing.extend(waiting.map(|(key, _)| (key, (approval, now.clone()))));
            }
        }
        let mut rest = Vec::new();
        for operation in self.plan.operations.iter().filter(|it| gives(it)) {
            let key = key(operation);
            let known = key.as_ref().and_then(|key| standing.get(key));
            if known.is_none_or(|(_, standing)| *standing != Standing::Given) {
                rest.push((operation, known.cloned()));
            }
        }
        let mut kinds: BTreeMap<OperationKind, usize> = BTreeMap::new();
        // What is not to be makes nothing else too many.
        let counts = rest.iter().filter(|(_, known)| !matches!(known, Some((_, Standing::No(_)))));
        for (operation, _) in counts {
            *kinds.entry(operation.change.kind()).or_default() += 1;
        }
        let Gives { everything, privileged: of_privileged, more_than } = &rule.gives;
        let mut found = Found { rule, fresh: Vec::new(), held: BTreeMap::new() };
        for (operation, known) in rest {
            let kind = operation.change.kind();
            let many = more_than.get(&kind).is_some_and(|most| {
                let count = kinds.get(&kind).copied().unwrap_or_default();
                u32::try_from(count).unwrap_or(u32::MAX) > *most
            });
            let waits = *everything || many || *of_privileged && privileged.counts(operation);
            match known {
                // A no stands, and a question is answered, however few are left.
                Some((approval, standing)) => {
                    let number = self.known.iter().position(|it| it.id == approval.id);
                    let entry = found.held.entry(number.unwrap_or_default());
                    let entry = entry.or_insert_with(|| (approval, standing, Vec::new()));
                    entry.2.push(operation.id);
                }
                None if waits => found.fresh.push(operation),
                None => {}
            }
        }
        (!found.fresh.is_empty() || !found.held.is_empty()).then_some(found)
    }

    fn finding(&self, found: &Found<'_>, desk: &Desk<'_>, by: &Asker) -> Finding {
        let Found { rule, fresh, held } = found;
        let mut askable = 0;
        let mut nobody: BTreeMap<String, usize> = BTreeMap::new();
        for (meant, letter) in self.parts(desk, rule, fresh, by) {
            match letter {
                Ok(_) => askable += meant.len(),
                Err(sentence) => *nobody.entry(sentence).or_default() += meant.len(),
            }
        }
        let mut parts = Vec::new();
        if askable > 0 {
            parts.push(format!("{askable} to be asked about when this is carried out"));
        }
        let nobody = nobody.into_iter();
        parts.extend(nobody.map(|(sentence, count)| format!("{count} waiting, and {sentence}")));
        for (approval, standing, blocks) in held.values() {
            parts.push(format!("{} {}", blocks.len(), self.how(desk, approval, standing)));
        }
        let held = held.values().flat_map(|(_, _, blocks)| blocks.iter().copied());
        let mut blocks: Vec<OperationId> = fresh.iter().map(|it| it.id).chain(held).collect();
        blocks.sort_unstable();
        let count = counted(blocks.len(), "operation needs", "operations need");
        let ApprovalRule { name, line, .. } = rule;
        let text = format!(
            "{count} the agreement of others by `[approval.{name}]` (line {line}): {}",
            parts.join("; ")
        );
        Finding { kind: FindingKind::Approval, target: None, text, blocks }
    }

    /// "wait for approval 1a2b3c4d, no longer than until 2026-06-06T00:00:00Z"
    pub(super) fn how(
        &self,
        desk: &Desk<'_>,
        approval: &PlanApproval,
        standing: &Standing,
    ) -> String {
        let PlanApproval { id, asked, .. } = approval;
        match standing {
            Standing::Open => {
                let names: Vec<String> = asked
                    .waits_for(self.now)
                    .into_iter()
                    .filter(|id| desk.is_there(*id))
                    .map(|id| desk.label(id))
                    .collect();
                let whom = if names.is_empty() {
                    ", and nobody is left of those who were asked".to_owned()
                } else {
                    format!(" of {}", names.join(" or "))
                };
                let stage = match asked.stages.len() {
                    1 => String::new(),
                    all => format!(", stage {} of {all}", asked.approved.len() + 1),
                };
                let until = asked.expires;
                format!("waiting for approval {id}{whom}{stage}, no longer than until {until:.0}")
            }
            Standing::No(end) => {
                format!("{end}; `lanyard approval ask {id}` has it asked anew")
            }
            Standing::Given => format!("approved ({id})"),
            Standing::Over => format!("over ({id})"),
        }
    }
}
