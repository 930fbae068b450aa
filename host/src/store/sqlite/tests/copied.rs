//! A store that goes on while it is copied.

use std::error::Error as _;

use lanyard_core::schedule::Halt;

use crate::store::{
    Store, StoreError, Upkeep as _,
    conformance::example::{at, bob, entry, link},
    copy::copy,
    sql::{Access, Database, Problem, Sql, SqlStore},
    sqlite::SqliteStore,
};

/// Somebody halts everything and lets it go on after whatever is done there.
struct Busy(SqliteStore);

impl Database for Busy {
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
        let done = Database::call(&self.0.database, access, action, work).await;
        let halt = Halt { at: at(1), by: "another".to_owned(), reason: None };
        assert!(self.0.halt(&halt, &entry(1, "halt")).await.unwrap());
        assert!(self.0.resume(at(2), &entry(2, "resume")).await.unwrap());
        done
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        Database::sweep(&self.0.database).await
    }

    async fn verify_file(&self) -> Result<(), StoreError> {
        Database::verify_file(&self.0.database).await
    }
}

fn database(store: SqliteStore) -> SqlStore<Busy> {
    SqlStore { database: Busy(store) }
}

#[tokio::test]
async fn a_store_that_goes_on_while_it_is_copied_is_copied_as_it_was_at_one_moment() {
    let (_folder, file) = super::fresh();
    file.adopt(&link(bob(), "b"), &entry(0, "adopt")).await.unwrap();
    let busy = database(file);
    let memory = SqliteStore::in_memory().unwrap();
    let copied = copy(&busy, &memory).await.unwrap();
    assert_eq!((copied.head.rows, copied.rows["audit"], copied.rows["halt"]), (1, 1, 0));
    assert_eq!(memory.verify_audit().await.unwrap().unwrap(), copied.head);
    assert_eq!(busy.database.0.verify_audit().await.unwrap().unwrap().rows, 3);
}

#[tokio::test]
async fn a_store_in_which_nothing_but_its_clock_was_looked_at_is_copied_to() {
    let (_folder, file) = super::fresh();
    file.adopt(&link(bob(), "b"), &entry(0, "adopt")).await.unwrap();
    assert!(file.keep_clock(true).await.unwrap());
    let memory = SqliteStore::in_memory().unwrap();
    assert!(!memory.keep_clock(false).await.unwrap());
    copy(&file, &memory).await.unwrap();
    // It goes by the clock that what is in it was read by.
    assert!(memory.keep_clock(false).await.unwrap());
    let twice = copy(&file, &memory).await.unwrap_err();
    let why = twice.source().unwrap().to_string();
    assert!(why.starts_with("it is not empty: there are rows in its table"), "{why}");
}
