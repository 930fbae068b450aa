//! A firm with everything around it, without a store: looks, applies what
//! it may, and remembers what the host would.
//!
//! What targets hold is kept apart from what is known of them, so that an
//! answer can be lost and a target be out of reach.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Trouble,
    file::{TARGETS, policy_of},
    firm::{Firm, key},
};
use crate::{
    account::{AccountState, Assignment, Entitlement},
    desired::{Desired, desired, unwanted},
    example::{at, named, observed},
    fact::{Identity, Reading},
    guard::{GuardSettings, Lately, blocked, guard},
    id::{ConnectorName, Digest, IdentityId, OperationId, StepName, WorkflowName},
    identity::{Assembled, assemble, provide},
    observed::{Link, Observed, Origin, OwnedGrant},
    operation::{AccountPointer, Change, Operation},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    value::ObjectRef,
    whole::applied,
    workflow::{
        Attempts, Effect, Episode, OwnFact, PlannedStep, StepEnd, StepRecord, add_own_facts,
        pause_after,
    },
};

/// What becomes of something that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    /// It certainly was not done.
    Fails,
    /// It was done, and nobody said so.
    Lost,
}

pub(super) struct World {
    pub policy: Policy,
    pub now: Timestamp,
    known: Vec<Identity>,
    own: Vec<OwnFact>,
    /// Grants of which nobody said whether they were made.
    uncertain: Vec<OwnedGrant>,
    /// What targets hold, and what we remember.
    pub truth: Observed,
    /// How often each message went out, and each fact was set.
    pub sent: BTreeMap<String, u32>,
}

/// One look.
pub(super) struct Seen {
    pub assembled: Assembled,
    pub desired: Desired,
    pub observed: Observed,
    pub plan: Plan,
    pub digest: Digest,
    pub stopped: BTreeSet<OperationId>,
}

impl Seen {
    /// Nothing is left but what the guard holds back.
    pub(super) fn is_idle(&self) -> bool {
        let plan = &self.plan;
        plan.operations.iter().all(|it| self.stopped.contains(&it.id))
            && plan.claims.is_empty()
            && plan.episodes.is_empty()
            && plan.steps.iter().all(|step| self.is_held(step.identity))
    }

    /// Whether a finding holds something of theirs back.
    fn is_held(&self, identity: IdentityId) -> bool {
        let theirs = self.plan.operations.iter().filter(|it| it.identity == identity);
        theirs.into_iter().any(|it| self.stopped.contains(&it.id))
    }
}

const GROUPS: [&str; 13] = [
    "sellers",
    "dept-sales",
    "dept-ops",
    "dept-legal",
    "l1",
    "l3",
    "l5",
    "seniors",
    "pay",
    "approve",
    "pro",
    "basic",
    "admins",
];

impl World {
    pub(super) fn new(firm: &Firm) -> Self {
        Self {
            policy: policy_of(&firm.file),
            now: at("2026-06-01T12:00:00Z"),
            known: Vec::new(),
            own: Vec::new(),
            uncertain: Vec::new(),
            truth: found(firm),
            sent: BTreeMap::new(),
        }
    }

    pub(super) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }

    /// Looks at everything, but for targets that cannot be read.
    pub(super) fn look(&mut self, readings: &[Reading], trouble: &Trouble) -> Seen {
        let unread: BTreeSet<ConnectorName> = TARGETS
            .into_iter()
            .zip(trouble.unread)
            .filter(|(_, unread)| *unread)
            .map(|(name, _)| named(name))
            .collect();
        self.find_what_was_lost(&unread);
        self.find_what_was_granted(&unread);
        self.find_what_is_closed(&unread);
        let mut assembled =
            assemble(&self.policy, readings, &self.known, &BTreeMap::new(), self.now);
        for workflow in &self.policy.workflows {
            let known = self.truth.workflows.known_since.entry(workflow.name.clone());
            known.or_insert(self.now);
        }
        let mut observed = self.truth.clone();
        observed.targets.retain(|name, _| !unread.contains(name));
        provide(&self.policy, &mut assembled, &self.known, &observed);
        self.known = assembled.to_record(false);
        add_own_facts(&mut assembled.identities, &self.own);
        let desired = desired(&self.policy, &assembled, &observed, self.now);
        self.keep_what_was_seen(&assembled, &desired, &observed);
        let plan = plan(&PlanSettings::of(&self.policy), &desired, &observed, self.now);
        for (grant, since) in &plan.overlaps {
            match since {
                Some(since) => self.truth.kept.unwanted_grants.insert(grant.clone(), *since),
                None => self.truth.kept.unwanted_grants.remove(grant),
            };
        }
        let settings = GuardSettings::of(&self.policy);
        let findings = guard(&settings, &plan, &observed, &Lately::default(), &assembled.shrank);
        let stopped = blocked(&plan, &findings, &BTreeSet::new());
        let digest = plan.digest().expect("is JSON");
        Seen { assembled, desired, observed, plan, digest, stopped }
    }

    fn keep_what_was_seen(&mut self, assembled: &Assembled, desired: &Desired, seen: &Observed) {
        for link in unwanted(assembled, desired, &seen.links, self.now) {
            let mut links = self.truth.links.iter_mut();
            let known = links.find(|it| it.target == link.target && it.account == link.account);
            *known.expect("is there") = link;
        }
        let episodes = desired.identities.values().flat_map(|person| &person.episodes);
        for now in episodes.filter(|it| it.changed && it.news.is_empty()) {
            record(&mut self.truth, now.episode.clone());
        }
    }

    /// Looks where a create was sent and nobody said what became of it.
    fn find_what_was_lost(&mut self, unread: &BTreeSet<ConnectorName>) {
        for (identity, target) in std::mem::take(&mut self.truth.in_doubt) {
            if unread.contains(&target) {
                self.truth.in_doubt.insert((identity, target));
                continue;
            }
            let there = &self.truth.targets[&target];
            let anchor = Some(identity.to_string());
            let account = there.accounts.iter().find(|it| it.anchor == anchor).expect("was made");
            let disabled = account.state == AccountState::Disabled;
            self.truth.links.push(Link {
                identity,
                target,
                account: account.reference.clone(),
                origin: Origin::Created,
                disabled_since: disabled.then_some(self.now),
                unproven: false,
                was_enabled: !disabled,
                unwanted_since: None,
                gone: false,
                ended: crate::observed::Ended::default(),
            });
        }
    }

    /// Grants that were sent, and are there: they are ours.
    fn find_what_was_granted(&mut self, unread: &BTreeSet<ConnectorName>) {
        for grant in std::mem::take(&mut self.uncertain) {
            if unread.contains(&grant.target) {
                self.uncertain.push(grant);
                continue;
            }
            let there = &self.truth.targets[&grant.target];
            let mut held = there.assignments.iter();
            if held.any(|it| it.holder == grant.holder && it.entitlement == grant.entitlement) {
                self.truth.ledger.insert(grant);
            }
        }
    }

    /// A reading says which accounts are disabled, whoever did it.
    fn find_what_is_closed(&mut self, unread: &BTreeSet<ConnectorName>) {
        let targets = &self.truth.targets;
        for link in self.truth.links.iter_mut().filter(|it| !unread.contains(&it.target)) {
            let there = &targets[&link.target];
            let account = there.accounts.iter().find(|it| it.reference == link.account);
            match account.map(|it| it.state) {
                Some(AccountState::Disabled) => {
                    link.disabled_since.get_or_insert(self.now);
                }
                Some(_) => link.disabled_since = None,
                None => link.gone = true,
            }
        }
    }

    /// Carries out a plan; with one that is no longer the plan there is
    /// nothing to carry out.
    pub(super) fn apply(&mut self, seen: &Seen, trouble: &Trouble) {
        let mut fates = trouble.fates.iter().copied().cycle();
        let (mut done, mut told) = (BTreeSet::new(), BTreeSet::new());
        for operation in &seen.plan.operations {
            let ready = operation.after.iter().all(|before| told.contains(before));
            if seen.stopped.contains(&operation.id) || !ready {
                continue;
            }
            let fate = fates.next().unwrap_or(Fate::Done);
            if fate != Fate::Fails {
                done.insert(operation.id);
            }
            if fate == Fate::Done {
                told.insert(operation.id);
            }
        }
        let targets = applied(&self.truth, &seen.plan, |id| done.contains(&id), self.now).targets;
        let books = applied(&self.truth, &seen.plan, |id| told.contains(&id), self.now);
        self.truth = Observed { targets, ..books };
        let lost = |it: &&Operation| done.contains(&it.id) && !told.contains(&it.id);
        for operation in seen.plan.operations.iter().filter(lost) {
            let target = operation.target.clone();
            match &operation.change {
                Change::Create { .. } => {
                    self.truth.in_doubt.insert((operation.identity, target));
                }
                Change::Grant { holder, entitlement, relation, .. } => {
                    let holder = match holder {
                        AccountPointer::Known(holder) => Some(holder.clone()),
                        AccountPointer::Created { .. } => self.made(operation),
                    };
                    let (entitlement, relation) = (entitlement.clone(), relation.clone());
                    let grant = |holder| OwnedGrant { target, holder, entitlement, relation };
                    self.uncertain.extend(holder.map(grant));
                }
                _ => {}
            }
        }
        for planned in &seen.plan.episodes {
            record(&mut self.truth, planned.episode.clone().dated(self.now));
        }
        for step in seen.plan.steps.iter().filter(|step| !seen.is_held(step.identity)) {
            self.send(step, trouble.letters.or_else(|| fates.next()).unwrap_or(Fate::Done));
        }
    }

    /// The account that was made for whom an operation is about.
    fn made(&self, operation: &Operation) -> Option<ObjectRef> {
        let anchor = Some(operation.identity.to_string());
        let mut accounts = self.truth.targets[&operation.target].accounts.iter();
        accounts.find(|it| it.anchor == anchor).map(|it| it.reference.clone())
    }

    /// A step with an effect: that it is about to be done is kept first.
    fn send(&mut self, step: &PlannedStep, fate: Fate) {
        let episode = self.truth.workflows.latest(step.identity, &step.workflow);
        let Some(mut episode) = episode.cloned() else { return };
        if episode.ordinal != step.ordinal || !episode.is_open() {
            return;
        }
        let at = self.now;
        let begun = episode.begun(&step.step).unwrap_or(at);
        let mut attempts = episode.attempts(&step.step);
        attempts.count = step.attempt;
        let done = StepRecord::Ended { at, end: StepEnd::Done };
        let after = if let Some(own) = OwnFact::of(step, at) {
            self.own.push(own);
            self.count(&format!("{} {} {}", step.identity, step.workflow, step.ordinal));
            done
        } else if let Effect::Ask { question, .. } = &step.effect {
            StepRecord::Asked { begun, asked: question.clone().asked(at) }
        } else if let Effect::AskOthers { others, .. } = &step.effect {
            let Some(StepRecord::Asked { asked, .. }) = episode.steps.get(&step.step) else {
                return;
            };
            StepRecord::Asked { begun, asked: asked.to_others(others) }
        } else if let Effect::Notify { deliveries, .. } = &step.effect {
            for delivery in deliveries.iter().filter(|_| fate != Fate::Fails) {
                self.count(&delivery.id);
            }
            match fate {
                Fate::Done => done,
                Fate::Fails => again(begun, attempts, at),
                Fate::Lost => StepRecord::Sent { begun, at, attempts },
            }
        } else {
            return;
        };
        episode.steps.insert(step.step.clone(), after);
        record(&mut self.truth, episode);
    }

    fn count(&mut self, what: &str) {
        *self.sent.entry(what.to_owned()).or_default() += 1;
    }

    pub(super) fn step(
        &self,
        identity: IdentityId,
        workflow: &str,
        step: &str,
    ) -> Option<&StepRecord> {
        let episode = self.truth.workflows.latest(identity, &named::<WorkflowName>(workflow))?;
        episode.steps.get(&named::<StepName>(step))
    }
}

fn again(begun: Timestamp, attempts: Attempts, at: Timestamp) -> StepRecord {
    let next = at + pause_after(attempts.count);
    StepRecord::Again { begun, attempts, next, why: "nobody answers".to_owned() }
}

fn record(books: &mut Observed, episode: Episode) {
    let of = books.workflows.episodes.entry(episode.identity).or_default();
    of.insert(episode.workflow.clone(), episode);
}

/// Targets that can do everything, with what people found there.
fn found(firm: &Firm) -> Observed {
    let mut observed = observed(&[]);
    let post = observed.targets.values().next().expect("is there").clone();
    observed.targets.insert(named("post"), post);
    let group = |name: &str| ObjectRef { object_type: "group".to_owned(), uid: name.to_owned() };
    for there in observed.targets.values_mut() {
        for object in &mut there.schema.objects {
            let can = &mut object.capabilities;
            (can.create, can.update, can.enable) = (true, true, true);
            (can.disable, can.delete, can.entitlements) = (true, true, true);
            can.credential_abilities.insert(crate::schema::CredentialAbility::RevokeAll);
        }
        let names = GROUPS.into_iter().chain(["here", "moved", "by-hand"]);
        there.entitlements = names
            .map(|name| Entitlement {
                reference: group(name),
                name: name.to_owned(),
                description: String::new(),
                grantable: true,
                privileged: false,
            })
            .collect();
    }
    for (number, person) in firm.people.iter().enumerate().filter(|(_, it)| it.found == 1) {
        let mut account = crate::example::record(&format!("x{}", key(number)), &[]);
        account.reference.object_type = "user".to_owned();
        account.state = AccountState::Active;
        account.name = format!("{}.example", person.row(0).given.to_lowercase());
        let directory = observed.targets.get_mut(&named::<ConnectorName>("directory"));
        directory.expect("is there").accounts.push(account);
    }
    observed
}

impl World {
    /// Somebody at the target puts the account of a person into a group.
    pub(super) fn put_by_hand(&mut self, target: &str) {
        let target: ConnectorName = named(target);
        let there = self.truth.targets.get_mut(&target).expect("is there");
        let linked = self.truth.links.iter().filter(|it| it.target == target && !it.gone);
        for link in linked {
            there.assignments.push(Assignment {
                holder: link.account.clone(),
                entitlement: ObjectRef {
                    object_type: "group".to_owned(),
                    uid: "by-hand".to_owned(),
                },
                relation: String::new(),
                direct: true,
            });
        }
    }
}
