//! Opening the file: its lock, its mode, its pragmas, its schema.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::migrations;
use crate::store::{StoreError, sql::Problem};

/// How long a change waits for another process's transaction, which holds at
/// most one group of changes.
const BUSY: Duration = Duration::from_secs(5);
/// Pages of the file that are copied at once: all of them, so that who writes
/// meanwhile does not make it begin again.
const PAGES: i32 = i32::MAX;
/// Statements kept prepared: somewhat more than the store has.
const STATEMENTS: usize = 256;

/// Takes the lock that one changing process holds; the system releases it
/// when the process ends, however it ends.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(PathBuf::from(name))
        .map_err(|error| failed(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: shown(path) }),
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}

/// Opens the file, made when it is missing, with the current schema.  Whoever
/// brings it up to date holds the lock (`alone`: the caller does) meanwhile: a
/// process that changes it goes by the schema that it began with.
pub(super) fn connection(path: &Path, alone: bool) -> Result<Connection, StoreError> {
    create(path).map_err(|error| failed(path, error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let told = |problem: Problem| problem.told_at_opening(&shown(path));
    let connection =
        Connection::open_with_flags(path, flags).map_err(Problem::from).map_err(told)?;
    let is_current = migrations::is_current(&connection, &shown(path)).map_err(told)?;
    let _held = if is_current || alone { None } else { Some(lock(path)?) };
    prepare(connection, &shown(path)).map_err(told)
}

/// A copy of what the file holds, in memory alone and with the current schema;
/// the file stays as it is.
pub(super) fn copy(path: &Path) -> Result<Connection, Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags)?;
    file.busy_timeout(BUSY)?;
    let mut copy = Connection::open_in_memory()?;
    Backup::new(&file, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    settings(&copy)?;
    migrations::migrate(&mut copy, &shown(path))?;
    Ok(copy)
}

/// A copy of the file as it is at one moment, in another file.
pub(super) fn backup(path: &Path, to: &Path) -> Result<(), StoreError> {
    let told = |problem: Problem| problem.told_at_opening(&shown(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags).map_err(Problem::from).map_err(told)?;
    migrations::is_current(&file, &shown(path)).map_err(told)?;
    private(OpenOptions::new().create_new(true).write(true))
        .open(to)
        .map_err(|error| failed(to, error))?;
    let write = || -> Result<(), Problem> {
        let mut copy = Connection::open(to)?;
        file.busy_timeout(BUSY)?;
        Backup::new(&file, &mut copy)?.run_to_completion(PAGES, Duration::ZERO, None)?;
        let said: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said == "ok" { Ok(()) } else { Err(StoreError::Damaged(said).into()) }
    };
    write().map_err(|problem| {
        // What is half a copy is none.
        drop(std::fs::remove_file(to));
        problem.told("save a copy", &shown(to))
    })
}

/// An empty store that is in no file.
pub(super) fn memory() -> Result<Connection, Problem> {
    let mut memory = Connection::open_in_memory()?;
    settings(&memory)?;
    migrations::migrate(&mut memory, "memory")?;
    Ok(memory)
}

fn settings(connection: &Connection) -> Result<(), Problem> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Personal data stays out of files that others may read.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

fn prepare(mut connection: Connection, path: &str) -> Result<Connection, Problem> {
    settings(&connection)?;
    // A database that is not ours is refused before its journal is changed.
    migrations::migrate(&mut connection, path)?;
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !journal.eq_ignore_ascii_case("wal") {
        return Err(Problem::Refused("its file system cannot hold a write-ahead log".to_owned()));
    }
    // NORMAL would lose acknowledged intents when the power fails.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// SQLite would create the file readable to all; its log gets the same mode.
/// A file that exists is not even opened: closing it would drop the locks
/// that another store of this process holds on it.
fn create(path: &Path) -> io::Result<()> {
    match private(OpenOptions::new().create_new(true).write(true)).open(path) {
        Ok(_made) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600)
    }
    #[cfg(not(unix))]
    options
}

fn failed(path: &Path, error: io::Error) -> StoreError {
    StoreError::Open { path: shown(path), source: Box::new(error) }
}

pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
