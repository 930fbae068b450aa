//! The conformance suite, and what is special about a file.

mod copied;
mod crash;
mod erased;
mod file;
mod forged;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{SqliteStore, writer::Mode};
use crate::store::{StoreError, conformance, sql::Problem};

fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    (directory, store)
}

/// What is done to the file itself.
impl SqliteStore {
    async fn read<T, F>(&self, action: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    {
        self.database.writer.call(Mode::Read, action, work).await
    }

    async fn write<T, F>(&self, action: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    {
        self.database.writer.call(Mode::Write, action, work).await
    }
}

fn database(directory: &Path) -> PathBuf {
    directory.join("lanyard.db")
}

conformance::suite!(fresh);
