//! What a server does that a file does not.

use std::{collections::BTreeSet, error::Error as _, time::Duration};

use futures_util::future::join_all;

use super::{PostgresStore, Server, server::apart};
use crate::store::{
    AuditFilter, Store, StoreError, Upkeep as _,
    conformance::{
        erasure::{erasure, known, said},
        example::{ada, begin, entry, intent, link, perform, plan},
    },
    postgres::{Settings, connect, migrations},
    sql::{Access, Database as _, Problem, Sql},
};

/// Every column of every table in both, so that what is copied fits, and no
/// migration is forgotten in one of them.
#[tokio::test]
async fn both_databases_have_the_same_tables_and_number() {
    let Some(server) = Server::start() else { return };
    let own = BTreeSet::from(["lanyard_schema", "writer", "holder"].map(str::to_owned));
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    let theirs: BTreeSet<(String, String, String)> = store
        .database
        .call(Access::Read, "look", |tx| {
            tx.all(
                "SELECT CAST(relname AS TEXT), CAST(attname AS TEXT),
                     CAST(format_type(atttypid, NULL) AS TEXT)
                 FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE nspname = current_schema() AND relkind IN ('r', 'p')
                     AND NOT relispartition AND attnum > 0 AND NOT attisdropped",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        })
        .await
        .unwrap();
    let theirs: BTreeSet<_> =
        theirs.into_iter().filter(|(table, ..)| !own.contains(table)).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanyard.db");
    drop(crate::store::sqlite::SqliteStore::open(&file).unwrap());
    let raw = rusqlite::Connection::open(&file).unwrap();
    let mut columns = raw
        .prepare(
            "SELECT tables.name, columns.name, columns.type FROM sqlite_master AS tables
             JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'",
        )
        .unwrap();
    let ours: BTreeSet<(String, String, String)> = columns
        .query_map([], |row| {
            let word = if row.get::<_, String>(2)? == "TEXT" { "text" } else { "bigint" };
            Ok((row.get(0)?, row.get(1)?, word.to_owned()))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(theirs, ours);
    let number: u32 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(migrations::newest(), number);
}

#[tokio::test]
async fn plans_journal_and_audit_refuse_to_be_changed() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    store.save_plan(&plan("one")).await.unwrap();
    let run = begin(&store, 1).await;
    perform(&store, &intent(run, 0, 1, "a"), Vec::new()).await;
    for change in [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT * FROM audit",
        "TRUNCATE audit",
        "UPDATE plan SET findings = '[]'",
        "DELETE FROM plan",
        "DELETE FROM audit_part",
        "UPDATE audit_part SET salt = ''",
        "UPDATE operation_event SET epoch = 9",
        "DELETE FROM operation_event",
        "TRUNCATE operation_event",
    ] {
        let error = forge(&store, change).await.unwrap_err();
        let why = error.source().unwrap().to_string();
        assert!(why.contains("never") || why.contains("append-only"), "{change}: {why}");
    }
    assert_eq!(store.verify_audit().await.unwrap().unwrap().rows, 1);
}

async fn forge(store: &PostgresStore, change: &'static str) -> Result<(), StoreError> {
    let work = move |tx: &mut dyn Sql| tx.execute(change, &[]).map(|_| ());
    store.database.call(Access::Write, "forge", work).await
}

#[tokio::test]
async fn a_forged_audit_is_found_with_its_row() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    let run = begin(&store, 1).await;
    for id in 0..4 {
        perform(&store, &intent(run, id, 1, "a"), Vec::new()).await;
    }
    forge(&store, "DROP TRIGGER audit_unchanged ON audit").await.unwrap();
    forge(&store, "UPDATE audit SET result = 'refused' WHERE sequence = 3").await.unwrap();
    let found = store.verify_audit().await.unwrap().unwrap_err().to_string();
    insta::assert_snapshot!(found, @"audit row 3: the row or one before it is not what was written");
    forge(&store, "UPDATE audit SET at = 'then' WHERE sequence = 1").await.unwrap();
    let found = store.verify_audit().await.unwrap().unwrap_err().to_string();
    insta::assert_snapshot!(found, @"audit row 1: the row cannot be read");
}

#[tokio::test]
async fn whoever_is_erased_is_in_no_table() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let store = PostgresStore::open(settings.clone()).await.unwrap();
    known(&store).await;
    let theirs = ["Ada Example", "ada.example", "bicycle"];
    assert_ne!(found(&server, &settings, &theirs), [""; 0]);
    store.erase(&erasure(), &said()).await.unwrap().unwrap();
    assert!(store.is_unswept().await.unwrap());
    assert!(store.sweep().await.unwrap());
    assert!(!store.is_unswept().await.unwrap());
    drop(store);
    server.sql(&settings.database, "CHECKPOINT");
    assert_eq!(found(&server, &settings, &theirs), [""; 0]);
    assert_ne!(found(&server, &settings, &["Bob Muster"]), [""; 0]);
}

/// What of these is in the files of a database.
fn found(server: &Server, settings: &Settings, words: &[&str]) -> Vec<String> {
    server.sql(&settings.database, "CHECKPOINT");
    let own = "SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = current_database()";
    let number: i64 = apart(|| {
        let mut session = connect::connect(settings).unwrap();
        session.one(own, |row| row.get(0)).unwrap()
    });
    let folder = server.folder().join("data/base").join(number.to_string());
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for word in words {
            if bytes.windows(word.len()).any(|it| it == word.as_bytes()) {
                found.push(format!("{word} in {}", path.display()));
            }
        }
    }
    found
}

#[tokio::test]
async fn one_process_changes_and_others_can_look() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let applies = PostgresStore::open_exclusive(settings.clone()).await.unwrap();
    let run = begin(&applies, 1).await;
    let Err(StoreError::Busy { path }) = PostgresStore::open_exclusive(settings.clone()).await
    else {
        panic!("two hold the store");
    };
    assert_eq!(path, settings.place());
    let looks = PostgresStore::open(settings.clone()).await.unwrap();
    assert_eq!(looks.runs().await.unwrap().len(), 1);
    applies.intend(&intent(run, 0, 1, "a")).await.unwrap();
    assert_eq!(looks.operation_states(run).await.unwrap().len(), 1);
    drop(applies);
    PostgresStore::open_exclusive(settings).await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_away_is_used_again() {
    let Some(mut server) = Server::start() else { return };
    let settings = server.fresh().await;
    let store = PostgresStore::open_exclusive(settings.clone()).await.unwrap();
    let run = begin(&store, 1).await;
    server.stop();
    for refused in
        [store.intend(&intent(run, 0, 1, "a")).await.unwrap_err(), store.runs().await.unwrap_err()]
    {
        let said = refused.to_string();
        assert_eq!(said, format!("cannot reach the store at `{}`", settings.place()));
    }
    server.serve();
    store.intend(&intent(run, 0, 1, "a")).await.unwrap();
    assert_eq!(store.unsettled(None).await.unwrap().len(), 1);
}

/// As when it is updated in the middle of a run.
#[tokio::test]
async fn a_server_that_is_away_for_a_moment_is_waited_for() {
    let Some(mut server) = Server::start() else { return };
    let patience = Duration::from_mins(1);
    let settings = Settings { patience, ..server.fresh().await };
    let store = PostgresStore::open_exclusive(settings).await.unwrap();
    let run = begin(&store, 1).await;
    assert_eq!(store.halted().await.unwrap(), None);
    server.stop();
    // They ask while nobody is there, and are answered by whoever comes.
    let intent = intent(run, 0, 1, "a");
    let come_back = async { server.serve() };
    let (written, read, ()) = tokio::join!(store.intend(&intent), store.halted(), come_back);
    written.unwrap();
    assert_eq!(read.unwrap(), None);
    assert_eq!(store.unsettled(None).await.unwrap().len(), 1);
}

/// As when the machine stood still, and somebody else went on in its place.
#[tokio::test]
async fn whoever_lost_the_store_to_another_process_changes_nothing_any_more() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let slept = PostgresStore::open_exclusive(settings.clone()).await.unwrap();
    let run = begin(&slept, 1).await;
    cut_off(&server);
    let other = PostgresStore::open_exclusive(settings.clone()).await.unwrap();
    let refused = slept.intend(&intent(run, 0, 1, "a")).await.unwrap_err();
    let why = refused.source().unwrap().to_string();
    insta::assert_snapshot!(why, @"the connection broke off, and another lanyard has the store since; begin again");
    drop(other);
    // Nor after that one has gone.
    slept.intend(&intent(run, 0, 1, "a")).await.unwrap_err();
    let store = PostgresStore::open(settings).await.unwrap();
    assert!(store.unsettled(None).await.unwrap().is_empty());
}

/// The server ends every other connection.
fn cut_off(server: &Server) {
    server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE application_name = 'lanyard' AND pid <> pg_backend_pid()",
    );
}

#[tokio::test]
async fn a_connection_that_broke_off_is_replaced() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open_exclusive(server.fresh().await).await.unwrap();
    let run = begin(&store, 1).await;
    assert_eq!(store.runs().await.unwrap().len(), 1);
    cut_off(&server);
    store.intend(&intent(run, 0, 1, "a")).await.unwrap();
    assert_eq!(store.runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_in_flight_when_the_connection_broke_off_is_undone_and_told() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    begin(&store, 1).await;
    let work = |tx: &mut dyn Sql| {
        tx.execute("INSERT INTO mark (key, step, data) VALUES ('a', 'b', 'c')", &[])?;
        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())", &[]).map(|_| ())
    };
    let lost = store.database.call(Access::Write, "keep a mark", work).await.unwrap_err();
    assert!(matches!(lost, StoreError::Lost { .. }), "{lost:?}");
    assert_eq!(store.recall("a", "b").await.unwrap(), None);
    store.save_plan(&plan("one")).await.unwrap();
}

#[tokio::test]
async fn a_change_that_fails_is_undone_alone() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    let run = begin(&store, 1).await;
    let fails = async |sql: &'static str| {
        let work = move |tx: &mut dyn Sql| -> Result<(), Problem> {
            tx.execute("INSERT INTO mark (key, step, data) VALUES ('key', 'step', 'data')", &[])?;
            tx.execute(sql, &[])?;
            Err(Problem::Refused("no".to_owned()))
        };
        store.database.call(Access::Write, "fail half-way", work).await
    };
    let sent: Vec<_> = (0..8).map(|id| intent(run, id, 1, "a")).collect();
    let intents = join_all(sent.iter().map(|intent| store.intend(intent)));
    let (refused, broken, intents) =
        tokio::join!(fails("SELECT 1"), fails("SELECT 1 / 0"), intents);
    refused.unwrap_err();
    broken.unwrap_err();
    assert!(intents.iter().all(Result::is_ok), "{intents:?}");
    assert_eq!(store.recall("key", "step").await.unwrap(), None);
    assert_eq!(store.unsettled(None).await.unwrap().len(), 8);
}

#[tokio::test]
async fn two_that_write_at_once_make_one_chain() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let one = PostgresStore::open(settings.clone()).await.unwrap();
    let other = PostgresStore::open(settings).await.unwrap();
    let links: Vec<_> = (0..40)
        .map(|number| {
            let uid = format!("u{number}");
            link(lanyard_core::id::IdentityId::first_seen(&link(ada(), "a").target, &uid), &uid)
        })
        .collect();
    let adopted = links.iter().enumerate().map(|(number, link)| {
        let store = if number % 2 == 0 { &one } else { &other };
        async move { store.adopt(link, &entry(0, "adopt")).await }
    });
    for adopted in join_all(adopted).await {
        adopted.unwrap();
    }
    assert_eq!(one.verify_audit().await.unwrap().unwrap().rows, 40);
    assert_eq!(other.audit(&AuditFilter::default()).await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let Some(server) = Server::start() else { return };
    let settings = server.empty();
    server.sql(&settings.database, "CREATE TABLE theirs (x BIGINT)");
    let error = PostgresStore::open(settings).await.unwrap_err();
    insta::assert_snapshot!(error.source().unwrap(), @"it is a database of another program");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(server) = Server::start() else { return };
    let settings = server.fresh().await;
    let store = PostgresStore::open(settings.clone()).await.unwrap();
    forge(&store, "UPDATE lanyard_schema SET version = 99").await.unwrap();
    drop(store);
    let error = PostgresStore::open(settings).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let settings = Settings {
        host: "127.0.0.1".to_owned(),
        port: 1,
        database: "firm".to_owned(),
        user: "lanyard".to_owned(),
        password: Some(super::super::Password(zeroize::Zeroizing::new("tulip".to_owned()))),
        tls: super::super::Tls::Off,
        connections: 2,
        patience: Duration::ZERO,
    };
    let told = format!("{settings:?}");
    let error = PostgresStore::open(settings).await.unwrap_err();
    insta::assert_snapshot!(error, @"cannot reach the store at `127.0.0.1:1/firm`");
    assert!(!format!("{error:?} {told}").contains("tulip"));
}

#[tokio::test]
async fn the_states_kept_are_those_the_journal_leads_to() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::open(server.fresh().await).await.unwrap();
    let run = begin(&store, 1).await;
    perform(&store, &intent(run, 0, 1, "a"), Vec::new()).await;
    store.intend(&intent(run, 1, 1, "b")).await.unwrap();
    assert_eq!(store.verify_journal().await.unwrap(), 2);
    forge(&store, "UPDATE operation SET state = '\"waiting\"' WHERE operation = 1").await.unwrap();
    let damaged = store.verify_journal().await.unwrap_err();
    insta::assert_snapshot!(damaged, @"the store is damaged: operation #1 of run 1 is not in the state its journal leads to");
}
