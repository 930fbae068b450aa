//! Losses of access that are due: found by every look, heard of by every
//! answer, and closed by what shows them or by a person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    desired::{Desired, desired},
    fault::{Fault, FaultKind},
    guard::Finding,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    obligation::{
        Changed, Closed, ClosedBy, Due, Heard, Looked, Obligation, Place, Turn, due,
        left_unchecked, left_unread, look, lost_by,
    },
    observed::{Observed, ObservedTarget},
    operation::Operation,
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    run::{OperationEvent, Verification},
};

use super::{Context, ReconcileError, Survey, actor, actor::SeveralPeople, turn::waits};
use crate::store::{AuditEntry, Effect, KeptObligation, Owing, Store, StoreError};

/// What is due, and what should be true of people, taking targets that could
/// not be read to be as they were.
pub(super) struct Owed {
    due: BTreeMap<Place, Due>,
    /// None: everything was read.
    desired: Option<Desired>,
    /// What those said before that were not read now.
    before: BTreeMap<ConnectorName, ObservedTarget>,
}

impl Owed {
    pub(super) async fn of(
        context: &Context,
        (assembled, desired, observed): (&Assembled, &Desired, &Observed),
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Self, ReconcileError> {
        let policy = context.policy.as_ref();
        if policy.targets.keys().all(|name| observed.targets.contains_key(name)) {
            let due = due(policy, desired, observed, plan, now);
            return Ok(Self { due, desired: None, before: BTreeMap::new() });
        }
        let before = context.store.observations().await?.into_iter().filter(|(name, _)| {
            policy.targets.contains_key(name) && !observed.targets.contains_key(name)
        });
        let before: BTreeMap<_, _> = before.collect();
        let mut whole = observed.clone();
        whole.targets.extend(before.clone());
        let (due, desired) = of_whole(policy, assembled, &whole, now);
        Ok(Self { due, desired: Some(desired), before })
    }

    /// What the plan says of what is due where nothing was read, or is not
    /// confirmed.
    pub(super) fn note(
        &self,
        context: &Context,
        plan: &mut Plan,
        (desired, observed): (&Desired, &Observed),
        unread: &BTreeMap<ConnectorName, Fault>,
    ) {
        let mut notes = left_unread(&self.due, &unread.keys().cloned().collect());
        notes.extend(left_unchecked(&context.policy, &self.due, observed, plan));
        plan.label(desired, notes.iter().filter_map(|note| note.identity));
        plan.notes.extend(notes);
    }

    /// Records what opens and what closes by this look.
    pub(super) async fn keep(
        &self,
        context: &Context,
        (desired, observed): (&Desired, &Observed),
        (plan, findings): (&Plan, &[Finding]),
        unread: &BTreeMap<ConnectorName, Fault>,
        now: Timestamp,
    ) -> Result<(), ReconcileError> {
        let unread = unread.iter().map(|(name, fault)| (name.clone(), fault.to_string())).collect();
        let looked = Looked {
            policy: &context.policy,
            desired: self.desired.as_ref().unwrap_or(desired),
            observed,
            plan,
            findings,
            before: &self.before,
            waits: &waits(context, plan),
            unread: &unread,
            due: &self.due,
            now,
        };
        let kept = context.store.obligations(false).await?;
        let changed = look(&looked, kept.iter().map(|it| &it.obligation));
        Ok(record(context, changed, now).await?)
    }
}

/// Opens what is due of somebody, by what is recorded; that closes nothing.
pub(super) async fn open_at_once(
    context: &Context,
    survey: &Survey,
    identity: IdentityId,
) -> Result<(), StoreError> {
    let Survey { desired, observed, stored, .. } = survey;
    let (policy, now) = (context.policy.as_ref(), stored.made_at);
    let mut due = due(policy, desired, observed, &stored.plan, now);
    due.retain(|_, due| due.identity == identity);
    let looked = Looked {
        policy,
        desired,
        observed,
        plan: &stored.plan,
        findings: &stored.findings,
        before: &BTreeMap::new(),
        waits: &waits(context, &stored.plan),
        unread: &BTreeMap::new(),
        due: &due,
        now,
    };
    let kept = context.store.obligations(false).await?;
    let mut changed = look(&looked, kept.iter().map(|it| &it.obligation));
    changed.retain(|it| it.turn == Some(Turn::Opened));
    record(context, changed, now).await
}

async fn record(
    context: &Context,
    changed: Vec<Changed>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<_> = changed
        .into_iter()
        .map(|Changed { obligation, turn }| {
            let entry = turn.map(|turn| entry(&obligation, turn, (&context.actor, now)));
            (obligation, entry)
        })
        .collect();
    context.store.record_obligations(&changed).await
}

fn of_whole(
    policy: &Policy,
    assembled: &Assembled,
    whole: &Observed,
    now: Timestamp,
) -> (BTreeMap<Place, Due>, Desired) {
    let desired = desired(policy, assembled, whole, now);
    let plan = plan(&PlanSettings::of(policy), &desired, whole, now);
    (due(policy, &desired, whole, &plan, now), desired)
}

/// What the audit says of one that opens or closes: no value of a fact, and
/// no sentence that quotes one.
fn entry(obligation: &Obligation, turn: Turn, (actor, at): (&str, Timestamp)) -> AuditEntry {
    let Obligation { identity, place, label, since, closed, .. } = obligation;
    let mut detail = BTreeMap::from([
        ("loss".to_owned(), place.loss.word().to_owned()),
        ("since".to_owned(), format!("{since:.0}")),
    ]);
    detail.extend(label.iter().map(|label| ("entitlement".to_owned(), label.clone())));
    let by = closed.as_ref().map(|it| &it.by);
    detail.extend(by.map(|by| ("by".to_owned(), by.word().to_owned())));
    let more = match by {
        Some(ClosedBy::Check { by, .. }) => Some(("checked by", by.to_string())),
        Some(ClosedBy::Person { reason, .. }) => Some(("reason", reason.clone())),
        Some(ClosedBy::Read { .. } | ClosedBy::Over { .. } | ClosedBy::Word) | None => None,
    };
    detail.extend(more.map(|(name, text)| (name.to_owned(), text)));
    AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "obligation".to_owned(),
        identity: Some(*identity),
        target: Some(place.target.clone()),
        account: Some(place.account.clone()),
        result: match turn {
            Turn::Opened => "opened".to_owned(),
            Turn::Closed => "closed".to_owned(),
        },
        verification: by.and_then(verified),
        detail,
    }
}

fn verified(by: &ClosedBy) -> Option<String> {
    let shown = matches!(by, ClosedBy::Read { .. } | ClosedBy::Check { .. });
    shown.then(|| "verified".to_owned())
}

/// What the obligation for an operation hears of an event, to be kept with
/// it; none: it takes nothing away, or the event says nothing of that.
pub(super) fn heard(
    context: &Context,
    operation: &Operation,
    event: &OperationEvent,
    at: Timestamp,
) -> Option<Effect> {
    let place = lost_by(operation)?;
    let tried = |why: String, until| Heard::Tried { at, why, until };
    let heard = match event {
        OperationEvent::Intended { .. } | OperationEvent::FoundNotApplied { .. } => return None,
        OperationEvent::Answered { verification } => answered(context, &place, verification, at),
        OperationEvent::Refused { fault, .. }
        | OperationEvent::GaveUp { fault }
        | OperationEvent::LostAnswer { fault } => tried(fault.to_string(), until(fault, at)),
    };
    Some(effect(context.actor.as_str(), operation.identity, place, heard, at))
}

fn answered(context: &Context, place: &Place, verification: &Verification, at: Timestamp) -> Heard {
    let tried = |why: String| Heard::Tried { at, why, until: None };
    let checked = context.policy.targets.get(&place.target).and_then(|it| it.checked_by.as_ref());
    match (verification, checked) {
        (Verification::Unverifiable(_), _) if !place.loss.can_be_shown() => {
            Heard::Closed(Closed { at, by: ClosedBy::Word })
        }
        (Verification::Verified, None) => Heard::Closed(Closed { at, by: ClosedBy::Read { at } }),
        (Verification::Verified, Some(check)) => {
            tried(format!("it is done by its own word, and `{}` has not shown it", check.target))
        }
        (Verification::Drifted(what), _) => tried(format!(
            "the target said that it is done, and shows something else ({})",
            what.join(", ")
        )),
        (Verification::Unverifiable(why), _) => tried(format!("sent, and not shown: {why}")),
    }
}

/// Until when a target asks to be left alone.
fn until(fault: &Fault, at: Timestamp) -> Option<Timestamp> {
    match &fault.kind {
        FaultKind::RateLimited { retry_after_ms }
        | FaultKind::Unavailable { retry_after_ms }
        | FaultKind::OutcomeUnknown { retry_after_ms } => {
            let asked = i64::try_from((*retry_after_ms)?).unwrap_or(i64::MAX);
            Some(at.checked_add(jiff::SignedDuration::from_millis(asked)).unwrap_or(Timestamp::MAX))
        }
        FaultKind::Pending { until } => *until,
        _ => None,
    }
}

fn effect(actor: &str, identity: IdentityId, place: Place, heard: Heard, at: Timestamp) -> Effect {
    let entry = match &heard {
        Heard::Tried { .. } => None,
        Heard::Closed(closed) => Some(AuditEntry {
            at,
            actor: actor.to_owned(),
            action: "obligation".to_owned(),
            identity: Some(identity),
            target: Some(place.target.clone()),
            account: Some(place.account.clone()),
            result: "closed".to_owned(),
            verification: verified(&closed.by),
            detail: BTreeMap::from([
                ("loss".to_owned(), place.loss.word().to_owned()),
                ("by".to_owned(), closed.by.word().to_owned()),
            ]),
        }),
    };
    Effect::Owed(Box::new(Owing { place, heard, entry }))
}

/// Why an obligation is not closed by a person.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no open obligation {0}")]
    Unknown(i64),
    #[error("obligation {0} is about you: somebody else has to look and say so")]
    Own(i64),
    #[error("a reason has to say what was seen, and where")]
    NoReason,
    #[error("who you are is not clear")]
    Several(#[source] SeveralPeople),
}

/// A person says that somebody has lost what they had to lose, or that it is
/// all right; nobody says so about themselves.
///
/// # Errors
/// When it is not open, is about them, or has no reason; or the store fails.
pub async fn close_obligation(
    policy: &Policy,
    store: &dyn Store,
    (number, reason): (i64, &str),
    (by, now): (&str, Timestamp),
) -> Result<Obligation, CloseError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(CloseError::NoReason);
    }
    let kept = store.obligations(false).await?;
    let found = kept.into_iter().find(|it| it.number == number && it.obligation.is_open());
    let KeptObligation { mut obligation, .. } = found.ok_or(CloseError::Unknown(number))?;
    let people = store.identities().await?;
    let lives = store.kept().await?;
    if let Some(key) = policy.steps.actors.get(by) {
        let is = actor::with_key(&people, &lives, key, now).map_err(CloseError::Several)?;
        if is.is_some_and(|it| it.id == obligation.identity) {
            return Err(CloseError::Own(number));
        }
    }
    let said = ClosedBy::Person { by: by.to_owned(), reason: reason.to_owned() };
    let closed = Closed { at: now, by: said };
    obligation.hear(&Heard::Closed(closed.clone()));
    let entry = entry(&obligation, Turn::Closed, (by, now));
    if store.close_obligation(number, &closed, &entry).await? {
        Ok(obligation)
    } else {
        Err(CloseError::Unknown(number))
    }
}

/// People with something open.
pub(super) async fn owing(store: &dyn Store) -> Result<BTreeSet<IdentityId>, StoreError> {
    let kept = store.obligations(false).await?;
    let open = kept.into_iter().filter(|it| it.obligation.is_open());
    Ok(open.map(|it| it.obligation.identity).collect())
}
