//! What people order in a scenario: ejections and legal holds.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use lanyard::store::{AuditEntry, Store};
use lanyard_core::{
    id::IdentityId,
    lifecycle::{ClockMarks, Ejection, LegalHold, Undone},
};

/// `eject 1001 theft of a bicycle`, `undo eject 1001`, `hold trial on 1001
/// until 2027-03-31`, `release hold trial`; none for any other words.
pub(crate) async fn order(
    store: &dyn Store,
    words: &[&str],
    now: Timestamp,
) -> Option<Result<(), String>> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let by = || "operator".to_owned();
    Some(match words {
        ["eject", key, reason @ ..] => match who(store, key).await {
            Ok(identity) => {
                let reason = reason.join(" ");
                let ejection = Ejection { identity, at: now, by: by(), reason, undone: None };
                store.eject(&ejection, &entry("eject", now)).await.map_err(|error| said(&error))
            }
            Err(error) => Err(error),
        },
        ["undo", "eject", key] => match who(store, key).await {
            Ok(identity) => {
                let undone = Undone { at: now, by: by() };
                let done = store.undo_ejection(identity, &undone, &entry("eject", now)).await;
                done.map(|_stood| ()).map_err(|error| said(&error))
            }
            Err(error) => Err(error),
        },
        ["hold", name, "on", key, "until", review] => {
            match (who(store, key).await, review.parse::<Date>()) {
                (Ok(identity), Ok(review)) => {
                    let hold = LegalHold {
                        name: (*name).to_owned(),
                        people: BTreeSet::from([identity]),
                        reason: "a trial".to_owned(),
                        review,
                        by: by(),
                        at: now,
                    };
                    store.hold(&hold, &[entry("hold", now)]).await.map_err(|error| said(&error))
                }
                (Err(error), _) => Err(error),
                (_, Err(error)) => Err(said(&error)),
            }
        }
        ["release", "hold", name] => {
            let released = store.release_hold(name, now, &[entry("hold", now)]).await;
            released.map(|_stood| ()).map_err(|error| said(&error))
        }
        _ => return None,
    })
}

/// Somebody looks, at the latest, when the clock of a scenario goes on: only
/// `the clock jumps to …` is a jump.
pub(crate) async fn looked(store: &dyn Store, now: Timestamp) -> Result<(), String> {
    let marks = store.kept().await.map_err(|error| error.to_string())?.clock;
    if marks.last.is_none() {
        return Ok(());
    }
    let marks = ClockMarks { last: Some(now), ..marks };
    store.mark_clock(marks).await.map_err(|error| error.to_string())
}

async fn who(store: &dyn Store, key: &str) -> Result<IdentityId, String> {
    let known = store.identities().await.map_err(|error| error.to_string())?;
    let found = known.iter().find(|it| it.records.iter().any(|record| record.key == key));
    found.map(|it| it.id).ok_or_else(|| format!("nobody has the key `{key}`"))
}

fn entry(action: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: "operator".to_owned(),
        action: action.to_owned(),
        identity: None,
        target: None,
        account: None,
        result: "done".to_owned(),
        verification: None,
        detail: [].into(),
    }
}
