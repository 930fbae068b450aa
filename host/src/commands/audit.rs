//! `lanyard audit list` and `verify`.

use std::path::Path;

use super::{output::Output, session};
use crate::{
    args::AuditVerb,
    errors::{AppError, Exit},
    store::{AuditFilter, AuditRow, Store, chain::Head},
};

pub(super) async fn audit(
    file: &Path,
    verb: AuditVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config)?;
    match verb {
        AuditVerb::List { identity, target, last, json } => {
            let filter = AuditFilter { identity, target, last: Some(last) };
            let rows = store.audit(&filter).await?;
            if json {
                output.json(&rows)?;
            } else {
                for row in &rows {
                    output.line(&sentence(row))?;
                }
            }
            Ok(Exit::Ok)
        }
        AuditVerb::Verify => match store.verify_audit().await? {
            Ok(Head { rows, digest }) => {
                let head = digest.map(|digest| format!("; head {digest}")).unwrap_or_default();
                output.line(&format!("{rows} rows, unbroken{head}"))?;
                Ok(Exit::Ok)
            }
            Err(broken) => Err(AppError::new(Exit::Store, broken).hint(
                "the record was changed outside of Lanyard; keep the file and find out who did",
            )),
        },
    }
}

fn sentence(row: &AuditRow) -> String {
    let entry = &row.entry;
    let target = entry.target.as_ref().map(|it| format!(" at {it}")).unwrap_or_default();
    let account = entry.account.as_ref().map(|it| format!(" {}", it.uid)).unwrap_or_default();
    let identity = entry.identity.map(|it| format!(" for {it}")).unwrap_or_default();
    let verified = entry.verification.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
    let because =
        entry.detail.get("because").map(|why| format!("; because {why}")).unwrap_or_default();
    format!(
        "{:>6}  {}  {}  {}{account}{target}{identity}: {}{verified}{because}",
        row.sequence, entry.at, entry.actor, entry.action, entry.result
    )
}
