//! What will happen by time alone: the road walked at every moment something
//! can change, with nobody called and everything taken for done.

mod agreements;
mod calendar;
mod lately;
mod next;
mod reviews;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

pub use calendar::calendar;
pub use next::next_change;

use self::lately::Window;
use crate::{
    approval::{PlanApproval, gives},
    desired::{DesiredIdentity, unwanted},
    diff::{Names, one_question},
    guard::{
        Finding, FindingKind, GuardSettings, Lately, blocked, guard, mass_ejects, mass_erasures,
    },
    id::{ConnectorName, IdentityId, OperationId},
    lifecycle::LifecycleState,
    observed::Link,
    operation::{Event, Operation},
    plan::{Note, Plan},
    policy::Policy,
    whole::{Look, Whole},
};

/// Looks at the same people at one moment: a chain of steps, each of which
/// begins when what came before it is done.
const ROUNDS: usize = 16;

/// Everything that happens at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub at: Timestamp,
    pub people: Vec<Happening>,
    pub held_back: Vec<HeldBack>,
    /// What people are asked that is not one person's; nobody answers here.
    pub inquiries: Vec<Inquiry>,
}

impl Moment {
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.held_back.is_empty() && self.inquiries.is_empty()
    }
}

/// What people are asked, or what it means that nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inquiry {
    pub kind: InquiryKind,
    /// Of the `[approval.…]` or `[review.…]`.
    pub name: String,
    /// Whom it is about.
    pub people: BTreeSet<IdentityId>,
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InquiryKind {
    Approval,
    Review,
}

impl InquiryKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Review => "review",
        }
    }
}

/// What the guard would hold back until a person releases it; the simulation
/// goes on as if somebody did, except for what nobody can, and for ejections,
/// which have their turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    pub kind: FindingKind,
    pub target: Option<ConnectorName>,
    /// How many operations; of people to be erased, how many people.
    pub operations: usize,
}

/// What happens to one identity at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    pub identity: IdentityId,
    pub label: String,
    pub state: LifecycleState,
    pub events: BTreeSet<Event>,
    pub operations: Vec<Operation>,
    /// The operations, a line each.
    pub lines: Vec<String>,
    /// Workflows that begin, go on or end, in sentences.
    pub news: Vec<String>,
    /// What waits or cannot be, and was not so at the moment before.
    pub notes: Vec<Note>,
}

impl Happening {
    fn of(identity: IdentityId, person: &DesiredIdentity) -> Self {
        Self {
            identity,
            label: person.label.clone(),
            state: person.state.state,
            events: BTreeSet::new(),
            operations: Vec::new(),
            lines: Vec::new(),
            news: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.news.is_empty() && self.notes.is_empty()
    }
}

struct Simulation<'a> {
    policy: &'a Policy,
    whole: Whole,
    /// When each person is to be looked at next.
    due: BTreeMap<Timestamp, BTreeSet<IdentityId>>,
    done: Window,
    /// Notes about each person, as of their last look.
    said: BTreeMap<IdentityId, Vec<Note>>,
    /// Questions about plans, in the order in which they are asked.
    approvals: Vec<PlanApproval>,
    /// Why nobody can be asked something, as far as that was said.
    unasked: BTreeSet<String>,
}

/// From `from`, when everybody is looked at, until `until`.
///
/// `lately` is what was done before, as the guard counts it.
pub fn simulate(
    policy: &Policy,
    whole: Whole,
    lately: &Lately,
    from: Timestamp,
    until: Timestamp,
) -> Vec<Moment> {
    simulate_after(policy, whole, (lately, &[]), from, until)
}

/// The same, with the questions about plans there were before.
pub fn simulate_after(
    policy: &Policy,
    mut whole: Whole,
    (lately, approvals): (&Lately, &[PlanApproval]),
    from: Timestamp,
    until: Timestamp,
) -> Vec<Moment> {
    whole.know_workflows(policy, from);
    let everybody = whole.everybody();
    let mut simulation = Simulation {
        policy,
        whole,
        due: BTreeMap::from([(from, everybody)]),
        done: Window::of(lately, from),
        said: BTreeMap::new(),
        approvals: approvals.to_vec(),
        unasked: BTreeSet::new(),
    };
    simulation.schedule_questions(from);
    let mut moments = Vec::new();
    while let Some((at, ids)) = simulation.due.pop_first() {
        if at > until {
            break;
        }
        let moment = simulation.at(at, ids);
        if !moment.is_empty() {
            moments.push(moment);
        }
    }
    moments
}

impl Simulation<'_> {
    fn at(&mut self, at: Timestamp, mut ids: BTreeSet<IdentityId>) -> Moment {
        let mut people: BTreeMap<IdentityId, Happening> = BTreeMap::new();
        let mut held_back: Vec<HeldBack> = Vec::new();
        let mut inquiries = self.passed(at);
        inquiries.extend(self.silent(at, &mut ids));
        ids.extend(self.whole.waiting_for_others());
        let looked_at = ids.clone();
        for _ in 0..ROUNDS {
            let mut look = self.look(&ids, at);
            self.record_seen(&look, at);
            let mut found = self.guard(&mut look, at);
            hold_back(&mut held_back, &look, &found);
            let agreements = self.agreements(&look, &found, at);
            inquiries.extend(agreements.inquiries);
            found.extend(agreements.findings);
            let stopped = blocked(&look.plan, &found, &released(&found));
            let mut happened = self.happened(&look, &stopped);
            let again = self.carry_out(&look, &stopped, at);
            for (id, person) in &look.desired.identities {
                if let Some(new) = happened.remove(id).filter(|new| !new.is_empty()) {
                    let known = people.entry(*id).or_insert_with(|| Happening::of(*id, person));
                    known.add(new);
                }
                if !again.contains(id) {
                    self.schedule(*id, person, at);
                }
            }
            ids = again;
            if ids.is_empty() {
                break;
            }
        }
        inquiries.extend(self.reviews(&looked_at, at));
        self.schedule_questions(at);
        Moment { at, people: people.into_values().collect(), held_back, inquiries }
    }

    /// Where something would have to be agreed to, of everybody: who is asked
    /// hangs on others, and so does how much is too much.
    fn look(&self, ids: &BTreeSet<IdentityId>, at: Timestamp) -> Look {
        let look = self.whole.look(self.policy, ids, at);
        let asks = !self.policy.access.approvals.is_empty();
        if asks && look.plan.operations.iter().any(gives) {
            return self.whole.look(self.policy, &self.whole.everybody(), at);
        }
        look
    }

    /// What a look sees and nobody decides.
    fn record_seen(&mut self, look: &Look, at: Timestamp) {
        let Look { assembled, desired, observed, .. } = look;
        self.whole.record_links(&unwanted(assembled, desired, &observed.links, at));
        self.whole.reserve(desired);
        let episodes = desired.identities.values().flat_map(|person| &person.episodes);
        for now in episodes.filter(|it| it.changed && it.news.is_empty()) {
            self.whole.record_episode(&now.episode);
        }
        for request in desired.identities.values().flat_map(|it| &it.access.requests.ended) {
            self.whole.record_request(request);
        }
    }

    fn guard(&mut self, look: &mut Look, at: Timestamp) -> Vec<Finding> {
        let limits = &self.policy.limits;
        let since = at.checked_sub(limits.removals_window).unwrap_or(Timestamp::MIN);
        let lately = self.done.since(since);
        let settings = GuardSettings::of(self.policy);
        // No finding of a jump of the clock: nobody looks at one here.
        self.whole.with_books(look, |plan, observed| {
            let mut findings = guard(&settings, plan, observed, &lately, &[]);
            findings.extend(mass_ejects(limits, plan, &observed.kept, at));
            findings.extend(mass_erasures(limits, plan, &observed.forgetting.forgotten, at));
            findings
        })
    }

    fn happened(
        &mut self,
        look: &Look,
        stopped: &BTreeSet<OperationId>,
    ) -> BTreeMap<IdentityId, Happening> {
        let Plan { operations, notes, episodes, .. } = &look.plan;
        let people = look.desired.identities.iter();
        let mut happened: BTreeMap<IdentityId, Happening> =
            people.map(|(id, person)| (*id, Happening::of(*id, person))).collect();
        let names = Names::new(&look.observed.targets);
        let mut siblings: BTreeMap<IdentityId, Vec<&Operation>> = BTreeMap::new();
        for operation in operations {
            siblings.entry(operation.identity).or_default().push(operation);
        }
        for operation in operations.iter().filter(|it| !stopped.contains(&it.id)) {
            let Some(person) = happened.get_mut(&operation.identity) else { continue };
            let own = siblings.get(&operation.identity).map_or(&[][..], Vec::as_slice);
            person.lines.push(names.headline(operation, own));
            person.events.insert(operation.event);
            person.operations.push(operation.clone());
        }
        for planned in episodes {
            let Some(person) = happened.get_mut(&planned.episode.identity) else { continue };
            person.news.extend(planned.news.iter().cloned());
        }
        for (step, lines) in steps::told(&look.plan) {
            let Some(person) = happened.get_mut(&step.identity) else { continue };
            person.news.extend(lines);
        }
        for question in &look.plan.questions {
            let Some(person) = happened.get_mut(&question.identity) else { continue };
            person.news.extend(one_question(question, &look.plan.labels));
        }
        for erasure in &look.plan.erasures {
            let Some(person) = happened.get_mut(&erasure.identity) else { continue };
            person.news.push("is erased: all that is known of them".to_owned());
        }
        for (id, person) in &mut happened {
            let own: Vec<Note> =
                notes.iter().filter(|note| note.identity == Some(*id)).cloned().collect();
            let before = self.said.insert(*id, own.clone()).unwrap_or_default();
            person.notes = own.into_iter().filter(|note| !before.contains(note)).collect();
        }
        happened
    }

    /// Takes the plan for done; those it changed are to be looked at again.
    fn carry_out(
        &mut self,
        look: &Look,
        stopped: &BTreeSet<OperationId>,
        at: Timestamp,
    ) -> BTreeSet<IdentityId> {
        let plan = &look.plan;
        self.used(look, stopped, at);
        self.whole.apply(plan, |id| !stopped.contains(&id), at);
        let mut again = BTreeSet::new();
        self.done.carried_out(plan, stopped, at);
        let done = plan.operations.iter().filter(|it| !stopped.contains(&it.id));
        again.extend(done.map(|operation| operation.identity));
        for planned in &plan.episodes {
            self.whole.record_episode(&planned.episode.clone().dated(at));
        }
        for step in &plan.steps {
            self.take_step(step, at);
            again.insert(step.identity);
        }
        for question in &plan.questions {
            self.take_question(question, at);
            again.insert(question.identity);
        }
        let changed = look.desired.identities.iter().filter(|(_, person)| {
            person.episodes.iter().any(|it| it.changed || !it.news.is_empty())
        });
        again.extend(changed.map(|(id, _)| *id));
        again
    }

    fn schedule(&mut self, id: IdentityId, person: &DesiredIdentity, now: Timestamp) {
        let Some(identity) = self.whole.assembled().identity(id) else { return };
        let links: Vec<&Link> = self.whole.links_of(id).collect();
        let used = self.whole.used_of(id);
        let about = (links.as_slice(), used.as_slice(), self.whole.kept());
        let next = next_change(self.policy, identity, person, about, now);
        if let Some(next) = next {
            self.due.entry(next).or_default().insert(id);
        }
    }
}

impl Happening {
    fn add(&mut self, more: Self) {
        let Self { state, events, operations, lines, news, notes, .. } = more;
        self.state = state;
        self.events.extend(events);
        self.operations.extend(operations);
        self.lines.extend(lines);
        self.news.extend(news);
        self.notes.extend(notes);
    }
}

fn hold_back(held_back: &mut Vec<HeldBack>, look: &Look, found: &[Finding]) {
    for Finding { kind, target, blocks, .. } in found {
        if !held_back.iter().any(|it| it.kind == *kind && it.target == *target) {
            let count = match kind {
                FindingKind::MassErase => look.plan.erasures.len(),
                FindingKind::MassPassword => steps::passwords(&look.plan, target.as_ref()),
                _ => blocks.len(),
            };
            held_back.push(HeldBack { kind: *kind, target: target.clone(), operations: count });
        }
    }
}

/// Everything that can be, and that time alone does not let go.
fn released(findings: &[Finding]) -> BTreeSet<FindingKind> {
    let kinds = findings.iter().map(|finding| finding.kind);
    kinds.filter(|kind| kind.releasable() && *kind != FindingKind::MassEject).collect()
}

#[cfg(test)]
pub(crate) mod tests;
