//! The embedded store: one SQLite file, one thread that writes it.

mod migrations;
mod open;
mod problem;
mod rechain;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;
mod writer;

use std::path::Path;

use self::{
    transaction::Transaction,
    writer::{Mode, Writer},
};
use super::{
    StoreError,
    sql::{Access, Database, Problem, Sql, SqlStore},
};

/// One file.  Dropping it waits until the file is closed.
#[derive(Debug)]
pub struct Sqlite {
    writer: Writer,
}

/// The store in one file.
pub type SqliteStore = SqlStore<Sqlite>;

impl SqlStore<Sqlite> {
    /// Opens the store beside whoever else has it open: for commands that
    /// look.  The file is made when it is missing, readable to its owner
    /// only; its directory is not.
    ///
    /// # Errors
    /// `Open`, `Newer`, or `Damaged` when the file is not a database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None)
    }

    /// Opens the store for the one process that carries out runs, until it is
    /// dropped or the process ends.
    ///
    /// # Errors
    /// `Busy` when another process has it so; otherwise as [`Self::open`].
    pub fn open_exclusive(path: &Path) -> Result<Self, StoreError> {
        let lock = open::lock(path)?;
        Self::start(path, Some(lock))
    }

    /// A copy in memory: what is written there is gone with it.  The file is
    /// only read, whoever has it open, and has to be there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_copy(path: &Path) -> Result<Self, StoreError> {
        let shown = open::shown(path);
        let writer = open::copy(path)
            .and_then(|copy| Writer::start(copy, None, shown.clone()))
            .map_err(|problem| problem.told_at_opening(&shown))?;
        Ok(Self { database: Sqlite { writer } })
    }

    /// A new store in memory alone.
    ///
    /// # Errors
    /// When SQLite cannot be used.
    pub fn in_memory() -> Result<Self, StoreError> {
        let shown = "memory".to_owned();
        let writer = open::memory()
            .and_then(|memory| Writer::start(memory, None, shown.clone()))
            .map_err(|problem| problem.told_at_opening(&shown))?;
        Ok(Self { database: Sqlite { writer } })
    }

    fn start(path: &Path, lock: Option<std::fs::File>) -> Result<Self, StoreError> {
        let connection = open::connection(path, lock.is_some())?;
        let path = open::shown(path);
        let writer = Writer::start(connection, lock, path.clone())
            .map_err(|problem| problem.told_at_opening(&path))?;
        Ok(Self { database: Sqlite { writer } })
    }
}

/// The schema that this program writes, in whichever database.
pub fn schema() -> u32 {
    migrations::newest()
}

/// Writes a copy of the file as it is at one moment, whoever uses it; readable
/// to its owner alone.
///
/// # Errors
/// `Open` when there is no such file, or one where the copy is to be.
pub fn backup(path: &Path, to: &Path) -> Result<(), StoreError> {
    open::backup(path, to)
}

impl Database for Sqlite {
    async fn call<T, F>(
        &self,
        access: Access,
        action: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Sql) -> Result<T, Problem> + Send + 'static,
    {
        let mode = match access {
            Access::Read => Mode::Read,
            Access::Write => Mode::Write,
        };
        let work = move |connection: &rusqlite::Connection| work(&mut Transaction(connection));
        self.writer.call(mode, action, work).await
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.writer.call(Mode::Alone, "sweep the file", sweep::sweep).await
    }

    async fn verify_file(&self) -> Result<(), StoreError> {
        let check = |connection: &rusqlite::Connection| {
            let check = "PRAGMA integrity_check(1)";
            let said: String = connection.query_row(check, [], |row| row.get(0))?;
            if said == "ok" { Ok(()) } else { Err(StoreError::Damaged(said).into()) }
        };
        self.writer.call(Mode::Read, "check the file", check).await
    }
}
