//! `lanyard approval list`, `show`, `approve` and `deny`.

use std::{collections::BTreeMap, path::Path};

use lanyard_core::{
    approval::PlanApproval,
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
            let store = session::open_store(&config)?;
            let labels = labels(&store, now).await?;
            for open in reconcile::open_approvals(&store, now).await? {
                output.line(&line(&open, &labels))?;
            }
        }
        ApprovalVerb::Show { id } => {
            let store = session::open_store(&config)?;
            let labels = labels(&store, now).await?;
            let open = reconcile::open_approvals(&store, now).await?;
            let mut found = open.iter().filter(|it| it.is(&id)).peekable();
            if found.peek().is_none() {
                let error = reconcile::DecisionError::NoApproval(id);
                return Err(error.into());
            }
            let known = reconcile::last_known(config.policy, &store, now).await?;
            for open in found {
                show(open, &labels, now, output)?;
                for conflict in conflicts(open, &known) {
                    output.line(&format!("  conflict: {conflict}"))?;
                }
                if let About::Plan(approval) = &open.about {
                    plan(&store, approval, &known, output).await?;
                }
            }
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
            if !reconcile::ask_anew(&store, &id, (&by.0, by.1)).await? {
                let text = format!("there is no question `{id}` about a plan that was a no");
                return Err(AppError::new(Exit::Usage, text)
                    .hint("the finding `approval` of `lanyard plan` names it"));
            }
            output.line("the next run asks anew")?;
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
    output.text(&diff::render(&part, &[], &known.observed.targets))
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
