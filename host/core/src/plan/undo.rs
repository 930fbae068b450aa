//! A plan that goes back: what of an applied plan can be undone, as far as it
//! still fits what is observed.

mod back;
mod fits;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::fits::Fits;
use super::{Note, NoteKind, Plan, PlanSettings, order, outline::Draft, plan};
use crate::{
    desired::{Desired, desired},
    id::{ConnectorName, Digest, IdentityId, OperationId, WorkflowName},
    identity::Assembled,
    observed::{Observed, Origin},
    operation::{Cause, Change, Event, Operation, OperationKind},
    policy::Policy,
    whole::applied,
    workflow::{StepEnd, StepRecord},
};

/// Which plan a plan undoes, and whether what was done because somebody was
/// ejected is undone as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    pub plan: Digest,
    pub ejections: bool,
}

/// A plan that was carried out, wholly or in part.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    pub plan: &'a Plan,
    /// What is known to be done.
    pub done: &'a BTreeSet<OperationId>,
    /// What was sent, and nobody knows whether it had an effect.
    pub uncertain: &'a BTreeSet<OperationId>,
    /// For whom, and where, later plans created an account.
    pub made_anew: &'a BTreeSet<(IdentityId, ConnectorName)>,
}

impl Applied<'_> {
    /// Whether anything of it was done because somebody was ejected.
    pub fn ejected(&self) -> bool {
        self.operations().any(|it| it.event == Event::Eject)
    }

    fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.plan.operations.iter().filter(|it| self.done.contains(&it.id))
    }
}

/// The world in which something is undone.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    pub policy: &'a Policy,
    pub assembled: &'a Assembled,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    pub now: Timestamp,
}

/// The way back, the last operation first.  Nothing is ever deleted by it;
/// what no longer fits is left out, and a note says so.  Each operation says
/// whether the next plan would take it back again.
pub fn undo(present: &Present<'_>, undoes: &Undoes, was: &Applied<'_>) -> Plan {
    let Present { policy, desired, observed, .. } = present;
    let settings = PlanSettings::of(policy);
    let mut drafts = Vec::new();
    let mut notes = BTreeSet::new();
    let undone = was.operations().filter(|it| undoes.ejections || it.event != Event::Eject);
    for operation in undone.collect::<Vec<_>>().into_iter().rev() {
        if observed.forgetting.forgotten.people.contains_key(&operation.identity) {
            let text = format!("{} is not undone: they were erased since", named(operation));
            notes.insert(about(operation, text));
            continue;
        }
        let fits = Fits { observed, plan: was.plan, operation, made_anew: was.made_anew };
        let (mut change, mut left) = fits.back();
        let ejected = observed.kept.ejected(operation.identity).is_some();
        if ejected && !undoes.ejections && change.as_ref().is_some_and(opens) {
            change = None;
            left.push("they were ejected since; `--eject` gives it back all the same".to_owned());
        }
        let what = named(operation);
        notes.extend(
            left.into_iter().map(|why| about(operation, format!("{what} is not undone: {why}"))),
        );
        drafts.extend(change.map(|change| Draft {
            identity: operation.identity,
            target: operation.target.clone(),
            change,
            event: Event::Undo,
            causes: vec![Cause::Undo {
                plan: undoes.plan.clone(),
                operation: operation.id,
                kind: operation.change.kind(),
                again: None,
            }],
        }));
    }
    let unknown = was.plan.operations.iter().filter(|it| was.uncertain.contains(&it.id));
    notes.extend(unknown.map(|it| {
        let why = "nobody knows whether it was done; settle it first";
        about(it, format!("{} is not undone: {why}", named(it)))
    }));
    notes.extend(beside(was.plan, observed));
    let operations = order::ordered(&settings, drafts);
    let mut back = Plan {
        operations,
        notes: notes.into_iter().collect(),
        undoes: Some(undoes.clone()),
        ..Plan::default()
    };
    say_what_comes_again(present, &settings, &mut back);
    let who: Vec<IdentityId> = back
        .operations
        .iter()
        .map(|it| it.identity)
        .chain(back.notes.iter().filter_map(|note| note.identity))
        .collect();
    back.label(desired, who);
    back
}

/// Whether somebody has more by it.
fn opens(change: &Change) -> bool {
    matches!(change, Change::Create { .. } | Change::Enable { .. } | Change::Grant { .. })
}

/// "disable 3"
fn named(operation: &Operation) -> String {
    format!("{} {}", operation.change.kind().word(), operation.id)
}

fn about(operation: &Operation, text: String) -> Note {
    Note {
        identity: Some(operation.identity),
        target: Some(operation.target.clone()),
        kind: NoteKind::Unable,
        text,
        open: false,
    }
}

/// What a plan did, or brought about, besides its operations.
fn beside(was: &Plan, observed: &Observed) -> Vec<Note> {
    let note = |identity: IdentityId, target: Option<ConnectorName>, text: String| Note {
        identity: Some(identity),
        target,
        kind: NoteKind::Unable,
        text,
        open: false,
    };
    let adopted = was.adoptions.iter().chain(&was.adopted).filter(|it| {
        let mut links = observed.links.iter();
        links.any(|link| {
            link.origin == Origin::Adopted
                && link.identity == it.identity
                && link.target == it.target
                && link.account == it.account
        })
    });
    let mut notes: Vec<Note> = adopted
        .map(|it| {
            let text = format!(
                "the account `{}` stays adopted; `lanyard account release {} {}` makes it nobody's \
                 again",
                it.name, it.target, it.account.uid
            );
            note(it.identity, Some(it.target.clone()), text)
        })
        .collect();
    let now = |identity: IdentityId, workflow: &WorkflowName, ordinal: u32| {
        let latest = observed.workflows.latest(identity, workflow);
        latest.filter(|it| it.ordinal == ordinal)
    };
    // What was held back or never came to its turn is nothing to undo.
    let sent = was.steps.iter().filter(|it| {
        let episode = now(it.identity, &it.workflow, it.ordinal);
        episode.is_none_or(|episode| was_sent(episode.steps.get(&it.step)))
    });
    notes.extend(sent.map(|it| {
        let text = format!(
            "step `{}` of workflow `{}` is not undone: what was said, asked or done stays so",
            it.step, it.workflow
        );
        note(it.identity, None, text)
    }));
    notes.extend(was.episodes.iter().filter_map(|it| {
        let before = &it.episode;
        let episode = now(before.identity, &before.workflow, before.ordinal)?;
        let text = if episode.is_open() {
            format!(
                "workflow `{}` went on with it; `lanyard workflow cancel` ends it",
                before.workflow
            )
        } else {
            format!(
                "workflow `{}` went on with it, and is {} by now",
                before.workflow,
                episode.word()
            )
        };
        Some(note(before.identity, None, text))
    }));
    notes
}

/// Whether a step was carried out, as far as anybody knows.
fn was_sent(record: Option<&StepRecord>) -> bool {
    match record {
        None | Some(StepRecord::Begun { .. } | StepRecord::Again { .. }) => false,
        Some(StepRecord::Ended { end, .. }) => !matches!(end, StepEnd::Skipped),
        Some(
            StepRecord::Sent { .. }
            | StepRecord::Asked { .. }
            | StepRecord::Pending { .. }
            | StepRecord::Told { .. },
        ) => true,
    }
}

/// Says of each operation whether the plan after it would do the opposite.
fn say_what_comes_again(present: &Present<'_>, settings: &PlanSettings<'_>, back: &mut Plan) {
    let Present { policy, assembled, observed, now, .. } = present;
    let then = applied(observed, back, |_| true, *now);
    let wanted = desired(policy, assembled, &then, *now);
    let next = plan(settings, &wanted, &then, *now);
    let mut by_person: BTreeMap<IdentityId, Vec<&Operation>> = BTreeMap::new();
    for operation in &next.operations {
        by_person.entry(operation.identity).or_default().push(operation);
    }
    for operation in &mut back.operations {
        let theirs = by_person.get(&operation.identity).into_iter().flatten();
        let mut opposite = theirs.filter(|it| {
            it.target == operation.target && takes_back(&operation.change, &it.change)
        });
        let found = opposite.next().map(|it| {
            let why: Vec<String> = it.causes.iter().map(ToString::to_string).collect();
            format!("{}, because {}", it.change.kind().word(), why.join("; "))
        });
        for cause in &mut operation.causes {
            if let Cause::Undo { again, .. } = cause {
                again.clone_from(&found);
            }
        }
    }
}

fn takes_back(change: &Change, next: &Change) -> bool {
    let same = |one: &Change, other: &Change| match (one, other) {
        (
            Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. },
            Change::Grant { entitlement: other, .. } | Change::Revoke { entitlement: other, .. },
        ) => entitlement == other,
        (
            Change::Update { name, attributes, .. },
            Change::Update { name: renamed, attributes: others, .. },
        ) => {
            let named = |it: &String| others.iter().any(|other| other.name == *it);
            (name.is_some() && renamed.is_some()) || attributes.iter().any(|it| named(&it.name))
        }
        _ => true,
    };
    let opposite = matches!(
        (change.kind(), next.kind()),
        (OperationKind::Enable, OperationKind::Disable | OperationKind::Delete)
            | (OperationKind::Disable, OperationKind::Enable)
            | (OperationKind::Grant, OperationKind::Revoke)
            | (OperationKind::Revoke, OperationKind::Grant)
            | (OperationKind::Update, OperationKind::Update)
    );
    opposite && same(change, next)
}

#[cfg(test)]
mod tests;
