//! What nobody can do to the record unseen, be it that the database is
//! theirs.

use jiff::Timestamp;
use lanyard_core::id::Digest;

use super::example::{at, begin, intent, perform};
use crate::store::{
    AuditFilter, AuditRow, AuditTail, Store, StoreError, Upkeep,
    chain::{AuditBreak, KnownHead, chained, personal},
    sql::{Access, Database, Problem, Sql, SqlStore, values},
};

/// So many rows, half of them before the one head and half before the other.
const ROWS: i64 = 8;

async fn rows(store: &dyn Store, run: u64) {
    let run = begin(store, run).await;
    for id in 0..4 {
        perform(store, &intent(run, id, run.0.unsigned_abs(), "a"), Vec::new()).await;
    }
}

pub(crate) async fn head(store: &dyn Store, after: u64, at: Timestamp) -> KnownHead {
    let AuditTail { rows, digest, marks, .. } = store.audit_tail(after, 100).await.unwrap();
    KnownHead { rows, digest, at, marks }
}

pub(crate) async fn the_end_of_the_audit_is_told_with_marks_on_the_way(store: &dyn Store) {
    let none = store.audit_tail(0, 9).await.unwrap();
    assert_eq!((none.rows, none.digest, none.at), (0, None, None));
    rows(store, 1).await;
    rows(store, 2).await;
    let all = store.audit(&AuditFilter::default()).await.unwrap();
    let chain = |row: usize| Some(all[row - 1].chain.clone());
    let tail = store.audit_tail(3, 100).await.unwrap();
    assert_eq!((tail.rows, tail.digest, tail.at), (8, chain(8), chain(3)));
    let begun: Vec<&str> = all.iter().map(|row| row.chain.as_str().get(..16).unwrap()).collect();
    assert_eq!(tail.marks.digests, begun[3..]);
    let few = store.audit_tail(0, 3).await.unwrap().marks;
    assert_eq!((few.every, few.digests), (3, vec![begun[2].to_owned(), begun[5].to_owned()]));
    let beyond = store.audit_tail(12, 9).await.unwrap();
    assert_eq!((beyond.rows, beyond.at, beyond.marks.digests.len()), (8, None, 0));
}

/// Something that is done to the database itself.
type Forgery = fn(&mut dyn Sql, &[AuditRow]) -> Result<(), Problem>;

/// Each with the row that has to be named, and whether the chain by itself
/// shows it.
const FORGERIES: [(&str, i64, bool, Forgery); 9] = [
    ("a field is edited", 3, true, |tx, _| {
        tx.execute("UPDATE audit SET result = 'refused' WHERE sequence = 3", &[]).map(drop)
    }),
    ("what can be erased is edited", 4, true, |tx, _| {
        tx.execute("UPDATE audit_part SET body = '[null,{}]' WHERE sequence = 4", &[]).map(drop)
    }),
    ("what can be erased is taken out", 4, true, |tx, _| {
        tx.execute("DELETE FROM audit_part WHERE sequence = 4", &[]).map(drop)
    }),
    ("a row is taken out", 5, true, |tx, _| {
        tx.execute("DELETE FROM audit WHERE sequence = 5", &[]).map(drop)
    }),
    ("a row is taken out and those after it are numbered anew", 5, true, |tx, _| {
        tx.execute("DELETE FROM audit WHERE sequence = 5", &[])?;
        (6..=ROWS).try_for_each(|row| {
            let moved = "UPDATE audit SET sequence = $2 WHERE sequence = $1";
            tx.execute(moved, values![row, row - 1]).map(drop)
        })
    }),
    ("two rows change places", 2, true, |tx, _| {
        let moved = "UPDATE audit SET sequence = $2 WHERE sequence = $1";
        for (from, to) in [(2_i64, 99_i64), (3, 2), (99, 3)] {
            tx.execute(moved, values![from, to])?;
        }
        Ok(())
    }),
    ("the end is cut off", 7, false, |tx, _| {
        tx.execute("DELETE FROM audit WHERE sequence >= 7", &[]).map(drop)
    }),
    ("everything is gone", 1, false, |tx, _| tx.execute("DELETE FROM audit", &[]).map(drop)),
    ("the chain is written anew from the middle", 6, false, |tx, rows| {
        let mut previous: Option<Digest> = None;
        for row in rows {
            let mut entry = row.entry.clone();
            if row.sequence == 6 {
                entry.actor = "somebody else".to_owned();
            }
            let salt = row.salt.clone().unwrap_or_default();
            let part = personal(&salt, &entry)?;
            let chain = chained(previous.as_ref(), &entry, &part)?;
            tx.execute(
                "UPDATE audit SET actor = $2, personal = $3, chain = $4 WHERE sequence = $1",
                values![row.sequence, &entry.actor, part.as_str(), chain.as_str()],
            )?;
            previous = Some(chain);
        }
        Ok(())
    }),
];

/// Tries every forgery on a store of its own; `open` is what has to be done
/// first by whoever owns the database.
pub(crate) async fn whoever_owns_the_database_cannot_change_the_audit_unseen<D: Database, A>(
    fresh: impl AsyncFn() -> (A, SqlStore<D>),
    open: &'static [&'static str],
) {
    for (what, named, by_itself, forgery) in FORGERIES {
        let (_alive, store) = fresh().await;
        rows(&store, 1).await;
        let first = head(&store, 0, at(10)).await;
        rows(&store, 2).await;
        let heads = [first.clone(), head(&store, first.rows, at(20)).await];
        let before = store.audit(&AuditFilter::default()).await.unwrap();
        assert_eq!(i64::try_from(before.len()).unwrap(), ROWS);
        verified(&store, &heads).await.unwrap();
        forged(&store, open, move |tx| forgery(tx, &before)).await.unwrap();
        let found = verified(&store, &heads).await.unwrap_err();
        assert_eq!(found.sequence, named, "{what}: {found}");
        let alone = store.verify_audit().await.unwrap();
        assert_eq!(alone.is_err(), by_itself, "{what}: {alone:?}");
        if let Err(alone) = alone {
            assert_eq!(alone.sequence, named, "{what}: {alone}");
        }
        // The one head that is older than all of it finds nothing.
        if named > i64::try_from(first.rows).unwrap() && !by_itself {
            verified(&store, &[first]).await.unwrap();
        }
    }
}

async fn verified(store: &dyn Upkeep, heads: &[KnownHead]) -> Result<(), AuditBreak> {
    store.verify_audit_beside(heads).await.unwrap().map(drop)
}

async fn forged<D: Database>(
    store: &SqlStore<D>,
    open: &'static [&'static str],
    forgery: impl Fn(&mut dyn Sql) -> Result<(), Problem> + Send + 'static,
) -> Result<(), StoreError> {
    let work = move |tx: &mut dyn Sql| {
        open.iter().try_for_each(|statement| tx.execute(statement, &[]).map(drop))?;
        forgery(tx)
    };
    store.database.call(Access::Write, "forge", work).await
}
