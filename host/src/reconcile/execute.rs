//! Carrying out a plan: what is not blocked, in order, within bounds.
//!
//! Operations wait only for those they name in `after` and for earlier ones
//! on the same account, so that a dead target delays nothing but its own.

mod doors;
mod runner;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard_core::{
    guard::{Finding, FindingKind, blocked},
    id::{ConnectorName, IdentityId},
    observed::OwnedGrant,
    plan::{Adoption, adopted_link},
    schedule::Queue,
    value::ObjectRef,
    workflow::Episode,
};

use self::runner::Runner;
use super::{
    Context, ReconcileError, approvals, erase,
    lives::accept,
    progress::{Progress, Summary},
    requests, reviews, steps,
    survey::{Survey, episode_entry},
    whose::{self},
    withheld::Withheld,
};
use crate::store::{AuditEntry, NewRun, RunId, StoreError, StoredPlan};

/// Executes the plan of a survey.
///
/// # Errors
/// When the store fails; then nothing new is sent, and what was sent is
/// settled by the next run.
pub async fn execute(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
    report: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Summary, ReconcileError> {
    let plan = &survey.stored.plan;
    let released = &approvals::honoured(context, survey, released).await?;
    let others: Vec<Finding> =
        survey.stored.findings.iter().filter(|it| besides(it)).cloned().collect();
    let besides = blocked(plan, &others, released);
    let blocked = blocked(plan, &survey.stored.findings, released);
    let epoch = context.store.runs().await?.iter().map(|run| run.epoch).max().unwrap_or(0) + 1;
    let agreed = Arc::new(approvals::agreed(context, survey, released).await?);
    approvals::spend(context, survey, released).await?;
    let run = context
        .store
        .begin_run(&NewRun {
            plan: survey.stored.digest.clone(),
            actor: context.actor.clone(),
            released: released.iter().map(|kind| kind.word().to_owned()).collect(),
            at: context.now(),
            epoch,
        })
        .await?;
    accept(context, survey, released).await?;
    report(Progress::Began { run, operations: plan.operations.len() - blocked.len() });
    adopt(context, survey, run).await?;
    context.store.claim(&claims(context, survey)).await?;
    context.store.record_episodes(&episodes(context, survey)).await?;
    let queue = Queue::new(plan, &blocked);
    let before = survey.observed.targets.iter();
    let before = before.map(|(name, seen)| (name.clone(), Arc::new(whose::before(seen))));
    let mut runner = Runner {
        context,
        survey,
        run,
        epoch,
        report,
        before: before.collect(),
        agreed,
        summary: Summary::default(),
    };
    runner.summary.blocked = blocked.len();
    runner.run(queue).await?;
    let mut summary = runner.summary;
    // What takes access away has been sent before anybody is told.
    let withheld = Withheld::of(context, survey, (&blocked, released)).await?;
    summary.blocked += withheld.passwords.len();
    steps::carry_out(context, (run, &plan.steps), &withheld, report, &mut summary).await?;
    requests::ask(context, &plan.questions, &withheld.people, report, &mut summary).await?;
    reviews::carry_out(context, &plan.reviews, report, &mut summary).await?;
    approvals::ask(context, survey, &besides, report, &mut summary).await?;
    approvals::used(context, survey, run).await?;
    if !context.stop.is_ordered().await {
        erase::carry_out(context, survey, released, report, &mut summary).await?;
    }
    context.store.end_run(run, context.now()).await?;
    Ok(summary)
}

/// Whether a finding is about something else than the agreement of people.
fn besides(finding: &Finding) -> bool {
    finding.kind != FindingKind::Approval
}

/// Accounts that the plan says are surely somebody's: whoever ordered the run
/// adopts them, each with its entry.
async fn adopt(context: &Context, survey: &Survey, run: RunId) -> Result<(), StoreError> {
    let StoredPlan { plan, digest, .. } = &survey.stored;
    for Adoption { identity, target, account, matched, .. } in &plan.adopted {
        let entry = AuditEntry {
            at: context.now(),
            actor: context.actor.clone(),
            action: "adopt".to_owned(),
            identity: Some(*identity),
            target: Some(target.clone()),
            account: Some(account.clone()),
            result: "done".to_owned(),
            verification: None,
            detail: BTreeMap::from([
                ("plan".to_owned(), digest.short().to_owned()),
                ("run".to_owned(), run.0.to_string()),
                ("same".to_owned(), matched.clone()),
            ]),
        };
        context.store.adopt(&adopted_link(*identity, target, account), &entry).await?;
    }
    Ok(())
}

fn claims(context: &Context, survey: &Survey) -> Vec<(OwnedGrant, AuditEntry)> {
    let at = context.now();
    let owner: BTreeMap<(&ConnectorName, &ObjectRef), IdentityId> = survey
        .observed
        .links
        .iter()
        .map(|link| ((&link.target, &link.account), link.identity))
        .collect();
    let entry = |grant: &OwnedGrant| AuditEntry {
        at,
        actor: context.actor.clone(),
        action: "claim".to_owned(),
        identity: owner.get(&(&grant.target, &grant.holder)).copied(),
        target: Some(grant.target.clone()),
        account: Some(grant.holder.clone()),
        result: "done".to_owned(),
        verification: Some("verified".to_owned()),
        detail: BTreeMap::from([("entitlement".to_owned(), grant.entitlement.uid.clone())]),
    };
    survey.stored.plan.claims.iter().map(|grant| (grant.clone(), entry(grant))).collect()
}

/// Episodes as the plan has them; one whose identity has an operation that is
/// blocked goes on all the same: its steps say what should be so.
fn episodes(context: &Context, survey: &Survey) -> Vec<(Episode, Option<AuditEntry>)> {
    let at = context.now();
    let planned = survey.stored.plan.episodes.iter().map(|it| it.episode.clone().dated(at));
    planned
        .map(|episode| {
            let entry = episode_entry(context, &episode, at);
            (episode, entry)
        })
        .collect()
}
