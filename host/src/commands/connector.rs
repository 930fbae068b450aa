//! `lanyard connector test`.

use std::path::PathBuf;

use serde::Serialize;

use super::{output::Output, session};
use crate::{
    contract::{self, ContractError, Law, Report, Subject, Verdict},
    errors::{AppError, Exit},
};

/// As `--json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    report: &'a Report,
    passed: usize,
    failed: usize,
    not_applicable: usize,
}

pub(super) async fn test(
    file: PathBuf,
    config: Option<&str>,
    directories: Vec<(String, PathBuf)>,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = config.map(serde_json::from_str).transpose().map_err(|error| {
        AppError::new(Exit::Usage, format!("`--config-json` is not JSON: {error}"))
    })?;
    let subject = Subject { file, config, directories: directories.into_iter().collect() };
    let report = contract::test(&session::sandbox()?, &subject).await?;
    let passed = report.laws.iter().filter(|law| law.verdict == Verdict::Passed).count();
    let failed = report.laws.iter().filter(|law| law.failed()).count();
    let not_applicable = report.laws.len() - passed - failed;
    if json {
        output.json(&Shown { report: &report, passed, failed, not_applicable })?;
    } else {
        output.line(&format!("{} {} with {}", report.id, report.version, report.config))?;
        for law in &report.laws {
            output.line(&line(law))?;
        }
        output
            .line(&format!("{passed} passed, {failed} failed, {not_applicable} not applicable"))?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Connector })
}

fn line(law: &Law) -> String {
    let Law { name, sentence, verdict } = law;
    match verdict {
        Verdict::Passed => format!("ok    {name}: {sentence}"),
        Verdict::NotApplicable { why } => format!("n/a   {name}: {sentence} — {why}"),
        Verdict::Failed { problems } => {
            format!("FAIL  {name}: {sentence}\n        {}", problems.join("\n        "))
        }
    }
}

impl From<ContractError> for AppError {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::Load(error) => error.into(),
            error @ ContractError::Config { .. } => {
                Self::new(Exit::Usage, error).hint("give one with `--config-json JSON`")
            }
            error @ ContractError::Directory(_) => Self::new(Exit::Usage, error)
                .hint("`lanyard plugin inspect FILE` shows what it asks for"),
            error @ (ContractError::Scratch(_) | ContractError::Randomness(_)) => {
                Self::new(Exit::Bug, error)
            }
        }
    }
}
