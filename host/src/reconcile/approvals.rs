//! Plans that need the agreement of people: what waits, who is asked, what is
//! released.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    approval::{Agreement, Asker, Asks, Letter, Looked, PlanApproval, Standing, Unread},
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
    decide::DecisionError,
    desk::is_meant,
    progress::{Progress, StepTold, Summary},
    tell::tell,
};
use crate::store::{AuditEntry, RunId, Store, StoreError};

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
    Ok(seen.looked(context, &known).findings(&asker(context).await?))
}

/// What was not read, and why.
type Unreadable = BTreeMap<ConnectorName, Fault>;

/// Records which questions are over by what a look found; of what was not
/// read nothing is said.
pub(super) async fn keep(
    context: &Context,
    seen: Seen<'_>,
    (sources, targets): (&Unreadable, &Unreadable),
) -> Result<(), StoreError> {
    let known = context.store.plan_approvals().await?;
    if known.is_empty() {
        return Ok(());
    }
    let unread = Unread {
        sources: sources.keys().cloned().collect(),
        targets: targets.keys().cloned().collect(),
    };
    let over = seen.looked(context, &known).over(&unread);
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
            waits.push(format!("not everybody could be told so: {untold}"));
        }
    }
    Ok(waits)
}

/// Of what is released, what stands in this plan, and people have agreed to
/// where they have to.
pub(super) async fn honoured(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<BTreeSet<FindingKind>, ReconcileError> {
    if released.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known = context.store.plan_approvals().await?;
    let by = asker(context).await?;
    let looked = survey.seen(context.now()).looked(context, &known);
    Ok(looked.honoured(&survey.stored.findings, released, &by))
}

/// By whose agreement operations of the plan are carried out.
pub(super) async fn agreed(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<BTreeMap<OperationId, String>, StoreError> {
    let findings = &survey.stored.findings;
    if released.is_empty() && context.policy.access.approvals.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = context.store.plan_approvals().await?;
    let looked = survey.seen(context.now()).looked(context, &known);
    Ok(looked.agreed(findings, released, &context.actor))
}

/// Whoever agreed to releasing these did so for one run, which begins.
pub(super) async fn spend(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<(), StoreError> {
    if released.is_empty() {
        return Ok(());
    }
    let known = context.store.plan_approvals().await?;
    let now = context.now();
    let spent = survey.seen(now).looked(context, &known).spent(released);
    carried_out(context, spent, now).await
}

/// Records what needs no agreement any more, and has none.
async fn carried_out(
    context: &Context,
    used: Vec<PlanApproval>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let by = (context.actor.as_str(), now);
    let used = used.into_iter().map(|approval| {
        let entry = entry(&approval, "carried out", by);
        (approval, entry)
    });
    record(context, used.collect()).await
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
    if context.policy.access.approvals.is_empty() || context.stop.is_ordered().await {
        return Ok(());
    }
    let known = context.store.plan_approvals().await?;
    let now = context.now();
    let by = asker(context).await?;
    let looked = survey.seen(now).looked(context, &known);
    let Asks { letters, unasked } = looked.questions(besides, &by);
    for unasked in unasked {
        summary.unasked += unasked.operations;
        report(Progress::Unasked(unasked));
    }
    let asks = letters.into_iter().map(|letter| (letter, "asked"));
    let told = looked.reminders().into_iter().map(|letter| (letter, "others asked"));
    for (letter, result) in asks.chain(told) {
        let approval = letter.approval.clone();
        let how = StepTold::asked(send(context, letter, result, now).await?);
        summary.count(&how);
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
    carried_out(context, used, now).await
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
    let Letter { approval, deliveries, mut untold } = letter;
    let entry = entry(&approval, result, (&context.actor, now));
    context.store.record_plan_approvals(&[(approval, entry)]).await?;
    untold.extend(tell(context, &deliveries).await);
    Ok(if untold.is_empty() { None } else { Some(untold.join("; ")) })
}

/// Somebody wants a question asked anew that was denied, or not answered.
///
/// # Errors
/// When the store fails, or there is no such question, or several.
pub async fn ask_anew(
    store: &dyn Store,
    wanted: &str,
    (actor, now): (&str, Timestamp),
) -> Result<PlanApproval, DecisionError> {
    let known = store.plan_approvals().await?.into_iter();
    let mut found =
        known.filter(|it| is_meant(&it.id, wanted) && matches!(it.standing(now), Standing::No(_)));
    let approval = match (found.next(), found.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(DecisionError::NoDenial(wanted.to_owned())),
        (Some(_), Some(_)) => return Err(DecisionError::Ambiguous(wanted.to_owned())),
    };
    let approval = approval.anew(actor, now);
    let entry = entry(&approval, "to be asked anew", (actor, now));
    store.record_plan_approvals(&[(approval.clone(), entry)]).await?;
    Ok(approval)
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
