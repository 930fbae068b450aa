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
    StoreError,
    chain::Head,
    sql::{Access, Database, Problem, Row, Sql, SqlStore, Value, audit, journal},
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

/// Copies everything as it is at one moment in one transaction of the other
/// store, which ends well only where both are the same.
///
/// # Errors
/// When there is something in the other store already, when one of them
/// fails, or when what arrived is not what was sent; then nothing is changed.
pub async fn copy<A: Database, B: Database>(
    from: &SqlStore<A>,
    to: &SqlStore<B>,
) -> Result<Copied, StoreError> {
    let (sent, received) = sync_channel(UNDER_WAY);
    let (told, heard) = sync_channel(1);
    let (sent, told) = (Mutex::new(Some(sent)), Mutex::new(Some(told)));
    let (received, heard) = (Mutex::new(Some(received)), Mutex::new(Some(heard)));
    let source = from.database.call(Access::Read, "read what is to be copied", move |tx| {
        let (sent, told) = (once(&sent)?, once(&told)?);
        TABLES.iter().try_for_each(|table| give(tx, table, &sent))?;
        told.send(whole(tx)?).map_err(|_| Problem::Refused(NO_MORE.to_owned()))
    });
    let destination = to.database.call(Access::Write, "take the copy", move |tx| {
        let (received, heard) = (once(&received)?, once(&heard)?);
        is_empty(tx)?;
        TABLES.iter().try_for_each(|table| take(tx, table, &received))?;
        let there: Copied = heard.recv().map_err(|_| Problem::Refused(BROKE_OFF.to_owned()))?;
        same(&there, whole(tx)?)
    });
    let (given, taken) = tokio::join!(source, destination);
    // Where the one breaks off, the other can only say that it did.
    match given {
        Err(error) if !said(&error, NO_MORE) => Err(error),
        _ => taken,
    }
}

/// Of its own, every store has some before anybody used it.
const OF_ITS_OWN: [&str; 2] = ["salt", "clock"];

/// What the other says whom the one has left.
const BROKE_OFF: &str = "the store that is copied gives no more";

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
    for Table { name, .. } in TABLES.iter().filter(|it| !OF_ITS_OWN.contains(&it.name)) {
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
    if OF_ITS_OWN.contains(name) {
        // Digests of the other's people were not made with its salt, nor were
        // its people read by its clock.
        tx.execute(&format!("DELETE FROM {name}"), &[])?;
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
        return Err(Problem::Refused(BROKE_OFF.to_owned()));
    }
    Ok(())
}

fn same(there: &Copied, here: Copied) -> Result<Copied, Problem> {
    if here.rows != there.rows {
        return Err(StoreError::Damaged("the copy has not as many rows".to_owned()).into());
    }
    if here.head != there.head {
        return Err(StoreError::Damaged("the copy's audit has another head".to_owned()).into());
    }
    Ok(here)
}

/// What there is, if it holds together.
fn whole(tx: &mut dyn Sql) -> Result<Copied, Problem> {
    let mut rows = BTreeMap::new();
    for Table { name, .. } in TABLES {
        let count = format!("SELECT count(*) FROM {name}");
        rows.insert(*name, tx.one(&count, &[], |row| row.get(0))?);
    }
    journal::verify(tx)?;
    let head = audit::verify(tx, &[])?.map_err(|broken| StoreError::Damaged(broken.to_string()))?;
    Ok(Copied { rows, head })
}
