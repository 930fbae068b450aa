//! The store in PostgreSQL: one connection writes, a few others read.
//!
//! All that waits to be written goes into one transaction, as in the embedded
//! store, so that one sync of the server's disk serves many callers.  Whoever
//! writes takes one table first: transactions that write come one after
//! another, on all machines, and none has to be repeated because of another.

mod connect;
mod migrations;
mod post;
mod problem;
mod session;
#[cfg(test)]
mod tests;
mod tls;
mod work;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use zeroize::Zeroizing;

use self::{post::Post, session::Session, work::Crew};
use super::{
    StoreError,
    sql::{Access, Database, Problem, Sql, SqlStore},
};

/// Where a PostgreSQL server is, and as whom it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A name, an address, or the absolute path of a socket's directory.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Option<Password>,
    pub tls: Tls,
    /// At most so many connections at once; at least two.
    pub connections: usize,
    /// For so long it is asked again whether a server that was there and is
    /// away is there once more.
    pub patience: Duration,
}

/// A password, which is never shown.
#[derive(Clone)]
pub struct Password(pub Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    Off,
    /// The connection is encrypted, and nobody asks to whom it goes.
    Require,
    /// The server proves that it is who it is called, to the system's
    /// authorities or to those of this file.
    VerifyFull {
        ca: Option<PathBuf>,
    },
}

impl Settings {
    /// What people are told: `host:port/database`.
    pub fn place(&self) -> String {
        let Self { host, port, database, .. } = self;
        if host.contains(':') {
            return format!("[{host}]:{port}/{database}");
        }
        format!("{host}:{port}/{database}")
    }
}

/// One database of a server.  Dropping it waits until its connections are
/// closed.
#[derive(Debug)]
pub struct Postgres {
    settings: Arc<Settings>,
    writer: Crew,
    readers: Crew,
}

/// The store in PostgreSQL.
pub type PostgresStore = SqlStore<Postgres>;

impl SqlStore<Postgres> {
    /// Opens the store beside whoever else has it open: for commands that
    /// look.  Its tables are made when there are none.
    ///
    /// # Errors
    /// `Unreachable`, `Open`, `Newer`, or `Busy` when its tables are older
    /// and another process changes them.
    pub async fn open(settings: Settings) -> Result<Self, StoreError> {
        Self::start(settings, false).await
    }

    /// Opens the store for the one process that carries out runs, until it is
    /// dropped or the process ends.
    ///
    /// # Errors
    /// `Busy` when another process has it so; otherwise as [`Self::open`].
    pub async fn open_exclusive(settings: Settings) -> Result<Self, StoreError> {
        Self::start(settings, true).await
    }

    /// Whether there are tables of a store: looking must not make them.
    ///
    /// # Errors
    /// `Unreachable`, `Open` or `Newer`.
    pub async fn exists(settings: Settings) -> Result<bool, StoreError> {
        let place = settings.place();
        let look = move || migrations::exists(&mut connect::connect(&settings)?, &settings.place());
        elsewhere(look).await.map_err(|problem| problem.told_at_opening(&place))
    }

    async fn start(settings: Settings, exclusive: bool) -> Result<Self, StoreError> {
        let place = settings.place();
        let opened = elsewhere(move || Postgres::open(settings, exclusive)).await;
        let database = opened.map_err(|problem| problem.told_at_opening(&place))?;
        Ok(Self { database })
    }
}

impl Postgres {
    fn open(settings: Settings, exclusive: bool) -> Result<Self, Problem> {
        let settings = Arc::new(settings);
        let mut session = connect::connect(&settings)?;
        let place = settings.place();
        let current = migrations::is_current(&mut session, &place)?;
        let held = exclusive || !current;
        if held && !session.take_lock()? {
            return Err(StoreError::Busy { path: place }.into());
        }
        if held {
            migrations::migrate(&mut session, &place)?;
            migrations::parts(&mut session)?;
        }
        let epoch = if exclusive {
            Some(session.begin_epoch()?)
        } else {
            if held {
                session.leave_lock()?;
            }
            None
        };
        let readers = settings.connections.saturating_sub(1).max(1);
        let post = Post::new(Arc::clone(&settings), Some(session), epoch);
        Ok(Self {
            writer: Crew::writer(post)?,
            readers: Crew::readers(&settings, readers)?,
            settings,
        })
    }
}

/// Has something done by a thread that may wait.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_panicked) => Err(Problem::Refused("the store's thread has stopped".to_owned())),
    }
}

impl Database for Postgres {
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
        let crew = match access {
            Access::Read => &self.readers,
            Access::Write => &self.writer,
        };
        let done = crew.call(work).await;
        done.map_err(|problem| problem.told(action, &self.settings.place()))
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        let settings = Arc::clone(&self.settings);
        let swept = elsewhere(move || connect::connect(&settings)?.sweep()).await;
        swept.map_err(|problem| problem.told("sweep its tables", &self.settings.place()))
    }

    /// The server checks what it reads by itself.
    async fn verify_file(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Session {
    /// Has the bytes of what was erased leave the server's tables: they are
    /// written anew.
    fn sweep(&mut self) -> Result<bool, Problem> {
        if !super::sql::unswept(self)? {
            return Ok(true);
        }
        let tables: Vec<String> = (self as &mut dyn Sql).all(
            "SELECT CAST(relname AS TEXT) FROM pg_class
             JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE nspname = current_schema() AND relkind = 'r' ORDER BY 1",
            &[],
            |row| row.get(0),
        )?;
        for table in tables {
            match self.batch(&format!("VACUUM (FULL) \"{table}\"")) {
                Err(Problem::Database { kind: super::sql::Kind::Busy, .. }) => return Ok(false),
                vacuumed => vacuumed?,
            }
        }
        self.batch("UPDATE erased SET swept = 1 WHERE swept = 0")?;
        Ok(true)
    }
}
