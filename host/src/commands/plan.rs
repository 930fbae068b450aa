//! `lanyard plan`.

use std::path::Path;

use lanyard_core::{diff, guard::Finding, plan::Plan};

use super::{
    output::{Output, counted},
    session::{self, Use},
};
use crate::{
    errors::{self, AppError, Exit},
    reconcile::{self, Context, Settling, Survey},
    store::StoredPlan,
};

pub(super) async fn plan(
    file: &Path,
    json: bool,
    out: Option<&Path>,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let road = session::road(file, Use::Looks, output).await?;
    let (survey, open) = look(&road.context, Settling::Looking, output).await?;
    if json {
        output.json(&survey.stored)?;
    } else {
        show(&road.context, &survey, output).await?;
    }
    if let Some(path) = out {
        let text = serde_json::to_string_pretty(&survey.stored)?;
        write_privately(path, &text).map_err(|error| {
            AppError::new(Exit::Usage, error)
                .hint(format!("the plan could not be written to `{}`", path.display()))
        })?;
    }
    Ok(exit(&survey, open))
}

/// Settles what earlier processes left, then looks at the world.
///
/// True when something of an earlier run stays open or needs a person.
pub(super) async fn look(
    context: &Context,
    settling: Settling,
    output: &mut Output,
) -> Result<(Survey, bool), AppError> {
    let settled = reconcile::settle(context, settling).await?;
    let count = settled.applied + settled.not_applied + settled.parked;
    if count > 0 {
        output.error(&format!(
            "settled {} an earlier run left without an answer: applied {}, not applied {}, left \
             to a person {}\n",
            counted(count, "operation", "operations"),
            settled.applied,
            settled.not_applied,
            settled.parked
        ));
    }
    if settled.retired > 0 {
        output.error(&format!(
            "closed {} at retired targets; what became of them is not known here any more\n",
            counted(settled.retired, "open operation", "open operations")
        ));
    }
    for open in &settled.open {
        output.error(&format!("still uncertain: {open}\n"));
    }
    let survey = reconcile::survey(context).await?;
    let so = "so what it said before still counts";
    let sources = survey.unread_sources.iter().map(|(name, fault)| (name, fault, so));
    let so = "so nothing is planned for it";
    let targets = survey.unread.iter().map(|(name, fault)| (name, fault, so));
    for (name, fault, so) in sources.chain(targets) {
        let kind = &fault.kind;
        output.error(&format!(
            "warning: `{name}` could not be read, {so}: {fault} ({})\n",
            kind.word()
        ));
        if let Some(advice) = errors::advice(kind) {
            output.error(&format!("  hint: {advice}\n"));
        }
    }
    for problem in &survey.assembled.problems {
        output.error(&format!("warning: {problem}\n"));
    }
    Ok((survey, settled.parked > 0 || !settled.open.is_empty()))
}

pub(super) async fn show(
    context: &Context,
    survey: &Survey,
    output: &mut Output,
) -> Result<(), AppError> {
    let StoredPlan { plan, findings, .. } = &survey.stored;
    let words = reconcile::words(context, plan).await;
    output.text(&diff::render_with(plan, findings, &survey.observed.targets, &words))?;
    for sentence in reconcile::not_written_now(context, plan) {
        output.line(&sentence)?;
    }
    Ok(())
}

/// `open`: something of an earlier run is not settled.  Access that has to go
/// and stays is as open, and so is a question about whose a record is.
pub(super) fn exit(survey: &Survey, open: bool) -> Exit {
    if !all_read(survey) {
        Exit::Connector
    } else if open || !survey.assembled.cases.is_empty() {
        Exit::Failed
    } else {
        exit_of(&survey.stored.plan, &survey.stored.findings)
    }
}

/// What a plan itself says, of readings that are whole.
pub(super) fn exit_of(plan: &Plan, findings: &[Finding]) -> Exit {
    if plan.left_open() > 0 {
        Exit::Failed
    } else if findings.iter().any(Finding::holds_back) {
        Exit::Blocked
    } else {
        Exit::Ok
    }
}

/// Whether every source and target answered.
pub(super) fn all_read(survey: &Survey) -> bool {
    survey.unread.is_empty() && survey.unread_sources.is_empty()
}

/// A file that holds names and addresses of people: for its owner alone.
pub(super) fn write_privately(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::{Error, ErrorKind, Write as _};
    match std::fs::symlink_metadata(path) {
        // What it leads to may be anybody's.
        Ok(there) if !there.is_file() => {
            let why = "there is something else than a file, or a link to one";
            return Err(Error::new(ErrorKind::AlreadyExists, why));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let beside = path.parent().filter(|it| !it.as_os_str().is_empty());
    // Made for its owner alone; what was there is replaced, whoever could
    // read it or has it open.
    let mut file = tempfile::NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_written_privately_is_its_owners_whatever_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plan.json");
        write_privately(&path, "one").unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_privately(&path, "two").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("two", 0o600));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_written_privately_follows_no_link() {
        let directory = tempfile::tempdir().unwrap();
        let (shared, link) = (directory.path().join("shared"), directory.path().join("link"));
        fs::write(&shared, "theirs").unwrap();
        std::os::unix::fs::symlink(&shared, &link).unwrap();
        let refused = write_privately(&link, "people").unwrap_err();
        assert!(refused.to_string().contains("a link"), "{refused}");
        assert_eq!(fs::read_to_string(&shared).unwrap(), "theirs");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
