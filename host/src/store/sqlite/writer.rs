//! The thread that owns the connection, and group commit.
//!
//! Whatever waits when a transaction begins goes into it, each change behind a
//! savepoint of its own, so that one sync of the disk serves many callers.
//! Nobody hears of success before the commit.

use std::{
    fs::File,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::oneshot;

use super::problem;
use crate::store::{StoreError, sql::Problem};

/// Changes in one transaction: enough that the disk's sync is shared, few
/// enough that the first caller does not wait long for the last one's work.
const GROUP: usize = 512;

#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    path: String,
}

/// Whether a call changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
    /// Outside of any transaction.
    Alone,
}

impl Writer {
    /// Starts the thread; `lock` is released when the connection is closed.
    pub(super) fn start(
        connection: Connection,
        lock: Option<File>,
        path: String,
    ) -> Result<Self, Problem> {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("lanyard-store".to_owned())
            .spawn(move || {
                serve(connection, &queue);
                drop(lock);
            })
            .map_err(|error| Problem::Refused(format!("no thread for the store: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), path })
    }

    /// Has `work` done in a transaction, and waits until it is durable.
    pub(super) async fn call<T, F>(
        &self,
        mode: Mode,
        action: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { mode, work: Some(work), outcome: None, reply };
        let stopped =
            || StoreError::Failed { action, source: "the store's thread has stopped".into() };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(call)).map_err(|_| stopped())?;
        match answer.await {
            Ok(outcome) => outcome.map_err(|problem| problem.told(action, &self.path)),
            Err(_) => Err(stopped()),
        }
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the file is closed and its lock free.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

/// One call, its type hidden from the thread.
trait Job: Send {
    fn mode(&self) -> Mode;
    /// False: it failed, and what it did must be undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller, after the transaction has ended.
    fn reply(self: Box<Self>, failure: Option<Arc<rusqlite::Error>>);
}

struct Call<T, F> {
    mode: Mode,
    work: Option<F>,
    outcome: Option<Result<T, Problem>>,
    reply: oneshot::Sender<Result<T, Problem>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Problem> + Send,
{
    fn mode(&self) -> Mode {
        self.mode
    }

    fn run(&mut self, connection: &Connection) -> bool {
        self.outcome = self.work.take().map(|work| work(connection));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn reply(self: Box<Self>, failure: Option<Arc<rusqlite::Error>>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = match (outcome, failure) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(problem::of(&failure)),
            (Some(done), None) => done,
            // Unreachable: a group that committed has run all its jobs.
            (None, None) => Err(Problem::Refused("the change was never made".to_owned())),
        };
        // Nobody waits any more: the change stands, as after a lost answer.
        drop(reply.send(outcome));
    }
}

fn serve(connection: Connection, queue: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        let (alone, group): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|job| job.mode() == Mode::Alone);
        together(&connection, group);
        for mut job in alone {
            job.run(&connection);
            job.reply(None);
        }
    }
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the store was not closed cleanly");
    }
}

/// Has jobs done in one transaction, and tells their callers.
fn together(connection: &Connection, mut group: Vec<Box<dyn Job>>) {
    if group.is_empty() {
        return;
    }
    let failure = transact(connection, &mut group).err().map(Arc::new);
    if failure.is_some()
        && !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction of the store cannot be rolled back");
    }
    for job in group {
        job.reply(failure.clone());
    }
}

fn transact(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let writes = group.iter().any(|job| job.mode() == Mode::Write);
    // A reader takes no write lock: `status` works while `apply` runs.
    connection.execute_batch(if writes { "BEGIN IMMEDIATE" } else { "BEGIN DEFERRED" })?;
    for job in group.iter_mut() {
        if job.mode() == Mode::Read {
            job.run(connection);
            continue;
        }
        connection.prepare_cached("SAVEPOINT job")?.execute([])?;
        if !job.run(connection) {
            still_open(connection)?;
            connection.execute_batch("ROLLBACK TO job")?;
        }
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    connection.execute_batch("COMMIT")
}

/// A full disk and the like make SQLite roll everything back by itself; what
/// the earlier jobs of the group did is gone with it.
fn still_open(connection: &Connection) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(
        ffi::Error { code: ErrorCode::OperationAborted, extended_code: ffi::SQLITE_ABORT },
        Some("a change made at the same time ended the transaction".to_owned()),
    ))
}
