//! The store of a world: SQLite in a file, whose process ends at the n-th
//! change, and which can be broken on purpose.

use std::{
    any::Any,
    fs,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
};

use lanyard::store::{
    StoreError,
    sql::{Access, Database, Problem, Sql, SqlStore},
    sqlite::{Sqlite, SqliteStore},
};
use lanyard_core::guard::Lately;

use crate::{
    air::{Air, Stops, locked},
    wrong::Wrong,
};

/// A store as a world has it.
pub(crate) type Disk = SqlStore<Platter>;

type Later = Box<dyn FnOnce(&mut dyn Sql) -> Result<(), Problem> + Send>;

pub(crate) struct Platter {
    inner: Sqlite,
    air: Arc<Air>,
    wrong: Option<Wrong>,
    /// Intents that are kept too late, when that is what is wrong.
    late: Arc<Mutex<Vec<Later>>>,
}

/// A folder in memory where there is one: nothing is to outlive the machine.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(place).unwrap()
}

/// An empty store, brought up to date once for all worlds.
pub(crate) fn empty(to: &Path) {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = EMPTY.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("empty.db");
        drop(SqliteStore::open_exclusive(&path).unwrap());
        fs::read(&path).unwrap()
    });
    fs::write(to, bytes).unwrap();
}

/// As a process opens it, alone.
pub(crate) fn open(
    path: &Path,
    air: &Arc<Air>,
    wrong: Option<Wrong>,
) -> Result<Arc<Disk>, StoreError> {
    let store = SqliteStore::open_exclusive(path)?;
    let air = Arc::clone(air);
    Ok(Arc::new(store.within(|inner| Platter { inner, air, wrong, late: Arc::default() })))
}

impl Platter {
    /// What is wrong on purpose, before or in place of a transaction.
    fn instead<T: 'static>(&self, action: &str) -> Option<T> {
        if self.wrong == Some(Wrong::LimitPerRun) && action == "count what was done" {
            return of(Lately::default());
        }
        None
    }

    /// What `work` does is done with the next answer, and the caller is told
    /// that it is done.
    fn postponed<T, F>(&self, action: &str, work: F) -> Result<T, F>
    where
        T: 'static,
        F: Fn(&mut dyn Sql) -> Result<T, Problem> + Send + 'static,
    {
        if self.wrong != Some(Wrong::IntentAfterCall) || action != "keep an intent" {
            return Err(work);
        }
        match of(()) {
            Some(done) => {
                locked(&self.late).push(Box::new(move |tx| work(tx).map(|_| ())));
                Ok(done)
            }
            None => Err(work),
        }
    }
}

/// A value as the type that is asked for, if it is of that type.
fn of<T: 'static>(value: impl Any) -> Option<T> {
    let value: Box<dyn Any> = Box::new(value);
    value.downcast::<T>().ok().map(|value| *value)
}

impl Database for Platter {
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
        self.air.goes_on().await;
        if let Some(instead) = self.instead(action) {
            return Ok(instead);
        }
        if access == Access::Read {
            return now(self.inner.call(access, action, work));
        }
        let work = match self.postponed(action, work) {
            Ok(done) => return Ok(done),
            Err(work) => work,
        };
        let (number, ending) = self.air.write();
        self.air.say(|| format!("  store {:>2}: {action}", number + 1));
        match ending {
            Some(Stops::Before) => {
                self.air.crash("before");
                self.air.goes_on().await;
            }
            Some(Stops::Pauses) => self.air.pause().await,
            Some(Stops::After) | None => {}
        }
        let late = Arc::clone(&self.late);
        let (answers, baseline) =
            (action == "keep an answer", self.wrong == Some(Wrong::ReadBeforeItCounts));
        let done = now(self.inner.call(access, action, move |tx| {
            if answers {
                for late in locked(&late).drain(..) {
                    late(tx)?;
                }
            }
            let done = work(tx)?;
            if baseline && action == "record identities" {
                let read = "UPDATE source_read SET keys = '[]',
                     read_at = '2999-12-31T00:00:00.000000000Z'";
                tx.execute(read, &[])?;
            }
            Ok(done)
        }));
        if ending == Some(Stops::After) {
            self.air.crash("after");
            self.air.goes_on().await;
        }
        done
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        now(self.inner.sweep())
    }

    async fn verify_file(&self) -> Result<(), StoreError> {
        now(self.inner.verify_file())
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for the store's thread, and lets nobody else go on meanwhile: so the
/// order of everything follows from the seed.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
