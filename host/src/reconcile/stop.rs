//! How a run waits, and what ends that and the run.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{ReconcileError, nothing_is_halted};
use crate::store::Store;

/// How often a process looks whether `lanyard halt` was said, at most: calls
/// take longer, and what is sent in between is a handful.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// For so long a store that cannot be read is asked again before the run ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lets time pass where nobody wants to wait for it.
type Passing = dyn Fn(Duration) + Send + Sync;

/// Asks a run to stop before the next call, and whatever waits to wait no
/// longer.
#[derive(Clone, Default)]
pub struct Stop {
    asked: Arc<watch::Sender<bool>>,
    halt: Option<Arc<Halting>>,
    passing: Option<Arc<Passing>>,
}

/// Where `lanyard halt` is found by a process that runs.
struct Halting {
    store: Arc<dyn Store>,
    every: Duration,
    looked: Mutex<Option<Instant>>,
    found: AtomicBool,
    /// The last look failed: whoever wants to call looks anew.
    unread: AtomicBool,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_asked()).finish()
    }
}

impl Stop {
    /// One that is also asked by `lanyard halt`, from any process.
    pub fn watching(store: Arc<dyn Store>) -> Self {
        Self::looking(store, LOOK_EVERY)
    }

    /// The same, looking so often at most.
    pub fn looking(store: Arc<dyn Store>, every: Duration) -> Self {
        let looked = Mutex::default();
        let (found, unread) = (AtomicBool::new(false), AtomicBool::new(false));
        let halting = Halting { store, every, looked, found, unread };
        Self { halt: Some(Arc::new(halting)), ..Self::default() }
    }

    /// Where nobody waits: `passing` makes the clock go on by that much.
    #[must_use]
    pub fn impatient(self, passing: Arc<Passing>) -> Self {
        Self { passing: Some(passing), ..self }
    }

    pub fn ask(&self) {
        self.asked.send_replace(true);
    }

    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Whether it was asked here, or everything was halted.
    pub(super) async fn is_ordered(&self) -> bool {
        self.is_halted().await || self.is_asked()
    }

    /// Whether everything was halted: then no call is made any more, not even
    /// one that looks what came of another.  While that cannot be read nobody
    /// is answered, so that no call begins.
    pub(super) async fn is_halted(&self) -> bool {
        let Some(halting) = &self.halt else { return false };
        let began = Instant::now();
        while halting.is_due() {
            match halting.store.halted().await {
                Ok(halt) => {
                    halting.unread.store(false, Ordering::SeqCst);
                    if let Some(halt) = halt {
                        tracing::warn!("halted {halt}");
                        self.halted(halting);
                    }
                    break;
                }
                Err(error) => {
                    if !halting.unread.swap(true, Ordering::SeqCst) {
                        tracing::error!("whether everything was halted cannot be read: {error}");
                    }
                    if self.is_asked() {
                        return true;
                    }
                    if began.elapsed() >= PATIENCE {
                        tracing::error!("it still cannot be read, so nothing more is called");
                        self.halted(halting);
                        break;
                    }
                    tokio::time::sleep(halting.every).await;
                }
            }
        }
        halting.found.load(Ordering::SeqCst)
    }

    /// Nothing is begun, and what was read is not gone by, while everything is
    /// halted.
    ///
    /// # Errors
    /// `Halted`, or the store cannot be read.
    pub(crate) async fn nothing_is_halted(&self) -> Result<(), ReconcileError> {
        match &self.halt {
            Some(halting) => nothing_is_halted(halting.store.as_ref()).await,
            None => Ok(()),
        }
    }

    fn halted(&self, halting: &Halting) {
        halting.found.store(true, Ordering::SeqCst);
        self.ask();
    }

    pub(super) async fn asked(&self) {
        let mut asked = self.asked.subscribe();
        // The sender is ours, so that it is not gone.
        let _never_gone = asked.wait_for(|asked| *asked).await;
    }

    /// Until everything is halted, while nothing else looks.
    async fn found_halted(&self) {
        let Some(halting) = &self.halt else { return std::future::pending().await };
        while !self.is_halted().await {
            tokio::time::sleep(halting.every).await;
        }
    }

    /// Waits so long; true when a stop came first.
    pub(super) async fn wait(&self, wait: Duration) -> bool {
        match &self.passing {
            Some(passing) => {
                passing(wait);
                tokio::task::yield_now().await;
                self.is_asked()
            }
            None => {
                tokio::select! {
                    biased;
                    () = self.asked() => true,
                    () = self.found_halted() => true,
                    () = tokio::time::sleep(wait) => false,
                }
            }
        }
    }

    /// Waits so long beside what is under way, which is waited for where time
    /// is made to pass.
    pub(super) async fn wait_beside(&self, wait: Option<Duration>, is_under_way: bool) {
        match wait {
            Some(wait) if self.passing.is_none() || !is_under_way => {
                self.wait(wait).await;
            }
            _ => self.asked().await,
        }
    }
}

impl Halting {
    fn is_due(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = self.unread.load(Ordering::SeqCst)
            || looked.is_none_or(|looked| looked.elapsed() >= self.every);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }
}
