//! What an auditor of a scenario finds in the record.

use std::fmt::Write as _;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use lanyard::{
    reconcile::{self, Context},
    store::{AuditEntry, AuditFilter, AuditRow},
};
use lanyard_core::{
    asking::What,
    identity::{facts_now, label},
};

use crate::{answers::plain, stage::Stage};

impl Stage {
    /// What is asked of the record; none for any other words.
    pub(crate) fn recorded(&self, words: &[&str]) -> Option<Result<Option<String>, String>> {
        self.firm().ok()?;
        let said = self.said(async |context, now| Ok(say(context, words, now).await));
        said.and_then(Option::transpose).transpose().map(|it| it.map(Some))
    }
}

/// `the record of crm`, `who had crm on 2026-06-15`, `who had directory/staff
/// on 2026-06-15`; none for any other words.
async fn say(context: &Context, words: &[&str], now: Timestamp) -> Option<Result<String, String>> {
    Some(match words {
        ["the", "record", "of", target] => record(context, target, now).await,
        ["who", "had", what, "on", moment @ ..] => {
            had(context, what, (&moment.join(" "), now)).await
        }
        _ => return None,
    })
}

async fn had(
    context: &Context,
    what: &str,
    (moment, now): (&str, Timestamp),
) -> Result<String, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let what = match what.split_once('/') {
        Some((target, entitlement)) => What::Entitlement {
            target: target.parse().map_err(|error| said(&error))?,
            entitlement: entitlement.to_owned(),
        },
        None => What::Target(what.parse().map_err(|error| said(&error))?),
    };
    let at: DateTime = moment.parse().map_err(|error| said(&error))?;
    let at = at.to_zoned(TimeZone::UTC).map_err(|error| said(&error))?.timestamp();
    let (policy, store) = (context.policy.as_ref(), context.store.as_ref());
    match reconcile::had_then(policy, store, &what, (at, now)).await {
        Ok(had) => Ok(plain(&had.render())),
        Err(error) => Ok(format!("refused: {error}\n")),
    }
}

/// Each row about a target, with all it says but digests of programs.
async fn record(context: &Context, target: &str, now: Timestamp) -> Result<String, String> {
    let target = target.parse().map_err(|error| format!("{error}"))?;
    let filter = AuditFilter { target: Some(target), ..AuditFilter::default() };
    let rows = context.store.audit(&filter).await.map_err(|error| error.to_string())?;
    let mut text = String::new();
    for AuditRow { sequence, entry, .. } in rows {
        let AuditEntry { actor, action, result, verification, detail, .. } = entry;
        let verified = verification.map(|word| format!(", {word}")).unwrap_or_default();
        let _infallible = writeln!(text, "{sequence}  {actor}: {action} {result}{verified}");
        for (name, said) in detail {
            if !matches!(name.as_str(), "plugin" | "permission" | "request" | "entitlement id") {
                let _infallible = writeln!(text, "     {name}: {}", without_digests(&said));
            }
        }
    }
    // Ids are told by none of the plays.
    for person in context.store.identities().await.map_err(|error| error.to_string())? {
        let name = label(&person, &facts_now(&person, now));
        text = text.replace(&person.id.to_string(), &name);
    }
    Ok(plain(&text))
}

/// Digests are salted, and others in each play.
fn without_digests(text: &str) -> String {
    let hidden = |word: &str| {
        let bare = word.trim_end_matches(',');
        let digest = bare.len() == 12 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digest { word.replace(bare, "(digest)") } else { word.to_owned() }
    };
    text.split(' ').map(hidden).collect::<Vec<_>>().join(" ")
}
