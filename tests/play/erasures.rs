//! Who is forgotten in a scenario, and what is left of them.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use jiff::Timestamp;
use lanyard::{
    reconcile::{Context, EraseError, Erasing, Survey, erase_by_order},
    store::{AuditFilter, chain},
};
use lanyard_core::id::IdentityId;

/// `erase 1001`: by order of the operator.
pub(crate) async fn erase(context: &Context, who: &str, now: Timestamp) -> Result<String, String> {
    let known = context.store.identities().await.map_err(|error| error.to_string())?;
    let found = known.iter().find(|it| it.records.iter().any(|record| record.key == who));
    let identity = found.ok_or_else(|| format!("nobody has the key `{who}`"))?;
    let reason = "they asked for it";
    let erasing = Erasing { identity, reason, actor: "operator", carry_out: true };
    match erase_by_order(&context.policy, context.store.as_ref(), erasing, now).await {
        Ok(_rows) => {
            context.store.sweep().await.map_err(|error| error.to_string())?;
            Ok("erased\n".to_owned())
        }
        Err(EraseError::Hindered { why, .. }) => Ok(format!("refused: {}\n", why.join("; "))),
        Err(error) => Err(error.to_string()),
    }
}

/// `erased`: what is left of those who are, and whether the audit holds.
pub(crate) async fn list(context: &Context, _now: Timestamp) -> Result<String, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let forgotten = context.store.forgotten().await.map_err(|error| said(&error))?;
    let mut text = String::new();
    for left in forgotten.people.values() {
        let departed = left.departed.map_or_else(|| "ever".to_owned(), |at| format!("{at:.0}"));
        let how = if left.ordered { "by order" } else { "their time was over" };
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "somebody, departed since {departed}, erased {:.0}: {how}", left.at);
    }
    let rows = context.store.audit(&AuditFilter::default()).await.map_err(|error| said(&error))?;
    let head = chain::verify(&rows).map_err(|error| said(&error))?;
    let _infallible = writeln!(text, "audit unbroken, {} rows emptied", head.erased);
    Ok(text)
}

/// `login names of the erased`: how many are kept.
pub(crate) async fn names(context: &Context, _now: Timestamp) -> Result<String, String> {
    let forgotten = context.store.forgotten().await.map_err(|error| error.to_string())?;
    let kept: usize = forgotten.names.values().map(BTreeMap::len).sum();
    Ok(format!("{kept} kept\n"))
}

/// `the store speaks of Ada Example`: whether any byte of its files does.
pub(crate) fn speaks_of(folder: &Path, words: &str) -> Result<String, String> {
    let wanted = words.to_lowercase();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("lanyard.db") {
            let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            if text.contains(&wanted) {
                return Ok("yes\n".to_owned());
            }
        }
    }
    Ok("no\n".to_owned())
}

/// What an apply tells of it.
pub(crate) fn line(survey: &Survey, identity: IdentityId) -> String {
    let plan = &survey.stored.plan;
    let who = plan.labels.get(&identity).cloned().unwrap_or_else(|| identity.to_string());
    format!("{who}: erased")
}
