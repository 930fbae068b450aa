//! The conformance suite, and what is special about a file.

mod crash;
mod erased;
mod file;

use std::path::{Path, PathBuf};

use super::SqliteStore;
use crate::store::conformance;

fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&database(directory.path())).unwrap();
    (directory, store)
}

fn database(directory: &Path) -> PathBuf {
    directory.join("lanyard.db")
}

conformance::suite!(fresh);
