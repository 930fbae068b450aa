//! What of a plan waits for people, and who is to be asked about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Agreement, ApprovalEnd, ApprovalRule, Asker, Gives, Letter, PlanApproval, Standing, Waiting,
    gives,
};
use crate::{
    desired::{
        Desired,
        desk::{Desk, Everybody},
    },
    diff::counted,
    guard::{Finding, FindingKind, GuardSettings, Privileged},
    id::{ApprovalName, ConnectorName, Digest, IdentityId, OperationId},
    identity::Assembled,
    observed::Observed,
    operation::{Change, Operation, OperationKind},
    plan::Plan,
    policy::Policy,
    workflow::Delivery,
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

/// People who are named in a question; of more only the number is.
const MOST_NAMES: usize = 3;

/// What tells an operation from every other, in whatever plan.
pub(super) fn key(operation: &Operation) -> Option<Digest> {
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
    rule: &'a ApprovalRule,
    /// Nobody has been asked about these.
    fresh: Vec<&'a Operation>,
    /// Asked about, or denied.
    held: BTreeMap<&'a str, (&'a PlanApproval, Standing, Vec<OperationId>)>,
}

impl<'a> Looked<'a> {
    /// What waits for people, for each rule of the file.
    pub fn findings(&self) -> Vec<Finding> {
        let found = self.found();
        if found.is_empty() {
            return Vec::new();
        }
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        found.iter().map(|found| self.finding(found, &desk)).collect()
    }

    /// Questions that nobody has been asked yet, of what nothing else holds
    /// back; a rule by which nobody can be asked has none.
    pub fn questions(&self, besides: &BTreeSet<OperationId>, by: &Asker) -> Vec<Letter> {
        self.asks(besides, by).into_iter().filter_map(|(_, asked)| asked.ok()).collect()
    }

    /// Rules by which somebody would have to be asked now, with the question
    /// or the sentence why nobody can be.
    pub fn asks(
        &self,
        besides: &BTreeSet<OperationId>,
        by: &Asker,
    ) -> Vec<(&'a ApprovalRule, Result<Letter, String>)> {
        let mut found = self.found();
        found.retain_mut(|found| {
            found.fresh.retain(|operation| !besides.contains(&operation.id));
            !found.fresh.is_empty()
        });
        if found.is_empty() {
            return Vec::new();
        }
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        let asked = found.iter().map(|found| {
            let about = (operations(&found.fresh), found.fresh.as_slice());
            (found.rule, self.ask(&desk, found.rule, about, by.clone()))
        });
        asked.collect()
    }

    /// Of what others have to be told by now: a further stage, nobody
    /// answered, or nobody is left of those who were asked.
    pub fn reminders(&self) -> Vec<Letter> {
        let open = |it: &&PlanApproval| it.standing(self.now) == Standing::Open;
        let mut open = self.known.iter().filter(open).peekable();
        if open.peek().is_none() {
            return Vec::new();
        }
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        open.filter_map(|approval| self.remind(&desk, approval)).collect()
    }

    fn remind(&self, desk: &Desk<'_>, approval: &PlanApproval) -> Option<Letter> {
        let rule = self.rule(&approval.rule)?;
        let now = self.now;
        let gone = !approval.asked.waits_for(now).iter().any(|id| desk.is_there(*id));
        let mut asked = approval.asked.clone();
        if gone {
            let own = approval.own();
            let question = desk.question(&rule.approve, None, &own, asked.reason.clone()).ok()?;
            asked = asked.renewed(&question.stages);
            if asked == approval.asked {
                return None;
            }
        } else if asked.rounds >= asked.rounds_due(now) || rule.approve.template.is_none() {
            return None;
        }
        asked.rounds = asked.rounds_due(now);
        let to = asked.waits_for(now);
        let approval = PlanApproval { asked, ..approval.clone() };
        let deliveries = letters(desk, rule, &approval, to).unwrap_or_default();
        Some(Letter { approval, deliveries })
    }

    /// Agreements that are over, or as they are by now: what is not to be done
    /// any more is no longer agreed to.  Of targets in `unread`, and of whoever
    /// is held, nothing is known.
    pub fn over(&self, unread: &BTreeSet<ConnectorName>) -> Vec<PlanApproval> {
        let planned: BTreeSet<Digest> = self.plan.operations.iter().filter_map(key).collect();
        let told = |waiting: &Waiting| {
            let person = self.desired.identities.get(&waiting.identity);
            !unread.contains(&waiting.target) && person.is_none_or(|person| person.holds.is_empty())
        };
        let mut changed = Vec::new();
        for approval in self.known {
            let standing = approval.standing(self.now);
            if standing == Standing::Over {
                continue;
            }
            let gone = approval.waiting().filter(|(key, it)| !planned.contains(*key) && told(it));
            let gone: BTreeSet<Digest> = gone.map(|(key, _)| key.clone()).collect();
            let mut now = approval.clone();
            if let (Standing::No(ApprovalEnd::Expired), None) = (&standing, &now.ended) {
                now.ended = Some((self.now, ApprovalEnd::Expired));
            }
            if !gone.is_empty() {
                now = now.without(&gone, self.now);
            }
            if now != *approval {
                changed.push(now);
            }
        }
        changed
    }

    /// Agreements without what `done` says has been carried out.
    pub fn used(&self, done: &BTreeSet<OperationId>) -> Vec<PlanApproval> {
        let done = self.plan.operations.iter().filter(|it| done.contains(&it.id));
        let done: BTreeSet<Digest> = done.filter_map(key).collect();
        let known = self.known.iter().filter(|it| it.standing(self.now) == Standing::Given);
        let used = known.map(|approval| (approval, approval.without(&done, self.now)));
        used.filter(|(before, after)| *before != after).map(|(_, after)| after).collect()
    }

    pub(super) fn rule(&self, name: &ApprovalName) -> Option<&'a ApprovalRule> {
        self.policy.access.approvals.iter().find(|rule| rule.name == *name)
    }

    /// What each rule of the file holds back.
    fn found(&self) -> Vec<Found<'a>> {
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
        for (operation, _) in &rest {
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
                    let entry = found.held.entry(approval.id.as_str());
                    let entry = entry.or_insert_with(|| (approval, standing, Vec::new()));
                    entry.2.push(operation.id);
                }
                None if waits => found.fresh.push(operation),
                None => {}
            }
        }
        (!found.fresh.is_empty() || !found.held.is_empty()).then_some(found)
    }

    fn finding(&self, found: &Found<'_>, desk: &Desk<'_>) -> Finding {
        let Found { rule, fresh, held } = found;
        let mut parts = Vec::new();
        if !fresh.is_empty() {
            let by = Asker { user: String::new(), identity: None };
            let how = match self.ask(desk, rule, (operations(fresh), fresh), by) {
                Ok(_) => "to be asked about when this is carried out".to_owned(),
                Err(sentence) => format!("waiting, and {sentence}"),
            };
            parts.push(format!("{} {how}", fresh.len()));
        }
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

    /// A new question.
    pub(super) fn ask(
        &self,
        desk: &Desk<'_>,
        rule: &ApprovalRule,
        (about, meant): (Agreement, &[&Operation]),
        by: Asker,
    ) -> Result<Letter, String> {
        let people: BTreeSet<IdentityId> = meant.iter().map(|it| it.identity).collect();
        let own = people.iter().copied().chain(by.identity).collect();
        let reason = said(desk, meant, &people);
        let question = desk.question(&rule.approve, None, &own, reason)?;
        let asked = question.asked(self.now);
        let to = asked.waits_for(self.now);
        let name = &rule.name;
        let id = Digest::of(format!("approval\n{name}\n{}\n{}", self.digest, self.known.len()));
        let approval = PlanApproval {
            id: id.short().to_owned(),
            rule: rule.name.clone(),
            plan: self.digest.clone(),
            about,
            people,
            by,
            at: self.now,
            asked,
            agreed: Vec::new(),
            given: None,
            ended: None,
        };
        let deliveries = letters(desk, rule, &approval, to)?;
        Ok(Letter { approval, deliveries })
    }
}

fn letters(
    desk: &Desk<'_>,
    rule: &ApprovalRule,
    approval: &PlanApproval,
    to: BTreeSet<IdentityId>,
) -> Result<Vec<Delivery>, String> {
    let until = format!("{:.0}", approval.asked.expires);
    let about = approval.about.to_string();
    let words = [
        ("approval", approval.id.as_str()),
        ("reason", approval.asked.reason.as_str()),
        ("requested", about.as_str()),
        ("requester", approval.by.user.as_str()),
        ("until", until.as_str()),
    ];
    let to = to.into_iter().filter(|id| desk.is_there(*id));
    desk.letters(to, rule.approve.template.as_ref(), &approval.id, &words)
}

/// "2 grant for Ada Example and Dan Example"
fn said(desk: &Desk<'_>, meant: &[&Operation], people: &BTreeSet<IdentityId>) -> String {
    let mut kinds: BTreeMap<OperationKind, usize> = BTreeMap::new();
    for operation in meant {
        *kinds.entry(operation.change.kind()).or_default() += 1;
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
    let who = if people.len() <= MOST_NAMES {
        let names: Vec<String> = people.iter().map(|id| desk.label(*id)).collect();
        names.join(" and ")
    } else {
        format!("{} people", people.len())
    };
    if kinds.is_empty() { String::new() } else { format!("{} for {who}", kinds.join(", ")) }
}

fn operations(fresh: &[&Operation]) -> Agreement {
    let waiting = fresh.iter().filter_map(|operation| {
        let (identity, target) = (operation.identity, operation.target.clone());
        Some((key(operation)?, Waiting { identity, target, over: false }))
    });
    Agreement::Operations(waiting.collect())
}
