//! `lanyard undo`.

use std::path::Path;

use lanyard_core::plan::{Applied, Undoes};

use super::{
    output::Output,
    plan,
    session::{self, Use},
};
use crate::{
    args::Undone,
    errors::{AppError, Exit},
    reconcile::{self, Context, Settling, Survey},
};

/// A plan that goes back; `apply` with its digest carries it out.
pub(super) async fn undo(
    file: &Path,
    wanted: &Undone,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Undone { plan: digest, eject, json } = wanted;
    let road = session::road(file, Use::Looks, output).await?;
    let store = road.context.store.as_ref();
    let was = store.plan(digest).await?.ok_or_else(|| no_plan(digest))?;
    let became = reconcile::became(store, &was.digest).await?;
    if became.done.is_empty() && became.uncertain.is_empty() {
        let plan = was.digest.short();
        let text = if became.ran {
            format!("no operation of plan {plan} was done")
        } else {
            format!("no run carried out plan {plan}")
        };
        return Err(AppError::new(Exit::Usage, text)
            .hint("there is nothing to undo; `lanyard status` shows the last run and its plan"));
    }
    let applied = Applied {
        plan: &was.plan,
        done: &became.done,
        uncertain: &became.uncertain,
        made_anew: &became.made_anew,
    };
    if applied.ejected() && !eject {
        let text =
            format!("plan {} closed accounts of people who were ejected", was.digest.short());
        return Err(AppError::new(Exit::Usage, text).hint(
            "`--eject` undoes that as well; `lanyard eject WHO --undo` takes the order back",
        ));
    }
    let (survey, open) = plan::look(&road.context, Settling::Looking, output).await?;
    let undoes = Undoes { plan: was.digest.clone(), ejections: *eject };
    let survey = survey.undoing(&road.context, (&was, &became), &undoes).await?;
    if *json {
        output.json(&survey.stored)?;
    } else {
        plan::show(&road.context, &survey, output).await?;
        if survey.stored.plan.has_work() {
            let short = survey.stored.digest.short();
            output.line(&format!("`lanyard apply {short}` does it"))?;
        }
    }
    Ok(plan::exit(&survey, open))
}

/// The way back once more, in the world as it is now.
pub(super) async fn again(
    context: &Context,
    survey: Survey,
    undoes: &Undoes,
) -> Result<Survey, AppError> {
    let store = context.store.as_ref();
    let digest = undoes.plan.as_str();
    let was = store.plan(digest).await?.ok_or_else(|| no_plan(digest))?;
    let became = reconcile::became(store, &was.digest).await?;
    Ok(survey.undoing(context, (&was, &became), undoes).await?)
}

fn no_plan(digest: &str) -> AppError {
    AppError::new(Exit::Usage, format!("there is no plan `{digest}`"))
        .hint("`lanyard status` shows the last run and its plan")
}
