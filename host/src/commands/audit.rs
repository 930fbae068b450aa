//! `lanyard audit list` and `verify`.

use std::path::Path;

use super::{
    erase, named,
    output::{Output, counted},
    session,
};
use crate::{
    args::AuditVerb,
    errors::{AppError, Exit},
    store::{AuditFilter, AuditRow, Store, Upkeep as _, chain::Head},
    telemetry,
};

pub(super) async fn audit(
    file: &Path,
    verb: AuditVerb,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let config = session::load_without_secrets(file)?.config;
    let store = session::open_store(&config).await?;
    match verb {
        AuditVerb::List { identity, target, last, json } => {
            let identity = match identity {
                Some(wanted) => match erase::meant(&store.forgotten().await?, &wanted) {
                    Some((id, _)) => Some(id),
                    None => Some(named::identity(&store, &wanted, telemetry::clock()()).await?.id),
                },
                None => None,
            };
            let filter = AuditFilter { identity, target, last: Some(last) };
            let rows = store.audit(&filter).await?;
            // What is long gone may still be in the record.
            if let Some(target) = filter.target.as_ref().filter(|_| rows.is_empty()) {
                named::target(&config, &store, target).await?;
            }
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
            Ok(Head { rows, erased, digest }) => {
                let head = digest.map(|digest| format!("; head {digest}")).unwrap_or_default();
                let rows = counted(rows, "row", "rows");
                let erased = match erased {
                    0 => String::new(),
                    erased => format!(
                        ", {} emptied with people who were erased",
                        counted(erased, "row", "rows")
                    ),
                };
                output.line(&format!("{rows}, unbroken{erased}{head}"))?;
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
        "{:>6}  {:.0}  {}  {}{account}{target}{identity}: {}{verified}{because}",
        row.sequence, entry.at, entry.actor, entry.action, entry.result
    )
}
