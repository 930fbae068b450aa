//! What is in a store, row by row, into another one.

mod tables;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

pub(super) use self::tables::TABLES;
use self::tables::Table;
use super::{
    StoreError, Upkeep as _,
    chain::Head,
    sql::{Access, Database, Problem, Row, Sql, SqlStore, Value},
};

/// Rows that are on their way at once.
const UNDER_WAY: usize = 1024;

/// What was copied: rows by table, and the audit's head, which is the same in
/// both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub rows: BTreeMap<&'static str, u64>,
    pub head: Head,
}

/// Copies everything in one transaction of the other store, and compares both
/// afterwards.
///
/// # Errors
/// When there is something in the other store already, and then nothing is
/// changed; or when one of them fails, or both differ afterwards.
pub async fn copy<A: Database, B: Database>(
    from: &SqlStore<A>,
    to: &SqlStore<B>,
) -> Result<Copied, StoreError> {
    let (sent, received) = sync_channel(UNDER_WAY);
    let sent = Mutex::new(Some(sent));
    let received = Mutex::new(Some(received));
    let source = from.database.call(Access::Read, "read what is to be copied", move |tx| {
        let sent = once(&sent)?;
        TABLES.iter().try_for_each(|table| give(tx, table, &sent))
    });
    let destination = to.database.call(Access::Write, "take the copy", move |tx| {
        let received = once(&received)?;
        is_empty(tx)?;
        TABLES.iter().try_for_each(|table| take(tx, table, &received))
    });
    let (given, taken) = tokio::join!(source, destination);
    // Where the one breaks off, the other can only say that it did.
    match given {
        Err(error) if !said(&error, NO_MORE) => return Err(error),
        _ => taken?,
    }
    compared(from, to).await
}

/// What the one says whom the other has left.
const NO_MORE: &str = "the other store takes no more";

fn said(error: &StoreError, sentence: &str) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string() == sentence)
}

/// A row on its way; none: the table's last one has been sent.
type Sent = Option<Vec<Value<'static>>>;

/// What was sent cannot be sent again.
fn once<T>(end: &Mutex<Option<T>>) -> Result<T, Problem> {
    let taken = end.lock().unwrap_or_else(PoisonError::into_inner).take();
    taken.ok_or_else(|| Problem::Refused("it was disturbed; begin again".to_owned()))
}

fn give(tx: &mut dyn Sql, table: &Table, sent: &SyncSender<Sent>) -> Result<(), Problem> {
    let gone = |_| Problem::Refused(NO_MORE.to_owned());
    let Table { name, key, columns } = table;
    let all = format!("SELECT {columns} FROM {name} ORDER BY {key}");
    tx.each(&all, &[], &mut |row| {
        let values = (0..table.width()).map(|column| value(row, column));
        sent.send(Some(values.collect::<Result<_, _>>()?)).map_err(gone)
    })?;
    sent.send(None).map_err(gone)
}

fn value(row: &dyn Row, column: usize) -> Result<Value<'static>, Problem> {
    if row.is_null(column)? {
        return Ok(Value::Null);
    }
    match row.text(column) {
        Ok(text) => {
            let text = text.ok_or(Problem::Unreadable { column })?;
            Ok(Value::Text(Cow::Owned(text.to_owned())))
        }
        // Of the two kinds of columns, it is the other one.
        Err(_) => row.integer(column)?.map(Value::Integer).ok_or(Problem::Unreadable { column }),
    }
}

fn is_empty(tx: &mut dyn Sql) -> Result<(), Problem> {
    for Table { name, .. } in TABLES.iter().filter(|table| table.name != "salt") {
        let used: bool =
            tx.one(&format!("SELECT EXISTS (SELECT 1 FROM {name})"), &[], |row| row.get(0))?;
        if used {
            return Err(Problem::Refused(format!(
                "it is not empty: there are rows in its table `{name}`"
            )));
        }
    }
    Ok(())
}

fn take(tx: &mut dyn Sql, table: &Table, received: &Receiver<Sent>) -> Result<(), Problem> {
    let Table { name, columns, .. } = table;
    if *name == "salt" {
        // A new store has one of its own, which digests of the other's people
        // were not made with.
        tx.execute("DELETE FROM salt", &[])?;
    }
    let numbers: Vec<String> = (1..=table.width()).map(|number| format!("${number}")).collect();
    let numbers = numbers.join(", ");
    let insert = format!("INSERT INTO {name} ({columns}) VALUES ({numbers})");
    let mut broken = false;
    // Whoever asks again after the end gets nothing of the next table.
    let mut rows = std::iter::from_fn(|| {
        let row = received.recv();
        broken |= row.is_err();
        row.ok().flatten().map(Ok)
    })
    .fuse();
    tx.execute_each(&insert, &mut rows)?;
    if broken {
        return Err(Problem::Refused("the store that is copied gives no more".to_owned()));
    }
    Ok(())
}

async fn compared<A: Database, B: Database>(
    from: &SqlStore<A>,
    to: &SqlStore<B>,
) -> Result<Copied, StoreError> {
    let (here, there) = (counts(from).await?, counts(to).await?);
    if here != there {
        return Err(StoreError::Damaged("the copy has not as many rows".to_owned()));
    }
    let broken = |broken: super::chain::AuditBreak| StoreError::Damaged(broken.to_string());
    let head = from.verify_audit().await?.map_err(broken)?;
    if to.verify_audit().await?.map_err(broken)? != head {
        return Err(StoreError::Damaged("the copy's audit has another head".to_owned()));
    }
    from.verify_journal().await?;
    to.verify_journal().await?;
    Ok(Copied { rows: here, head })
}

async fn counts<D: Database>(
    store: &SqlStore<D>,
) -> Result<BTreeMap<&'static str, u64>, StoreError> {
    store
        .database
        .call(Access::Read, "count rows", |tx| {
            let mut counts = BTreeMap::new();
            for Table { name, .. } in TABLES {
                let count = format!("SELECT count(*) FROM {name}");
                counts.insert(*name, tx.one(&count, &[], |row| row.get(0))?);
            }
            Ok(counts)
        })
        .await
}
