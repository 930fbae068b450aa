//! Who is to be asked about what waits for people, and told so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    Agreement, ApprovalRule, Asker, Letter, Looked, PlanApproval, Standing, Waiting, judge::key,
};
use crate::{
    desired::desk::{Desk, Everybody},
    diff::counted,
    id::{ApprovalName, Digest, IdentityId, OperationId},
    operation::{Operation, OperationKind},
    workflow::{Delivery, Others},
};

/// What comes of it when everybody is asked who can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    pub letters: Vec<Letter>,
    pub unasked: Vec<Unasked>,
}

/// What waits for people of whom nobody can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unasked {
    /// By which `[approval.…]`.
    pub rule: ApprovalName,
    /// How many operations wait.
    pub operations: usize,
    /// In a sentence.
    pub why: String,
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, operations, why } = self;
        let count = counted(*operations, "operation waits", "operations wait");
        write!(f, "`[approval.{rule}]`: {count}, and {why}")
    }
}

/// What a question is about.
pub(super) struct Subject {
    pub(super) about: Agreement,
    pub(super) people: BTreeSet<IdentityId>,
    pub(super) reason: String,
}

/// Some of what waits, and the question about it, or why nobody can be asked.
pub(super) type Part<'p> = (Vec<&'p Operation>, Result<Letter, String>);

/// People who are named in a question; of more only the number is.
const MOST_NAMES: usize = 3;

impl Looked<'_> {
    /// Questions that nobody has been asked yet, of what nothing else holds
    /// back.
    pub fn questions(&self, besides: &BTreeSet<OperationId>, by: &Asker) -> Asks {
        let mut asks = Asks::default();
        let mut found = self.found();
        found.retain_mut(|found| {
            found.fresh.retain(|operation| !besides.contains(&operation.id));
            !found.fresh.is_empty()
        });
        if found.is_empty() {
            return asks;
        }
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        for found in &found {
            for (meant, letter) in self.parts(&desk, found.rule, &found.fresh, by) {
                match letter {
                    Ok(letter) => asks.letters.push(letter),
                    Err(why) => {
                        let (rule, operations) = (found.rule.name.clone(), meant.len());
                        asks.unasked.push(Unasked { rule, operations, why });
                    }
                }
            }
        }
        asks
    }

    /// What waits as it can be asked about: in one question, or, where nobody
    /// could then be asked, about each of those who have to agree by
    /// themselves and about everybody else together.
    pub(super) fn parts<'p>(
        &self,
        desk: &Desk<'_>,
        rule: &ApprovalRule,
        fresh: &[&'p Operation],
        by: &Asker,
    ) -> Vec<Part<'p>> {
        if fresh.is_empty() {
            return Vec::new();
        }
        let ask = |meant: &[&Operation]| self.ask(desk, rule, of_operations(desk, meant), by);
        let whole = ask(fresh);
        if whole.is_ok() {
            return vec![(fresh.to_vec(), whole)];
        }
        let stages = rule.approve.stages.iter().flatten();
        let escalate = rule.approve.escalate.iter().map(|(_, whom)| whom);
        let named = stages.chain(escalate).map(|whom| {
            desk.among(std::slice::from_ref(whom), None, &BTreeSet::new()).unwrap_or_default()
        });
        let named: BTreeSet<IdentityId> = named.flatten().collect();
        let mut parts: BTreeMap<Option<IdentityId>, Vec<&'p Operation>> = BTreeMap::new();
        for operation in fresh {
            let themselves = Some(operation.identity).filter(|id| named.contains(id));
            parts.entry(themselves).or_default().push(operation);
        }
        let asked = parts.into_values().map(|meant| {
            let letter = ask(&meant);
            (meant, letter)
        });
        asked.collect()
    }

    /// A new question.
    ///
    /// # Errors
    /// The sentence why nobody can be asked.
    pub(super) fn ask(
        &self,
        desk: &Desk<'_>,
        rule: &ApprovalRule,
        Subject { about, people, reason }: Subject,
        by: &Asker,
    ) -> Result<Letter, String> {
        let own = people.iter().copied().chain(by.identity).collect();
        let question = desk.question(&rule.approve, None, &own, reason)?;
        let asked = question.asked(self.now);
        let to = asked.waits_for(self.now);
        let (name, known) = (&rule.name, self.known.len());
        let id = Digest::of(format!("approval\n{name}\n{}\n{known}\n{people:?}", self.digest));
        let approval = PlanApproval {
            id: id.short().to_owned(),
            rule: rule.name.clone(),
            terms: rule.terms(),
            plan: self.digest.clone(),
            undoing: self.plan.undoes.is_some(),
            about,
            people,
            by: by.clone(),
            at: self.now,
            asked,
            agreed: Vec::new(),
            given: None,
            ended: None,
        };
        Ok(letter(desk, rule, approval, to))
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
        let rule = self.rule(&approval.rule).filter(|rule| rule.terms() == approval.terms)?;
        let now = self.now;
        let gone = !approval.asked.waits_for(now).iter().any(|id| desk.is_there(*id));
        let mut asked = approval.asked.clone();
        if gone {
            // Nobody is asked in two stages; those that are passed are passed.
            let agreed = asked.approved.iter().map(|it| it.by);
            let own: BTreeSet<IdentityId> = approval.own().into_iter().chain(agreed).collect();
            let left = rule.approve.stages.iter().skip(asked.approved.len());
            let left = left.map(|stage| desk.among(stage, None, &own));
            let stages = left.collect::<Result<Vec<_>, _>>().ok()?;
            asked = asked.to_others(&Others { stages, escalate: None });
            if asked == approval.asked {
                return None;
            }
        } else if asked.rounds >= asked.rounds_due(now) || rule.approve.template.is_none() {
            return None;
        }
        asked.rounds = asked.rounds_due(now);
        let to = asked.waits_for(now);
        Some(letter(desk, rule, PlanApproval { asked, ..approval.clone() }, to))
    }
}

/// What each of them is told; whoever cannot be is asked all the same.
fn letter(
    desk: &Desk<'_>,
    rule: &ApprovalRule,
    approval: PlanApproval,
    to: BTreeSet<IdentityId>,
) -> Letter {
    let until = format!("{:.0}", approval.asked.expires);
    let about = approval.about.to_string();
    let words = [
        ("approval", approval.id.as_str()),
        ("reason", approval.asked.reason.as_str()),
        ("requested", about.as_str()),
        ("requester", approval.by.user.as_str()),
        ("until", until.as_str()),
    ];
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut untold: BTreeSet<String> = BTreeSet::new();
    for id in to.into_iter().filter(|id| desk.is_there(*id)) {
        match desk.letters([id], rule.approve.template.as_ref(), &approval.id, &words) {
            Ok(letters) => {
                let known = |new: &Delivery| deliveries.iter().any(|it| it.id == new.id);
                let new: Vec<Delivery> = letters.into_iter().filter(|it| !known(it)).collect();
                deliveries.extend(new);
            }
            Err(sentence) => {
                untold.insert(sentence);
            }
        }
    }
    Letter { approval, deliveries, untold: untold.into_iter().collect() }
}

fn of_operations(desk: &Desk<'_>, meant: &[&Operation]) -> Subject {
    let waiting = meant.iter().filter_map(|operation| {
        let (identity, target) = (operation.identity, operation.target.clone());
        Some((key(operation)?, Waiting { identity, target, over: false }))
    });
    let about = Agreement::Operations(waiting.collect());
    let people: BTreeSet<IdentityId> = meant.iter().map(|it| it.identity).collect();
    let reason = said(desk, meant, &people);
    Subject { about, people, reason }
}

/// "2 grant for Ada Example and Dan Example"
pub(super) fn said(desk: &Desk<'_>, meant: &[&Operation], people: &BTreeSet<IdentityId>) -> String {
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
