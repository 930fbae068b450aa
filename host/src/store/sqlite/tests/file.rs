//! The file: who may open it, what is in it, what it refuses.

use std::{error::Error as _, path::Path};

use rusqlite::Connection;

use super::{SqliteStore, database, fresh};
use crate::store::{
    Store as _, StoreError, Upkeep as _,
    conformance::example::{ada, at, begin, done, entry, intent, link, perform, plan},
    sql::journal,
};

fn refused(path: &Path) -> StoreError {
    SqliteStore::open(path).unwrap_err()
}

#[tokio::test]
async fn what_was_kept_is_there_after_opening_again() {
    let (directory, store) = fresh();
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    assert_eq!(store.links().await.unwrap(), [link(ada(), "a")]);
    assert_eq!(store.verify_audit().await.unwrap().unwrap().rows, 1);
    store.verify_file().await.unwrap();
}

#[test]
fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let _store = SqliteStore::open_exclusive(&database(directory.path())).unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn the_disk_is_waited_for() {
    let (_directory, store) = fresh();
    let (journal, synchronous): (String, i64) = store
        .read("look", |tx| {
            let journal = tx.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((journal, tx.pragma_query_value(None, "synchronous", |row| row.get(0))?))
        })
        .await
        .unwrap();
    assert_eq!((journal.as_str(), synchronous), ("wal", 2));
}

#[tokio::test]
async fn one_process_changes_and_others_can_look() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(directory.path());
    let applies = SqliteStore::open_exclusive(&path).unwrap();
    let run = begin(&applies, 1).await;
    let Err(StoreError::Busy { path: named }) = SqliteStore::open_exclusive(&path) else {
        panic!("two hold the store");
    };
    assert_eq!(Path::new(&named), path);

    let looks = SqliteStore::open(&path).unwrap();
    assert_eq!(looks.runs().await.unwrap().len(), 1);
    applies.intend(&intent(run, 0, 1, "a")).await.unwrap();
    assert_eq!(looks.operation_states(run).await.unwrap().len(), 1);
    drop(applies);
    SqliteStore::open_exclusive(&path).unwrap();
}

#[test]
fn a_missing_directory_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nowhere").join("lanyard.db");
    assert!(matches!(refused(&path), StoreError::Open { .. }));
    assert!(matches!(SqliteStore::open_exclusive(&path), Err(StoreError::Open { .. })));
    assert!(!directory.path().join("nowhere").exists());
}

#[test]
fn a_directory_is_not_a_store() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(refused(directory.path()), StoreError::Open { .. }));
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (directory, store) = fresh();
    drop(store);
    let path = database(directory.path());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path);
    assert!(matches!(error, StoreError::Newer { found: 99, known: 27, .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn links_of_an_older_schema_are_unwanted_since_never() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(directory.path());
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../migrations/0001_start.sql")).unwrap();
    raw.pragma_update(None, "application_id", 0x4c61_6e79).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    raw.execute(
        "INSERT INTO link VALUES ('directory', 'user', 'a', ?1, 'created', NULL, 0,
             '2027-01-15T08:00:00.000000000Z')",
        [ada().to_string()],
    )
    .unwrap();
    drop(raw);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.links().await.unwrap(), [link(ada(), "a")]);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(directory.path());
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(raw);
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path);
    insta::assert_snapshot!(error.source().unwrap(), @"it is a database of another program");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(directory.path());
    std::fs::write(&path, "name,mail\n".repeat(200)).unwrap();
    let said = refused(&path).to_string().replace(path.to_str().unwrap(), "lanyard.db");
    insta::assert_snapshot!(said, @"the store is damaged: `lanyard.db` is not a SQLite database");
}

#[tokio::test]
async fn a_corrupt_page_is_an_error_and_not_a_panic() {
    let (directory, store) = fresh();
    let run = begin(&store, 1).await;
    perform(&store, &intent(run, 0, 1, "a"), Vec::new()).await;
    drop(store);
    let path = database(directory.path());
    let whole = std::fs::read(&path).unwrap();
    let mut failures = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let damaged = match SqliteStore::open(&path) {
            Err(error) => error,
            Ok(store) => match store.verify_file().await {
                Err(error) => error,
                Ok(()) => continue,
            },
        };
        assert!(matches!(damaged, StoreError::Damaged(_)), "page {page}: {damaged:?}");
        failures += 1;
    }
    assert!(failures > 20, "{failures}");
}

#[tokio::test]
async fn an_unreadable_value_is_damage_and_is_not_shown() {
    let (_directory, store) = fresh();
    store.record_identities(&[], &std::collections::BTreeMap::new(), at(0)).await.unwrap();
    store
        .write("forge", |tx| {
            tx.execute_batch("INSERT INTO identity (id, facts, absent_since, known_at) VALUES ('x', 'Ada Example', NULL, 'x')")?;
            Ok(())
        })
        .await
        .unwrap();
    let error = store.identities().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(!error.to_string().contains("Ada"));
}

#[tokio::test]
async fn plans_journal_and_audit_refuse_to_be_changed() {
    let (_directory, store) = fresh();
    store.save_plan(&plan("one")).await.unwrap();
    let run = begin(&store, 1).await;
    perform(&store, &intent(run, 0, 1, "a"), Vec::new()).await;
    for change in [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "UPDATE plan SET findings = '[]'",
        "DELETE FROM plan",
        "DELETE FROM audit_part",
        "UPDATE audit_part SET salt = ''",
        "UPDATE operation_event SET epoch = 9",
        "DELETE FROM operation_event",
    ] {
        let error = store.write("forge", |tx| Ok(tx.execute_batch(change)?)).await.unwrap_err();
        let why = error.source().unwrap().to_string();
        assert!(why.contains("never") || why.contains("append-only"), "{change}: {why}");
    }
    assert_eq!(store.verify_audit().await.unwrap().unwrap().rows, 1);
}

#[tokio::test]
async fn a_forged_audit_is_found_with_its_row() {
    let (_directory, store) = fresh();
    let run = begin(&store, 1).await;
    for id in 0..4 {
        perform(&store, &intent(run, id, 1, "a"), Vec::new()).await;
    }
    let forge = async |change: &'static str| {
        store.write("forge", move |tx| Ok(tx.execute_batch(change)?)).await.unwrap();
        store.verify_audit().await.unwrap().unwrap_err().to_string()
    };
    // Whoever owns the file can drop the triggers; the chain still tells.
    let found = forge(
        "DROP TRIGGER audit_unchanged; DROP TRIGGER audit_kept;
         UPDATE audit SET result = 'refused' WHERE sequence = 3",
    )
    .await;
    insta::assert_snapshot!(found, @"audit row 3: the row or one before it is not what was written");
    let found = forge("DELETE FROM audit WHERE sequence = 2").await;
    insta::assert_snapshot!(found, @"audit row 2: the row is missing");
    let found = forge("UPDATE audit SET at = 'then' WHERE sequence = 1").await;
    insta::assert_snapshot!(found, @"audit row 1: the row cannot be read");
}

#[tokio::test]
async fn a_plan_that_was_changed_in_the_file_is_not_carried_out() {
    let (_directory, store) = fresh();
    let saved = plan("one");
    store.save_plan(&saved).await.unwrap();
    store
        .write("forge", |tx| {
            Ok(tx.execute_batch(
                "DROP TRIGGER plan_unchanged; UPDATE plan SET plan = replace(plan, 'one', 'two')",
            )?)
        })
        .await
        .unwrap();
    let error = store.plan(saved.digest.as_str()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
}

#[tokio::test]
async fn audit_rows_of_an_answer_hold_no_facts() {
    let (_directory, store) = fresh();
    let run = begin(&store, 1).await;
    let mut sent = intent(run, 0, 1, "a");
    sent.operation.change = lanyard_core::operation::Change::Create {
        object_type: "user".to_owned(),
        name: "ada.example".to_owned(),
        anchor: "1".to_owned(),
        attributes: Vec::new(),
        state: lanyard_core::account::AccountState::Active,
    };
    store.intend(&sent).await.unwrap();
    let answered = crate::store::conformance::example::answer(&sent, done(), Vec::new());
    store.answer(&answered).await.unwrap();
    let leaked: i64 = store
        .read("look", |tx| {
            Ok(tx.query_row(
                "SELECT count(*) FROM audit JOIN audit_part USING (sequence)
                 WHERE body LIKE '%ada.example%'
                     OR result LIKE '%ada.example%' OR action LIKE '%ada.example%'",
                [],
                |row| row.get(0),
            )?)
        })
        .await
        .unwrap();
    assert_eq!(leaked, 0);
}

#[tokio::test]
async fn open_operations_and_what_was_done_lately_are_found_by_index() {
    let (_directory, store) = fresh();
    for (query, index) in
        [(journal::UNSETTLED, "operation_open"), (journal::DONE, "operation_done")]
    {
        let way: String = store
            .read("explain", move |tx| {
                Ok(tx.query_row(&format!("EXPLAIN QUERY PLAN {query}"), ["1"], |row| row.get(3))?)
            })
            .await
            .unwrap();
        assert!(way.contains(index), "{way}");
    }
}

#[tokio::test]
async fn the_first_use_decides_whether_the_clock_stands() {
    for first in [true, false] {
        let (_directory, store) = fresh();
        assert_eq!(store.keep_clock(first).await.unwrap(), first);
        assert_eq!(store.keep_clock(!first).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_file_from_before_that_was_kept_is_in_the_real_time() {
    let directory = tempfile::tempdir().unwrap();
    let raw = Connection::open(database(directory.path())).unwrap();
    for script in [
        include_str!("../migrations/0001_start.sql"),
        include_str!("../migrations/0002_unwanted.sql"),
        "PRAGMA application_id = 0x4c616e79; PRAGMA user_version = 2",
    ] {
        raw.execute_batch(script).unwrap();
    }
    let used = "INSERT INTO identity VALUES (?1, '{}', NULL, '2027-01-15T08:00:00.000000000Z')";
    raw.execute(used, [ada().to_string()]).unwrap();
    drop(raw);
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    assert!(!store.keep_clock(true).await.unwrap());
}

#[tokio::test]
async fn what_is_written_to_a_copy_is_gone_with_it() {
    let (directory, store) = fresh();
    store.adopt(&link(ada(), "a"), &entry(0, "adopt")).await.unwrap();
    let copy = SqliteStore::open_copy(&database(directory.path())).unwrap();
    assert_eq!(copy.links().await.unwrap(), [link(ada(), "a")]);
    begin(&copy, 1).await;
    assert_eq!(copy.runs().await.unwrap().len(), 1);
    drop(copy);
    assert_eq!(store.runs().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_copy_of_an_older_file_is_current_and_leaves_the_file_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(directory.path());
    let raw = Connection::open(&path).unwrap();
    for script in [
        include_str!("../migrations/0001_start.sql"),
        include_str!("../migrations/0002_unwanted.sql"),
        "PRAGMA application_id = 0x4c616e79; PRAGMA user_version = 2",
    ] {
        raw.execute_batch(script).unwrap();
    }
    drop(raw);
    let before = std::fs::read(&path).unwrap();
    let copy = SqliteStore::open_copy(&path).unwrap();
    assert_eq!(copy.runs().await.unwrap().len(), 0);
    assert!(copy.kept().await.unwrap().followed.is_empty());
    drop(copy);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(SqliteStore::open_copy(&directory.path().join("none.db")).is_err());
    assert!(!directory.path().join("none.db").exists());
}
