//! The store that the operator's file names, whichever it is.

use super::{
    StoreError,
    postgres::{Postgres, PostgresStore},
    sql::{Access, Database, Problem, Sql, SqlStore},
    sqlite::{Sqlite, SqliteStore},
};

#[derive(Debug)]
pub enum Any {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A store in a file or on a server.
pub type AnyStore = SqlStore<Any>;

impl From<SqliteStore> for AnyStore {
    fn from(store: SqliteStore) -> Self {
        Self { database: Any::Sqlite(store.database) }
    }
}

impl From<PostgresStore> for AnyStore {
    fn from(store: PostgresStore) -> Self {
        Self { database: Any::Postgres(store.database) }
    }
}

impl Database for Any {
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
        match self {
            Self::Sqlite(database) => database.call(access, action, work).await,
            Self::Postgres(database) => database.call(access, action, work).await,
        }
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(database) => database.sweep().await,
            Self::Postgres(database) => database.sweep().await,
        }
    }

    async fn verify_file(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(database) => database.verify_file().await,
            Self::Postgres(database) => database.verify_file().await,
        }
    }
}
