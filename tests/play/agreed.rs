//! Plans that need the agreement of people.

use jiff::Timestamp;
use lanyard::reconcile::{self, About, Context, DecisionError, Progress, StepTold, Survey};
use lanyard_core::{approval::PlanApproval, guard::FindingKind};

use crate::{people, undone};

/// What people say about plans.
pub(crate) async fn say(
    context: &Context,
    words: &[&str],
    now: Timestamp,
) -> Option<Result<String, String>> {
    Some(match words {
        [user, "approves", "the", "plan"] => answers(context, (user, true), now).await,
        [user, "denies", "the", "plan"] => answers(context, (user, false), now).await,
        ["ask", "about", "the", "plan", "again"] => again(context, now).await,
        ["undo", "the", "last", "run"] => undone::undo(context, &[]).await,
        ["undo", "the", "last", "run", "releasing", kinds @ ..] => {
            undone::undo(context, kinds).await
        }
        _ => return None,
    })
}

async fn answers(context: &Context, said: (&str, bool), now: Timestamp) -> Result<String, String> {
    let store = context.store.as_ref();
    let open = reconcile::open_approvals(store, now).await.map_err(|error| error.to_string())?;
    let Some(approval) = open.iter().find(|it| matches!(it.about, About::Plan(_))) else {
        return Ok("refused: nothing is asked about a plan\n".to_owned());
    };
    people::answer(context, &approval.id, said, now).await
}

async fn again(context: &Context, now: Timestamp) -> Result<String, String> {
    let store = context.store.as_ref();
    let known = store.plan_approvals().await.map_err(|error| error.to_string())?;
    let by = (context.actor.as_str(), now);
    for PlanApproval { id, .. } in &known {
        match reconcile::ask_anew(store, id, by).await {
            Ok(_asked) => return Ok("to be asked anew\n".to_owned()),
            Err(DecisionError::NoDenial(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok("nothing was a no\n".to_owned())
}

/// Of whom nobody is asked about a plan, or not everybody is told so.
pub(crate) fn line(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Unasked(unasked) => Some(format!("nobody is asked by {unasked}")),
        Progress::Approval { how: StepTold::Untold(why), approval } => {
            Some(format!("asked about {}, and not everybody told: {why}", approval.about))
        }
        _ => None,
    }
}

/// Why a finding is not released; none: it is.
pub(crate) async fn release(
    context: &Context,
    survey: &Survey,
    kind: FindingKind,
) -> Result<Option<String>, String> {
    let waits = reconcile::release(context, survey, &[kind].into()).await;
    let waits = waits.map_err(|error| error.to_string())?;
    Ok(if waits.is_empty() { None } else { Some(format!("{}\n", waits.join("\n"))) })
}
