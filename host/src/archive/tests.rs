use super::*;
use crate::store::{AuditFilter, Store as _, chain::Marks, sqlite::SqliteStore};

/// Three rows in a store, as they are there and sealed.
async fn three() -> (Vec<AuditRow>, Vec<SealedRow>) {
    let store = SqliteStore::in_memory().unwrap();
    for number in 1..=3 {
        let entry = AuditEntry {
            at: Timestamp::from_second(1_780_000_000 + number).unwrap(),
            actor: "operator".to_owned(),
            action: "receipt".to_owned(),
            identity: None,
            target: None,
            account: None,
            result: "made".to_owned(),
            verification: None,
            detail: BTreeMap::from([("who".to_owned(), format!("Ada Example {number}"))]),
        };
        store.record_receipt(&entry).await.unwrap();
    }
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    let sealed = rows.iter().cloned().map(|row| SealedRow::of(row).unwrap()).collect();
    (rows, sealed)
}

fn followed(rows: &[SealedRow], heads: Vec<KnownHead>) -> Result<u64, AuditBreak> {
    let mut follower = Follower::new(heads);
    rows.iter().try_for_each(|row| follower.follow(row))?;
    follower.end()
}

#[tokio::test]
async fn what_is_said_of_people_is_opened_by_the_key_of_the_store_and_by_nothing_else() {
    let (rows, sealed) = three().await;
    let text = serde_json::to_string(&sealed).unwrap();
    for row in &rows {
        let salt = row.salt.as_ref().unwrap();
        assert!(!text.contains("Example") && !text.contains(salt.as_str()), "{text}");
    }
    for (row, sealed) in rows.iter().zip(&sealed) {
        assert_eq!(sealed.opened(row.salt.as_deref()).unwrap(), *row);
        // Whoever it is about was erased: the store has no key.
        let closed = sealed.opened(None).unwrap();
        assert_eq!((closed.entry.detail.len(), closed.salt), (0, None));
    }
    let other = rows[1].salt.as_deref();
    assert!(matches!(sealed[0].opened(other), Err(PartError::Closed(1))));
    // No part is that of another row.
    let moved = SealedRow { sealed: sealed[1].sealed.clone(), ..sealed[0].clone() };
    assert!(moved.opened(rows[0].salt.as_deref()).is_err());
}

#[tokio::test]
async fn the_chain_of_a_sealed_record_holds_without_the_store_and_breaks_where_it_was_changed() {
    let (rows, sealed) = three().await;
    assert_eq!(followed(&sealed, Vec::new()).unwrap(), 3);
    // Emptied or not, the chain is the same.
    let mut emptied = sealed.clone();
    emptied[1].sealed = None;
    assert_eq!(followed(&emptied, Vec::new()).unwrap(), 3);
    let mut edited = sealed.clone();
    edited[1].actor = "somebody else".to_owned();
    assert_eq!(followed(&edited, Vec::new()).unwrap_err().sequence, 2);
    let without = [sealed[0].clone(), sealed[2].clone()];
    assert_eq!(followed(&without, Vec::new()).unwrap_err().sequence, 2);
    let head = KnownHead {
        rows: 3,
        digest: Some(rows[2].chain.clone()),
        at: Timestamp::UNIX_EPOCH,
        marks: Marks::new(0, 3, 9),
    };
    assert_eq!(followed(&sealed, vec![head.clone()]).unwrap(), 3);
    assert_eq!(followed(&sealed[..2], vec![head]).unwrap_err().sequence, 3);
}
