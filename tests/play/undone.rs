//! Plans that go back: `undo the last run`, `undo the last run releasing …`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use lanyard::{
    reconcile::{self, Became, Context, Progress, Settling, Survey},
    store::{Store, StoredPlan},
};
use lanyard_core::{guard::FindingKind, plan::Undoes};

use crate::{
    agreed,
    answers::{self, chain, plain, told},
};

/// Undoes the last run that did anything, as `lanyard apply` does with the
/// plan that `lanyard undo` showed.
pub(crate) async fn undo(context: &Context, released: &[&str]) -> Result<String, String> {
    let released: BTreeSet<FindingKind> =
        FindingKind::ALL.into_iter().filter(|kind| released.contains(&kind.word())).collect();
    let settled = reconcile::settle(context, Settling::Finishing).await;
    settled.map_err(|error| chain(&error))?;
    let survey = reconcile::survey(context).await.map_err(|error| chain(&error))?;
    let (was, became) = last(context.store.as_ref()).await?;
    let undoes = Undoes { plan: was.digest.clone(), ejections: false };
    let survey = survey.undoing(context, (&was, &became), &undoes).await;
    let survey = survey.map_err(|error| chain(&error))?;
    for kind in &released {
        if let Some(waits) = agreed::release(context, &survey, *kind).await? {
            return Ok(plain(&waits));
        }
    }
    carried_out(context, &survey, &released).await
}

async fn last(store: &dyn Store) -> Result<(StoredPlan, Became), String> {
    let runs = store.runs().await.map_err(|error| chain(&error))?;
    for run in runs.iter().rev() {
        let became = reconcile::became(store, &run.plan).await.map_err(|error| chain(&error))?;
        if became.done.is_empty() {
            continue;
        }
        let plan = store.plan(run.plan.as_str()).await.map_err(|error| chain(&error))?;
        return plan.map(|plan| (plan, became)).ok_or_else(|| "its plan is gone".to_owned());
    }
    Err("no run did anything".to_owned())
}

async fn carried_out(
    context: &Context,
    survey: &Survey,
    released: &BTreeSet<FindingKind>,
) -> Result<String, String> {
    let done: Mutex<BTreeMap<u32, String>> = Mutex::default();
    let report = |progress: Progress| {
        if let Some((operation, how)) = told(&progress) {
            let line = answers::line(operation, survey);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.insert(operation.id.0, format!("{line}{how}"));
        }
    };
    let run = reconcile::execute(context, survey, released, &report).await;
    run.map_err(|error| chain(&error))?;
    let mut text = String::new();
    for line in done.into_inner().unwrap_or_else(PoisonError::into_inner).values() {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{line}");
    }
    for finding in &survey.stored.findings {
        if finding.holds_back() && !released.contains(&finding.kind) {
            let _infallible =
                writeln!(text, "held back ({}): {}", finding.kind.word(), finding.text);
        }
    }
    Ok(if text.is_empty() { "nothing to do\n".to_owned() } else { plain(&text) })
}
