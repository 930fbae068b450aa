//! After a crash, or an answer that was lost for longer than a run: look
//! first, then decide; never a blind second create.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;
use lanyard_core::{
    fault::{Fault, FaultKind},
    id::{ConnectorName, IdentityId},
    observed::Link,
    operation::{AccountPointer, Change, Operation},
    retry::RetryPolicy,
    run::{OperationEvent, OperationState, Verification},
    schedule::Class,
    schema::Schema,
    value::ObjectRef,
};

use super::{
    Context, ReconcileError,
    answer::lags_since,
    look::object_of,
    nothing_is_halted,
    perform::{Attempted, Task},
    record,
    turn::patiently,
    whose::{self, Before},
};
use crate::{connector::Attached, store::Unsettled};

/// What came of the operations that earlier processes left behind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settled {
    /// They had taken effect.
    pub applied: usize,
    /// They had not; the next plan has them again where still wanted.
    pub not_applied: usize,
    /// A person has to look.
    pub parked: usize,
    /// Their target is retired: what became of them is for others to know.
    pub retired: usize,
    /// Their target cannot be asked; they stay open.
    pub open: Vec<String>,
}

/// How far settling goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// It looks, and writes nothing to any target.
    Looking,
    /// It also ends what was cut off half-way (a rename and its groups).
    Finishing,
}

/// Settles every operation whose process is gone, before anything is planned.
///
/// # Errors
/// When the store fails; a target that cannot be asked leaves its operations
/// open.
pub async fn settle(context: &Context, settling: Settling) -> Result<Settled, ReconcileError> {
    nothing_is_halted(context.store.as_ref()).await?;
    let mut by_target: BTreeMap<ConnectorName, Vec<Unsettled>> = BTreeMap::new();
    for unsettled in context.store.unsettled(None).await? {
        by_target.entry(unsettled.operation.target.clone()).or_default().push(unsettled);
    }
    if by_target.is_empty() {
        return Ok(Settled::default());
    }
    let links = context.store.links().await?;
    let read: BTreeMap<ConnectorName, (Timestamp, Arc<Before>)> = context
        .store
        .observations()
        .await?
        .into_iter()
        .map(|(name, seen)| (name, (seen.read_at, Arc::new(whose::before(&seen)))))
        .collect();
    let (links, read) = (&links, &read);
    let each = by_target.into_iter().map(|(name, open)| async move {
        let Some(target) = context.connectors.targets.get(&name) else {
            return settle_dropped(context, &name, &open).await;
        };
        let here = Here::new(context, target, &name, links, read.get(&name));
        here.settle(settling, open).await
    });
    let mut settled = Settled::default();
    for target in join_all(each).await {
        settled.join(target?);
    }
    Ok(settled)
}

impl Settled {
    fn join(&mut self, other: Self) {
        let Self { applied, not_applied, parked, retired, open } = other;
        self.applied += applied;
        self.not_applied += not_applied;
        self.parked += parked;
        self.retired += retired;
        self.open.extend(open);
    }
}

/// A target that is not in the file cannot be asked; whether that is meant
/// the file says.
async fn settle_dropped(
    context: &Context,
    name: &ConnectorName,
    open: &[Unsettled],
) -> Result<Settled, ReconcileError> {
    let mut settled = Settled::default();
    if !context.policy.retired_targets.contains(name) {
        settled.open.push(left(name, "it is no longer in the file", open.len()));
        return Ok(settled);
    }
    for unsettled in open {
        let fault = Fault::new(
            FaultKind::OutcomeUnknown { retry_after_ms: None },
            "the target was retired before it was known whether this was applied",
        );
        let event = OperationEvent::GaveUp { fault };
        let by = (context.actor.as_str(), context.now());
        let answer = record::closed(unsettled, event, ("retired", "by the file"), by);
        context.store.answer(&answer).await?;
        settled.retired += 1;
    }
    Ok(settled)
}

/// "crm: not now", or "crm, 3 operations: not now".
fn left(name: &ConnectorName, why: &str, count: usize) -> String {
    if count > 1 { format!("{name}, {count} operations: {why}") } else { format!("{name}: {why}") }
}

/// One target, and what is known of it.
struct Here<'a> {
    context: &'a Context,
    target: &'a Attached,
    name: &'a ConnectorName,
    /// Accounts that are ours there.
    links: BTreeMap<IdentityId, Vec<&'a Link>>,
    /// When it was last read, and what it had.
    read: Option<&'a (Timestamp, Arc<Before>)>,
    /// Since when this process looks.
    began: Timestamp,
}

/// What became of one operation.
enum Ended {
    Applied,
    NotApplied,
    Parked,
    Open { why: String, away: bool },
}

impl<'a> Here<'a> {
    fn new(
        context: &'a Context,
        target: &'a Attached,
        name: &'a ConnectorName,
        links: &'a [Link],
        read: Option<&'a (Timestamp, Arc<Before>)>,
    ) -> Self {
        let mut here: BTreeMap<IdentityId, Vec<&Link>> = BTreeMap::new();
        for link in links.iter().filter(|link| link.target == *name && !link.gone) {
            here.entry(link.identity).or_default().push(link);
        }
        Self { context, target, name, links: here, read, began: context.now() }
    }

    async fn settle(
        &self,
        settling: Settling,
        open: Vec<Unsettled>,
    ) -> Result<Settled, ReconcileError> {
        let mut settled = Settled::default();
        let mut asked = Vec::new();
        for unsettled in open {
            if settling == Settling::Looking && renames(&unsettled.operation.change) {
                settled.open.push(format!("{}: {CUT_OFF}", self.name));
            } else {
                asked.push(unsettled);
            }
        }
        if asked.is_empty() {
            return Ok(settled);
        }
        let discover = || self.target.connector.discover();
        let schema = match patiently(self.target, &self.context.stop, discover).await {
            Ok(schema) => schema,
            Err(fault) => {
                settled.open.push(left(self.name, &fault.message, asked.len()));
                return Ok(settled);
            }
        };
        let mut rest = asked.into_iter();
        while let Some(unsettled) = rest.next() {
            match self.settle_one(&schema, unsettled).await? {
                Ended::Applied => settled.applied += 1,
                Ended::NotApplied => settled.not_applied += 1,
                Ended::Parked => settled.parked += 1,
                Ended::Open { why, away: false } => {
                    settled.open.push(left(self.name, &why, 1));
                }
                // It would be asked in vain about each of the others.
                Ended::Open { why, away: true } => {
                    settled.open.push(left(self.name, &why, rest.len() + 1));
                    break;
                }
            }
        }
        Ok(settled)
    }

    async fn settle_one(
        &self,
        schema: &Schema,
        unsettled: Unsettled,
    ) -> Result<Ended, ReconcileError> {
        let Unsettled { run, operation, key, attempt, epoch, sent_at, state } = unsettled;
        let Some(object) = object_of(schema, &operation.change) else {
            let why = "its schema no longer has the type".to_owned();
            return Ok(Ended::Open { why, away: false });
        };
        // What was read later does not say what was there before.
        let before = self.read.filter(|(read_at, _)| *read_at < sent_at);
        let holder = self.created_account(&operation);
        let mut task = Task {
            context: self.context.clone(),
            run,
            epoch,
            operation,
            key,
            target: self.target.clone(),
            object: object.clone(),
            retry: RetryPolicy::default(),
            before: before.map(|(_, before)| Arc::clone(before)).unwrap_or_default(),
            agreed: Arc::default(),
            left_at: Some(lags_since(sent_at, self.began)),
        };
        if matches!(task.operation.change, Change::Create { .. })
            && self.links.contains_key(&task.operation.identity)
        {
            let verification = Verification::Unverifiable("an account was adopted".to_owned());
            let event = OperationEvent::Answered { verification: verification.clone() };
            task.record(event, Vec::new(), "adopted", Some(&verification)).await?;
            return Ok(Ended::Applied);
        }
        let attempted = match state {
            OperationState::Sent { .. } | OperationState::RetryAt { .. } => {
                task.lost(attempt, holder, lost()).await?
            }
            // What the target took is looked for until it is there.
            OperationState::Uncertain { fault, .. }
                if matches!(fault.kind, FaultKind::Pending { .. }) =>
            {
                task.settle(attempt, holder, fault).await?
            }
            _ => task.settle(attempt, holder, lost()).await?,
        };
        if !matches!(attempted, Attempted::Unfinished { .. }) {
            return Ok(ended(attempted));
        }
        let class = Class::of(&task.operation);
        if let Some(until) = self.target.gate.no_writes(class, self.context.now()) {
            let why = format!("{CUT_OFF}, after {until:.0}: until then nothing is written there");
            return Ok(Ended::Open { why, away: false });
        }
        task.left_at = None;
        Ok(match task.attempt(attempt.saturating_add(1), None, None).await? {
            // It waits for another attempt, and this process has no other.
            Attempted::Again { .. } | Attempted::Unfinished { .. } => {
                Ended::Open { why: CUT_OFF.to_owned(), away: false }
            }
            other => ended(other),
        })
    }

    /// The account that a `Created` pointer of an earlier plan came to mean.
    fn created_account(&self, operation: &Operation) -> Option<&'a ObjectRef> {
        let Change::Grant { holder: AccountPointer::Created { object_type }, .. } =
            &operation.change
        else {
            return None;
        };
        let links = self.links.get(&operation.identity)?;
        let link = links.iter().find(|link| link.account.object_type == *object_type)?;
        Some(&link.account)
    }
}

const CUT_OFF: &str = "a rename was cut off; the next `apply` ends it";

fn lost() -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown { retry_after_ms: None },
        "the process ended before the answer was written down",
    )
}

fn ended(attempted: Attempted) -> Ended {
    match attempted {
        Attempted::Done { .. } | Attempted::Unfinished { .. } => Ended::Applied,
        Attempted::Again { .. } => Ended::NotApplied,
        Attempted::Parked { .. } => Ended::Parked,
        Attempted::Uncertain { fault, away } => Ended::Open { why: fault.message, away },
    }
}

fn renames(change: &Change) -> bool {
    matches!(change, Change::Update { name: Some(_), .. })
}
