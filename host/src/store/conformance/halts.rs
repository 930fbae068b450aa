use lanyard_core::schedule::Halt;

use super::example::{at, entry};
use crate::store::{AuditFilter, Store};

fn halt(seconds: i64, reason: Option<&str>) -> Halt {
    Halt { at: at(seconds), by: "operator".to_owned(), reason: reason.map(str::to_owned) }
}

async fn actions(store: &dyn Store) -> Vec<String> {
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    rows.into_iter().map(|row| row.entry.action).collect()
}

pub(crate) async fn everything_is_halted_until_somebody_resumes(store: &dyn Store) {
    assert_eq!(store.halted().await.unwrap(), None);
    assert!(!store.resume(at(1), &entry(1, "resume")).await.unwrap());
    let first = halt(1, Some("a wrong file"));
    assert!(store.halt(&first, &entry(1, "halt")).await.unwrap());
    assert!(!store.halt(&halt(2, None), &entry(2, "halt")).await.unwrap());
    assert_eq!(store.halted().await.unwrap(), Some(first), "the first one stands");
    assert!(store.resume(at(3), &entry(3, "resume")).await.unwrap());
    assert_eq!(store.halted().await.unwrap(), None);
    assert!(store.halt(&halt(4, None), &entry(4, "halt")).await.unwrap());
    assert_eq!(store.halted().await.unwrap(), Some(halt(4, None)));
    assert_eq!(actions(store).await, ["halt", "resume", "halt"]);
}
