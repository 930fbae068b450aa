//! `lanyard approval list`, `show`, `approve` and `deny`.

use std::{collections::BTreeMap, path::Path};

use lanyard_core::{
    approval::{Agreement, ApprovalEnd, PlanApproval, Standing},
    diff,
    id::IdentityId,
    identity::{facts_now, label},
};

use super::{
    output::Output,
    session::{self, Use},
};
use crate::{
    args::ApprovalVerb,
    errors::{AppError, Exit},
    reconcile::{self, About, LastKnown, OpenApproval, Said},
    store::Store,
    telemetry,
};

pub(super) async fn approval(
    file: &Path,
    verb: ApprovalVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let now = telemetry::clock()();
    match verb {
        ApprovalVerb::List => {
            let store = session::open_store(&config).await?;
            let labels = labels(&store, now).await?;
            for open in reconcile::open_approvals(&store, now).await? {
                output.line(&line(&open, &labels))?;
            }
        }
        ApprovalVerb::Show { id } => {
            let store = session::open_store(&config).await?;
            let known = reconcile::last_known(config.policy, &store, now).await?;
            shown(&store, &known, (&id, now), output).await?;
        }
        ApprovalVerb::Approve { id, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let by = (session::actor(), now);
            let answer = (true, reason.as_deref());
            let said =
                reconcile::decide(&store, &config.policy, &id, answer, (&by.0, by.1)).await?;
            output.line(match said {
                Said::NextStage => "approved; others are asked now",
                Said::Approved | Said::Denied => "approved; the next plan goes on",
            })?;
        }
        ApprovalVerb::Ask { id } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let by = (session::actor(), now);
            let approval = reconcile::ask_anew(&store, &id, (&by.0, by.1)).await?;
            output.line(&match &approval.about {
                Agreement::Operations(_) => "the next run asks anew".to_owned(),
                Agreement::Release(kinds) => {
                    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
                    let (plan, words) = (approval.plan.short(), words.join(" --release "));
                    format!("`lanyard apply {plan} --release {words}` asks anew")
                }
            })?;
        }
        ApprovalVerb::Deny { id, reason } => {
            let store = session::exclusive_store(&config, Use::Changes, output).await?;
            let by = (session::actor(), now);
            let answer = (false, reason.as_deref());
            reconcile::decide(&store, &config.policy, &id, answer, (&by.0, by.1)).await?;
            output.line("denied")?;
        }
    }
    Ok(Exit::Ok)
}

/// Questions that are open, and those about plans that were asked at any time.
async fn shown(
    store: &dyn Store,
    known: &LastKnown,
    (id, now): (&str, jiff::Timestamp),
    output: &mut Output,
) -> Result<(), AppError> {
    let labels = labels(store, now).await?;
    let open = reconcile::open_approvals(store, now).await?;
    let open: Vec<&OpenApproval> = open.iter().filter(|it| it.is(id)).collect();
    for open in &open {
        show(open, &labels, now, output)?;
        for conflict in conflicts(open, known) {
            output.line(&format!("  conflict: {conflict}"))?;
        }
        if let About::Plan(approval) = &open.about {
            plan(store, approval, known, output).await?;
        }
    }
    let asked = store.plan_approvals().await?.into_iter();
    let asked =
        asked.filter(|it| reconcile::is_meant(&it.id, id) && it.standing(now) != Standing::Open);
    let asked: Vec<PlanApproval> = asked.collect();
    if open.is_empty() && asked.is_empty() {
        return Err(reconcile::DecisionError::NoApproval(id.to_owned()).into());
    }
    for approval in &asked {
        let reason = match approval.asked.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        output.line(&format!("{}  {approval}{reason}", approval.id))?;
        output.line(&format!("  {}", became(approval, now)))?;
        plan(store, approval, known, output).await?;
    }
    Ok(())
}

/// What became of a question that is not open.
fn became(approval: &PlanApproval, now: jiff::Timestamp) -> String {
    match (&approval.ended, approval.standing(now)) {
        (Some((at, end)), _) => format!("{end} ({at:.0})"),
        (None, Standing::Given) => {
            format!("agreed to by {}, and to be carried out", approval.agreed.join(" and "))
        }
        (None, Standing::No(end)) => end.to_string(),
        (None, Standing::Over | Standing::Open) => ApprovalEnd::Lapsed.to_string(),
    }
}

type Labels = BTreeMap<IdentityId, String>;

async fn labels(store: &dyn Store, now: jiff::Timestamp) -> Result<Labels, AppError> {
    let people = store.identities().await?;
    Ok(people.iter().map(|it| (it.id, label(it, &facts_now(it, now)))).collect())
}

fn called(labels: &Labels, id: IdentityId) -> String {
    labels.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

/// What must not be held together, if this is agreed to.
fn conflicts<'k>(open: &OpenApproval, known: &'k LastKnown) -> &'k [String] {
    let person = open.identity.and_then(|id| known.desired.identities.get(&id));
    let mut requests = person.into_iter().flat_map(|person| &person.access.requests.open);
    requests.find(|it| it.request.id == open.id).map_or(&[], |it| it.conflicts.as_slice())
}

fn line(open: &OpenApproval, labels: &Labels) -> String {
    let OpenApproval { id, identity, about, asked } = open;
    let who = identity.map(|id| format!("{}, ", called(labels, id))).unwrap_or_default();
    let reason = match asked.reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    format!("{id}  {who}{about}, until {:.0}{reason}", asked.expires)
}

/// What of a plan is asked about, as the plan shows it.
async fn plan(
    store: &dyn Store,
    approval: &PlanApproval,
    known: &LastKnown,
    output: &mut Output,
) -> Result<(), AppError> {
    let Some(stored) = store.plan(approval.plan.as_str()).await? else { return Ok(()) };
    let part = approval.part(&stored.plan, &stored.findings);
    let released = approval.released(&stored.findings);
    output.text(&diff::render_part(&part, &released, &known.observed.targets))
}

fn show(
    open: &OpenApproval,
    labels: &Labels,
    now: jiff::Timestamp,
    output: &mut Output,
) -> Result<(), AppError> {
    output.line(&line(open, labels))?;
    for agreed in &open.asked.approved {
        output.line(&format!("  {} agreed at {:.0}", called(labels, agreed.by), agreed.at))?;
    }
    for id in open.asked.waits_for(now) {
        output.line(&format!("  {} is asked", called(labels, id)))?;
    }
    Ok(())
}
