//! What is left after a process that did not end well.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use futures_util::future::join_all;
use lanyard_core::fault::{Fault, FaultKind};
use lanyard_core::run::OperationEvent;

use super::{SqliteStore, database, fresh};
use crate::store::{
    AuditFilter, Effect, Intent, Store as _, StoreError, Upkeep as _,
    conformance::example::{ada, answer, at, begin, done, grant, intent, link},
};

/// What a power cut would leave: the file and its log, as they are now.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = format!("lanyard.db{suffix}");
        std::fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

#[tokio::test]
async fn an_intent_is_durable_when_it_returns() {
    let (directory, store) = fresh();
    let run = begin(&store, 1).await;
    let sent = intent(run, 0, 1, "a");
    store.intend(&sent).await.unwrap();

    let other = tempfile::tempdir().unwrap();
    copy(directory.path(), other.path());
    let survivor = SqliteStore::open(&database(other.path())).unwrap();
    assert_eq!(survivor.unsettled(None).await.unwrap()[0].operation, sent.operation);
}

#[tokio::test]
async fn an_answer_is_durable_with_everything_that_follows_when_it_returns() {
    let (directory, store) = fresh();
    let run = begin(&store, 1).await;
    let sent = intent(run, 0, 1, "a");
    store.intend(&sent).await.unwrap();
    let effects = vec![Effect::Linked(link(ada(), "a")), Effect::Granted(grant("a", "x"))];
    store.answer(&answer(&sent, done(), effects)).await.unwrap();

    let other = tempfile::tempdir().unwrap();
    copy(directory.path(), other.path());
    let survivor = SqliteStore::open(&database(other.path())).unwrap();
    assert!(survivor.unsettled(None).await.unwrap().is_empty());
    assert_eq!(survivor.links().await.unwrap().len(), 1);
    assert_eq!(survivor.ledger().await.unwrap().len(), 1);
    assert_eq!(survivor.verify_audit().await.unwrap().unwrap().rows, 1);
    assert_eq!(survivor.verify_journal().await.unwrap(), 1);
}

#[tokio::test]
async fn the_states_kept_are_those_the_journal_leads_to() {
    let (_directory, store) = fresh();
    let run = begin(&store, 1).await;
    let fault = || Fault::new(FaultKind::OutcomeUnknown { retry_after_ms: None }, "broken off");
    let histories = [
        vec![],
        vec![done()],
        vec![OperationEvent::LostAnswer { fault: fault() }],
        vec![OperationEvent::LostAnswer { fault: fault() }, done()],
        vec![OperationEvent::Refused { fault: fault(), retry_at: at(5) }],
        vec![OperationEvent::GaveUp { fault: fault() }],
    ];
    for (id, history) in (0..).zip(histories) {
        let sent = intent(run, id, 1, "a");
        store.intend(&sent).await.unwrap();
        for event in history {
            store.answer(&answer(&sent, event, Vec::new())).await.unwrap();
        }
    }
    store.intend(&Intent { attempt: 2, ..intent(run, 4, 1, "a") }).await.unwrap();
    assert_eq!(store.verify_journal().await.unwrap(), 6);

    store
        .write("forge a state", |tx| {
            tx.execute("UPDATE operation SET state = '\"waiting\"' WHERE operation = 3", [])?;
            Ok(())
        })
        .await
        .unwrap();
    let damaged = store.verify_journal().await.unwrap_err();
    insta::assert_snapshot!(damaged, @"the store is damaged: operation #3 of run 1 is not in the state its journal leads to");
}

const CHILD: &str = "LANYARD_TEST_STORE_TO_BE_KILLED_OVER";

/// Not a test of its own: the process that the next test kills.
#[tokio::test]
async fn write_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open_exclusive(Path::new(&path)).unwrap();
    let run = begin(&store, 1).await;
    for group in 0_u32.. {
        let sent: Vec<_> = (0..64).map(|id| intent(run, group * 64 + id, 1, "a")).collect();
        let kept = join_all(sent.iter().map(async |intent| {
            store.intend(intent).await.unwrap();
            // Half of them are answered.
            if intent.operation.id.0 % 2 == 0 {
                store.answer(&answer(intent, done(), Vec::new())).await.unwrap();
            }
            writeln!(std::io::stderr(), "kept {}", intent.operation.id.0).unwrap();
        }));
        kept.await;
    }
}

#[tokio::test]
async fn a_process_killed_in_the_middle_loses_nothing_it_was_told_was_kept() {
    for told in [1, 70, 333] {
        let directory = tempfile::tempdir().unwrap();
        let path = database(directory.path());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["store::sqlite::tests::crash::write_until_killed", "--exact", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut kept: Vec<u32> = Vec::new();
        while kept.len() < told {
            let line = lines.next().expect("the child writes until it is killed");
            kept.extend(line.strip_prefix("kept ").and_then(|id| id.parse::<u32>().ok()));
        }
        assert!(matches!(SqliteStore::open_exclusive(&path), Err(StoreError::Busy { .. })));
        child.kill().unwrap();
        child.wait().unwrap();
        // It may have been told more between our last line and its end.
        kept.extend(lines.filter_map(|line| line.strip_prefix("kept ")?.parse::<u32>().ok()));

        let store = SqliteStore::open_exclusive(&path).unwrap();
        store.verify_file().await.unwrap();
        store.verify_journal().await.unwrap();
        let rows = store.verify_audit().await.unwrap().unwrap().rows;
        let open: Vec<u32> =
            store.unsettled(None).await.unwrap().iter().map(|open| open.operation.id.0).collect();
        let states = store.operation_states(crate::store::RunId(1)).await.unwrap();
        assert_eq!(usize::try_from(rows).unwrap() + open.len(), states.len());
        for id in kept {
            assert!(states.contains_key(&lanyard_core::id::OperationId(id)), "{id} was lost");
            assert_eq!(open.contains(&id), id % 2 == 1, "the answer to {id} was lost");
        }
    }
}

#[tokio::test]
async fn when_the_commit_fails_everybody_in_it_hears_so() {
    let (_directory, store) = fresh();
    let run = begin(&store, 1).await;
    // A constraint that is only checked by COMMIT fails the whole group.
    let broken = store.write("break the commit", |tx| {
        tx.execute_batch(
            "PRAGMA defer_foreign_keys = ON;
             INSERT INTO identity_record VALUES ('nobody', 0, 'hr', '1');",
        )?;
        Ok(())
    });
    let sent: Vec<_> = (0..8).map(|id| intent(run, id, 1, "a")).collect();
    let intents = join_all(sent.iter().map(|intent| store.intend(intent)));
    let (broken, intents) = in_one_group(&store, broken, intents).await;
    assert!(matches!(broken, Err(StoreError::Failed { .. })), "{broken:?}");
    assert!(intents.iter().all(Result::is_err), "{intents:?}");
    assert!(store.unsettled(None).await.unwrap().is_empty());
    store.intend(&sent[0]).await.unwrap();
}

/// Keeps the thread busy until both have sent what they want.
async fn in_one_group<A: Future, B: Future>(
    store: &SqliteStore,
    first: A,
    second: B,
) -> (A::Output, B::Output) {
    let (starts, started) = std::sync::mpsc::channel();
    let (opens, opened) = std::sync::mpsc::channel();
    let held = store.read("wait", move |_tx| {
        starts.send(()).unwrap();
        opened.recv().unwrap();
        Ok(())
    });
    let meanwhile = async move {
        started.recv().unwrap();
        tokio::join!(first, second, async move { opens.send(()).unwrap() })
    };
    let (held, (first, second, ())) = tokio::join!(held, meanwhile);
    held.unwrap();
    (first, second)
}

#[tokio::test]
async fn a_change_that_fails_is_undone_alone() {
    let (_directory, store) = fresh();
    let run = begin(&store, 1).await;
    let fails = store.write("fail half-way", |tx| -> Result<(), _> {
        tx.execute("INSERT INTO mark VALUES ('key', 'step', 'data')", [])?;
        Err(crate::store::sql::Problem::Refused("no".to_owned()))
    });
    let (before, after) = (intent(run, 0, 1, "a"), intent(run, 1, 1, "a"));
    let intents = join_all([store.intend(&before), store.intend(&after)]);
    let (failed, intents) = in_one_group(&store, fails, intents).await;
    failed.unwrap_err();
    assert!(intents.iter().all(Result::is_ok), "{intents:?}");
    assert_eq!(store.recall("key", "step").await.unwrap(), None);
    assert_eq!(store.unsettled(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn when_the_thread_dies_every_caller_gets_an_error() {
    let (_directory, store) = fresh();
    let fatal = store.write("die", |_tx| -> Result<(), _> { panic!("on purpose") });
    let filter = AuditFilter::default();
    let (died, waited) = tokio::join!(fatal, store.audit(&filter));
    insta::assert_snapshot!(died.unwrap_err(), @"the store failed to die");
    waited.unwrap_err();
    store.runs().await.unwrap_err();
}
