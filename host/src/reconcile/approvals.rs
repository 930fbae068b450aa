//! Plans that need the agreement of people: what waits, who is asked, what is
//! released.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    approval::{Agreement, Asker, Letter, Looked, PlanApproval},
    desired::Desired,
    fact::Identity,
    fault::Fault,
    guard::{Finding, FindingKind},
    id::{ConnectorName, Digest, OperationId},
    identity::Assembled,
    observed::Observed,
    plan::Plan,
    run::OperationState,
};

use super::{
    Context, ReconcileError, Survey, actor,
    progress::{Progress, StepTold, Summary},
};
use crate::{
    messenger::{Outgoing, Sent},
    store::{AuditEntry, RunId, Store, StoreError},
};

/// What everything about a plan is judged by.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub plan: &'a Plan,
    pub digest: &'a Digest,
    pub assembled: &'a Assembled,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    pub now: Timestamp,
}

impl<'a> Seen<'a> {
    pub(super) fn of(
        (plan, digest): (&'a Plan, &'a Digest),
        (assembled, desired, observed): (&'a Assembled, &'a Desired, &'a Observed),
        now: Timestamp,
    ) -> Self {
        Self { plan, digest, assembled, desired, observed, now }
    }

    fn looked(self, context: &'a Context, known: &'a [PlanApproval]) -> Looked<'a> {
        let Self { plan, digest, assembled, desired, observed, now } = self;
        let policy = context.policy.as_ref();
        Looked { policy, plan, digest, assembled, desired, observed, known, now }
    }
}

impl Survey {
    fn seen(&self, now: Timestamp) -> Seen<'_> {
        let Self { assembled, desired, observed, stored, .. } = self;
        Seen::of((&stored.plan, &stored.digest), (assembled, desired, observed), now)
    }
}

/// What of a plan waits for people.
pub(super) async fn findings(
    context: &Context,
    seen: Seen<'_>,
) -> Result<Vec<Finding>, ReconcileError> {
    if context.policy.access.approvals.is_empty() {
        return Ok(Vec::new());
    }
    let known = context.store.plan_approvals().await?;
    Ok(seen.looked(context, &known).findings())
}

/// What was not read, and why.
type Unreadable = BTreeMap<ConnectorName, Fault>;

/// Records which questions are over by what a look found, unless a source was
/// not read; of targets that were not, nothing is said.
pub(super) async fn keep(
    context: &Context,
    seen: Seen<'_>,
    (sources, targets): (&Unreadable, &Unreadable),
) -> Result<(), StoreError> {
    let known = context.store.plan_approvals().await?;
    if known.is_empty() || !sources.is_empty() {
        return Ok(());
    }
    let over = seen.looked(context, &known).over(&targets.keys().cloned().collect());
    let by = (context.actor.as_str(), seen.now);
    let over = over.into_iter().map(|approval| {
        let word = approval.ended.as_ref().map_or("partly over", |(_, end)| end.word());
        let entry = entry(&approval, word, by);
        (approval, entry)
    });
    record(context, over.collect()).await
}

/// Whether these findings are released: the sentences why not.  Whoever has
/// to agree is asked.
///
/// # Errors
/// When the store fails.
pub async fn release(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<Vec<String>, ReconcileError> {
    if released.is_empty() || context.policy.access.approvals.is_empty() {
        return Ok(Vec::new());
    }
    let now = context.now();
    let known = context.store.plan_approvals().await?;
    let by = asker(context).await?;
    let release =
        survey.seen(now).looked(context, &known).release(&survey.stored.findings, released, &by);
    let mut waits = release.waits;
    for letter in release.asks {
        if let Some(untold) = send(context, letter, "asked", now).await? {
            waits.push(format!("nobody could be told so: {untold}"));
        }
    }
    Ok(waits)
}

/// Of what is released, what people have agreed to where they have to.
pub(super) async fn honoured(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<BTreeSet<FindingKind>, ReconcileError> {
    if context.policy.access.approvals.is_empty() {
        return Ok(released.clone());
    }
    let known = context.store.plan_approvals().await?;
    let by = asker(context).await?;
    let looked = survey.seen(context.now()).looked(context, &known);
    let may = |kind: &FindingKind| {
        looked.release(&survey.stored.findings, &[*kind].into(), &by).waits.is_empty()
    };
    Ok(released.iter().copied().filter(may).collect())
}

/// Asks about what waits for people and nothing else holds back, and tells
/// those who are asked by now.
///
/// # Errors
/// When the store fails; then nothing more is sent.
pub(super) async fn ask(
    context: &Context,
    survey: &Survey,
    besides: &BTreeSet<OperationId>,
    report: &(dyn Fn(Progress) + Send + Sync),
    summary: &mut Summary,
) -> Result<(), StoreError> {
    if context.policy.access.approvals.is_empty() || context.stop.is_asked() {
        return Ok(());
    }
    let known = context.store.plan_approvals().await?;
    let now = context.now();
    let by = asker(context).await?;
    let looked = survey.seen(now).looked(context, &known);
    let asks = looked.questions(besides, &by).into_iter().map(|letter| (letter, "asked"));
    let told = looked.reminders().into_iter().map(|letter| (letter, "others asked"));
    for (letter, result) in asks.chain(told) {
        let approval = letter.approval.clone();
        let how = match send(context, letter, result, now).await? {
            None => StepTold::Done,
            Some(untold) => StepTold::Untold(untold),
        };
        match &how {
            StepTold::Done => summary.steps += 1,
            _ => summary.steps_failed += 1,
        }
        report(Progress::Approval { approval: Box::new(approval), how });
    }
    Ok(())
}

/// What a run carried out needs no agreement any more, and has none.
pub(super) async fn used(context: &Context, survey: &Survey, run: RunId) -> Result<(), StoreError> {
    let known = context.store.plan_approvals().await?;
    if known.is_empty() {
        return Ok(());
    }
    let states = context.store.operation_states(run).await?.into_iter();
    let done = states.filter(|(_, state)| matches!(state, OperationState::Done { .. }));
    let done: BTreeSet<OperationId> = done.map(|(operation, _)| operation).collect();
    let now = context.now();
    let used = survey.seen(now).looked(context, &known).used(&done);
    let by = (context.actor.as_str(), now);
    let used = used.into_iter().map(|approval| {
        let entry = entry(&approval, "carried out", by);
        (approval, entry)
    });
    record(context, used.collect()).await
}

async fn record(
    context: &Context,
    approvals: Vec<(PlanApproval, AuditEntry)>,
) -> Result<(), StoreError> {
    match approvals.as_slice() {
        [] => Ok(()),
        some => context.store.record_plan_approvals(some).await,
    }
}

/// A question is durable before anybody is told of it; why somebody could
/// not be.
async fn send(
    context: &Context,
    letter: Letter,
    result: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Letter { approval, deliveries } = letter;
    let entry = entry(&approval, result, (&context.actor, now));
    context.store.record_plan_approvals(&[(approval, entry)]).await?;
    let mut untold = None;
    for delivery in deliveries {
        let outgoing = Outgoing {
            id: delivery.id,
            to: delivery.to,
            subject: delivery.subject,
            body: delivery.body,
            about: Vec::new(),
        };
        match context.messenger.send(&outgoing).await {
            Sent::Done => {}
            Sent::Not(why) | Sent::Unknown(why) => untold = Some(why),
        }
    }
    Ok(untold)
}

/// Somebody wants a question asked anew that was denied, or not answered.
///
/// # Errors
/// When the store fails; false when there is no such question.
pub async fn ask_anew(
    store: &dyn Store,
    wanted: &str,
    (actor, now): (&str, Timestamp),
) -> Result<bool, StoreError> {
    let known = store.plan_approvals().await?;
    let mut found = known.into_iter().filter(|it| wanted.len() >= 4 && it.id.starts_with(wanted));
    let (Some(approval), None) = (found.next(), found.next()) else { return Ok(false) };
    let Some(approval) = approval.anew(actor, now) else { return Ok(false) };
    let entry = entry(&approval, "to be asked anew", (actor, now));
    store.record_plan_approvals(&[(approval, entry)]).await?;
    Ok(true)
}

async fn asker(context: &Context) -> Result<Asker, StoreError> {
    let people: Vec<Identity> = context.store.identities().await?;
    let key = context.policy.steps.actors.get(&context.actor);
    let kept = context.store.kept().await?;
    // Nobody is guessed where several people have the key.
    let with_key = |key: &String| actor::with_key(&people, &kept, key, context.now());
    let person = key.and_then(|key| with_key(key).ok().flatten());
    Ok(Asker { user: context.actor.clone(), identity: person.map(|it| it.id) })
}

/// What the audit says of a question: which plan, how many operations or
/// which findings, until when, and nothing of what is in them.
pub(super) fn entry(
    approval: &PlanApproval,
    result: &str,
    (actor, at): (&str, Timestamp),
) -> AuditEntry {
    let PlanApproval { id, rule, plan, about, asked, .. } = approval;
    let mut detail = BTreeMap::from([
        ("approval".to_owned(), id.clone()),
        ("rule".to_owned(), rule.to_string()),
        ("plan".to_owned(), plan.to_string()),
        ("until".to_owned(), asked.expires.to_string()),
    ]);
    let agreed: Vec<String> = asked.approved.iter().map(|it| it.by.to_string()).collect();
    if !agreed.is_empty() {
        detail.insert("agreed".to_owned(), agreed.join(", "));
    }
    match about {
        Agreement::Operations(all) => {
            let left = approval.waiting().count();
            detail.insert("operations".to_owned(), all.len().to_string());
            detail.insert("left".to_owned(), left.to_string());
        }
        Agreement::Release(findings) => {
            let words: Vec<&str> = findings.iter().map(|kind| kind.word()).collect();
            detail.insert("releases".to_owned(), words.join(", "));
        }
    }
    AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "plan-approval".to_owned(),
        identity: None,
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail,
    }
}
