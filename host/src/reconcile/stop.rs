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

use crate::store::Store;

/// How often a process looks whether `lanyard halt` was said, at most: calls
/// take longer, and what is sent in between is a handful.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
        let halting = Halting { store, every, looked, found: AtomicBool::new(false) };
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
    /// one that looks what came of another.
    pub(super) async fn is_halted(&self) -> bool {
        let Some(halting) = &self.halt else { return false };
        if halting.is_due() {
            match halting.store.halted().await {
                Ok(None) => {}
                Ok(Some(halt)) => {
                    tracing::warn!("halted {halt}");
                    self.halted(halting);
                }
                Err(error) => {
                    tracing::error!("whether everything was halted cannot be read: {error}");
                    self.halted(halting);
                }
            }
        }
        halting.found.load(Ordering::SeqCst)
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
        let due = looked.is_none_or(|looked| looked.elapsed() >= self.every);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }
}
