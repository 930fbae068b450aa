//! A firm that moves from a file to a server, and back.

use std::{collections::BTreeMap, error::Error as _};

use super::{PostgresStore, Server};
use crate::store::{
    AuditFilter, Store, Upkeep as _,
    conformance::{
        erasure::{erasure, known, said},
        example::{bob, entry, identity, link, name, observed, user},
    },
    copy::{TABLES, copy},
    sqlite::SqliteStore,
};

/// Everything that callers are shown.
async fn told(store: &dyn Store) -> String {
    let runs = store.runs().await.unwrap();
    let mut told = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {runs:?}",
        store.identities().await.unwrap(),
        store.source_reads().await.unwrap(),
        store.links().await.unwrap(),
        store.ledger().await.unwrap(),
        store.observations().await.unwrap(),
        store.names().await.unwrap(),
        store.kept().await.unwrap(),
        store.forgotten().await.unwrap(),
        store.audit(&AuditFilter::default()).await.unwrap(),
        store.unsettled(None).await.unwrap(),
    );
    for run in runs {
        let states = store.operation_states(run.id).await.unwrap();
        let plan = store.plan(run.plan.as_str()).await.unwrap();
        told = format!("{told} {states:?} {plan:?}");
    }
    told
}

async fn firm() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    known(&store).await;
    store.erase(&erasure(), &said()).await.unwrap().unwrap();
    store.record_identities(&[identity("3")], &BTreeMap::new(), entry(0, "x").at).await.unwrap();
    store.adopt(&link(bob(), "b"), &entry(30, "adopt")).await.unwrap();
    let account = crate::store::conformance::example::account(
        "b",
        lanyard_core::account::AccountState::Active,
    );
    assert_eq!(account.reference, user("b"));
    store.record_observation(&name("directory"), &observed(40, vec![account], &[])).await.unwrap();
    store
}

#[tokio::test]
async fn what_is_copied_to_a_server_and_back_is_the_same() {
    let Some(server) = Server::start() else { return };
    let file = firm().await;
    let before = told(&file).await;
    let database = PostgresStore::open(server.fresh().await).await.unwrap();
    let there = copy(&file, &database).await.unwrap();
    assert_eq!(told(&database).await, before);
    let again = SqliteStore::in_memory().unwrap();
    let back = copy(&database, &again).await.unwrap();
    assert_eq!(told(&again).await, before);
    assert_eq!(there, back);
    assert_eq!(there.head, file.verify_audit().await.unwrap().unwrap());
    assert!(there.rows["audit"] > 4 && there.rows["erased"] == 1, "{there:?}");
    // What is written there from then on goes on where the file ended.
    database.adopt(&link(bob(), "b"), &entry(50, "adopt")).await.unwrap();
    let rows = database.verify_audit().await.unwrap().unwrap().rows;
    assert_eq!(rows, there.head.rows + 1);
}

#[tokio::test]
async fn what_is_not_empty_is_not_copied_to() {
    let Some(server) = Server::start() else { return };
    let file = firm().await;
    let database = PostgresStore::open(server.fresh().await).await.unwrap();
    database.adopt(&link(bob(), "b"), &entry(1, "adopt")).await.unwrap();
    let refused = copy(&file, &database).await.unwrap_err();
    insta::assert_snapshot!(refused.source().unwrap(), @"it is not empty: there are rows in its table `link`");
    assert!(database.identities().await.unwrap().is_empty());
}

/// A table that is left out would be lost.
#[tokio::test]
async fn every_table_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanyard.db");
    drop(SqliteStore::open(&file).unwrap());
    let raw = rusqlite::Connection::open(&file).unwrap();
    let mut columns = raw
        .prepare(
            "SELECT tables.name, group_concat(columns.name, ', ') FROM sqlite_master AS tables
             JOIN pragma_table_info(tables.name) AS columns
             WHERE tables.type = 'table' AND tables.name <> 'erasing' GROUP BY 1 ORDER BY 1",
        )
        .unwrap();
    let there: Vec<(String, String)> = columns
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut copied: Vec<(String, String)> = TABLES
        .iter()
        .map(|table| (table.name.to_owned(), table.columns.replace('"', "")))
        .collect();
    copied.sort();
    assert_eq!(copied, there);
}
