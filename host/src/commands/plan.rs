//! `lanyard plan`.

use std::path::Path;

use lanyard_core::diff;

use super::{output::Output, session};
use crate::{
    errors::{self, AppError, Exit},
    reconcile::{self, Context, Survey},
};

pub(super) async fn plan(
    file: &Path,
    json: bool,
    out: Option<&Path>,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let road = session::road(file).await?;
    let survey = look(&road.context, output).await?;
    if json {
        output.json(&survey.stored)?;
    } else {
        show(&survey, output)?;
    }
    if let Some(path) = out {
        let text = serde_json::to_string_pretty(&survey.stored)?;
        std::fs::write(path, text).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("the plan could not be written to `{}`", path.display()))
        })?;
    }
    Ok(exit(&survey))
}

/// Settles what earlier processes left, then looks at the world.
pub(super) async fn look(context: &Context, output: &mut Output) -> Result<Survey, AppError> {
    let settled = reconcile::settle(context).await?;
    let count = settled.applied + settled.not_applied + settled.parked;
    if count > 0 {
        output.error(&format!(
            "settled {count} operations an earlier run left without an answer: {} had been \
             applied, {} had not, {} need a person\n",
            settled.applied, settled.not_applied, settled.parked
        ));
    }
    for open in &settled.open {
        output.error(&format!("still uncertain: {open}\n"));
    }
    let survey = reconcile::survey(context).await?;
    for (target, fault) in &survey.unread {
        let kind = &fault.kind;
        output.error(&format!(
            "warning: `{target}` could not be read, so nothing is planned for it: {fault} ({})\n",
            kind.word()
        ));
        if let Some(advice) = errors::advice(kind) {
            output.error(&format!("  hint: {advice}\n"));
        }
    }
    for problem in &survey.assembled.problems {
        output.error(&format!("warning: {problem}\n"));
    }
    Ok(survey)
}

pub(super) fn show(survey: &Survey, output: &mut Output) -> Result<(), AppError> {
    let stored = &survey.stored;
    output.text(&diff::render(&stored.plan, &stored.findings, &survey.observed.targets))
}

pub(super) fn exit(survey: &Survey) -> Exit {
    if !survey.unread.is_empty() {
        Exit::Connector
    } else if survey.stored.findings.iter().any(|finding| !finding.blocks.is_empty()) {
        Exit::Blocked
    } else {
        Exit::Ok
    }
}
