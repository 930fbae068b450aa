//! What is left of somebody in the bytes of the files.

use std::path::Path;

use rusqlite::Connection;

use super::{SqliteStore, database, fresh};
use crate::store::{
    AuditFilter, Store as _, Upkeep as _,
    chain::{former, verify},
    conformance::{
        erasure::{erasure, known, said},
        example::{bob, entry, grant},
    },
};

/// Everything that is called as one of these, in any file of the store.
fn found(directory: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        for word in words {
            if bytes.windows(word.len()).any(|it| it == word.as_bytes()) {
                found.push(format!("{word} in {}", path.file_name().unwrap().display()));
            }
        }
    }
    found
}

#[tokio::test]
async fn whoever_is_erased_is_in_no_byte_of_the_files() {
    let (directory, store) = fresh();
    let ada = known(&store).await;
    let theirs = ["ada example", "ada.example", "bicycle"];
    assert_ne!(found(directory.path(), &theirs), [""; 0]);
    let erasure = erasure();
    store.erase(&erasure, &said()).await.unwrap().unwrap();
    assert!(store.sweep().await.unwrap());
    assert_eq!(found(directory.path(), &theirs), [""; 0]);
    assert_ne!(found(directory.path(), &["bob muster", &ada.id.to_string()]), [""; 0]);
    store.verify_file().await.unwrap();
    store.verify_journal().await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().unwrap().erased, 2);
    drop(store);
    assert_eq!(found(directory.path(), &theirs), [""; 0]);
}

#[tokio::test]
async fn an_erasure_that_breaks_off_at_its_end_leaves_everything() {
    let (directory, store) = fresh();
    known(&store).await;
    let before = everything(&store).await;
    let breaks = "CREATE TRIGGER breaks BEFORE INSERT ON audit WHEN NEW.action = 'erase'
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    store.write("forge", |tx| Ok(tx.execute_batch(breaks)?)).await.unwrap();
    let erasure = erasure();
    store.erase(&erasure, &said()).await.unwrap_err();
    assert_eq!(everything(&store).await, before);
    store.write("mend", |tx| Ok(tx.execute_batch("DROP TRIGGER breaks")?)).await.unwrap();
    store.erase(&erasure, &said()).await.unwrap().unwrap();
    assert!(store.sweep().await.unwrap());
    assert_eq!(found(directory.path(), &["ada example"]), [""; 0]);
}

/// Every row of every table.
async fn everything(store: &SqliteStore) -> Vec<String> {
    store
        .read("look", |tx| {
            let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
            let mut tables = tx.prepare(tables)?;
            let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
            let mut rows = Vec::new();
            for table in tables {
                let table = table?;
                let mut all = tx.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = all.column_count();
                let mut found = all.query([])?;
                while let Some(row) = found.next()? {
                    let values = (0..columns).map(|it| row.get_ref(it).map(|it| format!("{it:?}")));
                    let values: Vec<String> = values.collect::<Result<_, _>>()?;
                    rows.push(format!("{table} {}", values.join(" ")));
                }
            }
            Ok(rows)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_file_that_others_read_is_swept_again_later() {
    let (directory, store) = fresh();
    known(&store).await;
    let reads = Connection::open(database(directory.path())).unwrap();
    reads.execute_batch("BEGIN; SELECT count(*) FROM audit").unwrap();
    let erasure = erasure();
    store.erase(&erasure, &said()).await.unwrap().unwrap();
    assert!(!store.sweep().await.unwrap());
    reads.execute_batch("COMMIT").unwrap();
    assert!(store.sweep().await.unwrap());
    assert_eq!(found(directory.path(), &["ada example"]), [""; 0]);
}

#[tokio::test]
async fn a_chain_that_is_forged_while_somebody_is_erased_is_found() {
    let (_directory, store) = fresh();
    known(&store).await;
    store
        .write("forge", |tx| {
            // Nobody empties a row without erasing somebody.
            let gone = "DELETE FROM audit_part WHERE sequence = 2";
            tx.execute_batch(gone).unwrap_err();
            tx.execute_batch("INSERT INTO erasing VALUES (1, 'somebody')").unwrap_err();
            tx.execute_batch("DROP TRIGGER audit_part_kept")?;
            Ok(tx.execute_batch(gone)?)
        })
        .await
        .unwrap();
    let broken = store.verify_audit().await.unwrap().unwrap_err();
    insta::assert_snapshot!(broken, @"audit row 2: what it said is missing, and nobody it is about was erased");
}

#[tokio::test]
async fn what_is_left_of_somebody_erased_cannot_be_changed_unseen() {
    for (forge, why) in [
        (
            "DROP TRIGGER erased_unchanged; UPDATE erased SET by_whom = 'somebody'",
            "what is left of whom it erased is not what it was",
        ),
        (
            "DROP TRIGGER erased_kept; DELETE FROM erased",
            "what is left of whom it erased is not what it was",
        ),
        (
            "INSERT INTO erased (identity, at, by_whom, ordered)
                 SELECT id, '2026-01-01T00:00:00.000000000Z', 'nobody', 1 FROM identity",
            "was erased, and is known",
        ),
        (
            "DROP TRIGGER audit_part_kept; DELETE FROM audit_part WHERE sequence = 4",
            "what it said is missing, and nobody it is about was erased",
        ),
    ] {
        let (_directory, store) = fresh();
        known(&store).await;
        let late = entry(60, "adopt");
        let late = crate::store::AuditEntry { identity: Some(bob()), ..late };
        store.claim(&[(grant("x", "g"), late)]).await.unwrap();
        store.erase(&erasure(), &said()).await.unwrap().unwrap();
        assert_eq!(store.verify_audit().await.unwrap().unwrap().erased, 2);
        for kept in ["DELETE FROM erased", "UPDATE erased SET at = 'then'"] {
            let refused = store.write("forge", move |tx| Ok(tx.execute_batch(kept)?)).await;
            refused.unwrap_err();
        }
        store.write("forge", move |tx| Ok(tx.execute_batch(forge)?)).await.unwrap();
        let broken = store.verify_audit().await.unwrap().unwrap_err();
        assert!(broken.why.contains(why), "{forge}: {broken}");
    }
}

#[tokio::test]
async fn the_head_from_before_is_what_the_rows_say() {
    let directory = tempfile::tempdir().unwrap();
    of_before(directory.path(), "");
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    let mut rows = store.audit(&AuditFilter::default()).await.unwrap();
    verify(&rows).unwrap();
    let (note, before) = rows.split_last_mut().unwrap();
    note.entry.detail.insert("former head".to_owned(), "another".to_owned());
    let salt = note.salt.clone().unwrap();
    note.personal = crate::store::chain::personal(&salt, &note.entry).unwrap();
    let previous = &before.last().unwrap().chain;
    note.chain = crate::store::chain::chained(Some(previous), &note.entry, &note.personal).unwrap();
    let broken = verify(&rows).unwrap_err();
    insta::assert_snapshot!(broken, @"audit row 4: the rows before it had another head than it says");
}

#[tokio::test]
async fn looking_does_not_bring_a_store_up_to_date_that_another_process_changes() {
    let directory = tempfile::tempdir().unwrap();
    of_before(directory.path(), "");
    let lock = super::super::open::lock(&database(directory.path())).unwrap();
    let refused = SqliteStore::open(&database(directory.path())).unwrap_err();
    assert!(matches!(refused, crate::store::StoreError::Busy { .. }), "{refused:?}");
    drop(lock);
    SqliteStore::open(&database(directory.path())).unwrap();
    // It is current by now, and looking needs nothing.
    let _lock = super::super::open::lock(&database(directory.path())).unwrap();
    SqliteStore::open(&database(directory.path())).unwrap();
}

/// A store as it was before rows of the audit had a part, with three rows.
fn of_before(directory: &Path, forge: &str) {
    let raw = Connection::open(database(directory)).unwrap();
    for script in [
        include_str!("../migrations/0001_start.sql"),
        include_str!("../migrations/0002_unwanted.sql"),
        include_str!("../migrations/0003_clock.sql"),
        include_str!("../migrations/0004_proof.sql"),
        include_str!("../migrations/0005_declined.sql"),
        include_str!("../migrations/0006_workflow.sql"),
        include_str!("../migrations/0007_names.sql"),
        include_str!("../migrations/0008_lifecycle.sql"),
        include_str!("../migrations/0009_own_fact.sql"),
        include_str!("../migrations/0010_access.sql"),
        include_str!("../migrations/0011_cases.sql"),
        include_str!("../migrations/0012_history.sql"),
        include_str!("../migrations/0013_request.sql"),
        "PRAGMA application_id = 0x4c616e79; PRAGMA user_version = 13",
    ] {
        raw.execute_batch(script).unwrap();
    }
    let mut previous = None;
    for sequence in 1..=3 {
        let entry = entry(sequence, "adopt");
        let chain = former(previous.as_ref(), &entry).unwrap();
        raw.execute(
            "INSERT INTO audit VALUES (?1, ?2, 'operator', 'adopt', ?3, 'directory', 'user', 'a',
                 'done', 'verified', ?4, ?5)",
            rusqlite::params![
                sequence,
                format!("{:.9}", entry.at),
                entry.identity.map(|it| it.to_string()),
                serde_json::to_string(&entry.detail).unwrap(),
                chain.as_str()
            ],
        )
        .unwrap();
        previous = Some(chain);
    }
    raw.execute_batch("DROP TRIGGER audit_unchanged; DROP TRIGGER audit_kept").unwrap();
    raw.execute_batch(forge).unwrap();
    let kept = "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT 1; END;
        CREATE TRIGGER audit_kept BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END";
    raw.execute_batch(kept).unwrap();
}

#[tokio::test]
async fn an_audit_from_before_is_chained_anew_and_tells_its_former_head() {
    let directory = tempfile::tempdir().unwrap();
    of_before(directory.path(), "");
    let former_head: String = Connection::open(database(directory.path()))
        .unwrap()
        .query_row("SELECT chain FROM audit WHERE sequence = 3", [], |row| row.get(0))
        .unwrap();
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    assert_eq!(store.verify_audit().await.unwrap().unwrap().rows, 4);
    let rows = store.audit(&AuditFilter::default()).await.unwrap();
    verify(&rows).unwrap();
    let entries: Vec<_> = rows.iter().take(3).map(|row| row.entry.clone()).collect();
    assert_eq!(entries, [1, 2, 3].map(|number| entry(number, "adopt")));
    let note = &rows[3].entry;
    assert_eq!((note.action.as_str(), note.result.as_str()), ("audit", "chained anew"));
    assert_eq!(note.detail["former head"], former_head);
    drop(store);
    // Only once.
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    assert_eq!(store.verify_audit().await.unwrap().unwrap().rows, 4);
}

#[tokio::test]
async fn an_audit_that_was_forged_before_is_broken_at_the_same_row_afterwards() {
    for (forge, sequence) in [
        ("UPDATE audit SET result = 'refused' WHERE sequence = 2", 2),
        ("DELETE FROM audit WHERE sequence = 2", 2),
        ("UPDATE audit SET at = 'then' WHERE sequence = 1", 1),
        ("UPDATE audit SET detail = 'none' WHERE sequence = 3", 3),
    ] {
        let directory = tempfile::tempdir().unwrap();
        of_before(directory.path(), forge);
        let store = SqliteStore::open(&database(directory.path())).unwrap();
        let broken = store.verify_audit().await.unwrap().unwrap_err();
        assert_eq!(broken.sequence, sequence, "{forge}");
    }
}
