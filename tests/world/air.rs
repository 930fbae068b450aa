//! What everything in a world has in common: its time, its log, what goes
//! wrong when, and whether the process that runs has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::schedule::{Fault, Mishap, Schedule};

/// A property that did not hold, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) property: &'static str,
    pub(crate) text: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.text)
    }
}

/// What becomes of the process that runs, at a change of its store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) write: u32,
    pub(crate) how: Stops,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stops {
    /// It ends, and nothing of the change is there.
    Before,
    /// It ends, and the change is there.
    After,
    /// It stands still before the change.
    Pauses,
}

/// Shared by all systems, nodes and stores of a world.
#[derive(Default)]
pub(crate) struct Air {
    /// Microseconds since 1970.
    now: AtomicI64,
    /// By how much the clock of the node that runs is wrong, in seconds.
    pub(crate) skew: AtomicI64,
    /// From 0.
    pub(crate) run: AtomicU32,
    /// Changes of the store in this run.
    writes: AtomicU32,
    ending: Mutex<Vec<Ending>>,
    ended: AtomicBool,
    /// The process has ended, or stands still.
    pub(crate) stopped: Notify,
    pub(crate) resumed: Notify,
    /// What is to become of the n-th call of a verb at a system.
    calls: Mutex<BTreeMap<(&'static str, &'static str, u32), Fault>>,
    made: Mutex<BTreeMap<(&'static str, &'static str), u32>>,
    dead: Mutex<BTreeSet<&'static str>>,
    /// Systems at which something went wrong in this run.
    troubled: Mutex<BTreeSet<&'static str>>,
    counted: Mutex<BTreeMap<String, u32>>,
    broken: Mutex<Vec<Broken>>,
    /// Only kept when somebody reads it.
    log: Option<Mutex<Vec<String>>>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Air {
    pub(crate) fn new(schedule: &Schedule, from: Timestamp, logs: bool) -> Self {
        let calls = schedule.mishaps.iter().filter_map(|mishap| match mishap {
            Mishap::Call { system, verb, nth, how } => Some(((*system, *verb, *nth), *how)),
            _ => None,
        });
        Self {
            now: AtomicI64::new(from.as_microsecond()),
            calls: Mutex::new(calls.collect()),
            log: logs.then(Mutex::default),
            ..Self::default()
        }
    }

    /// The true time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    /// What the clock of the node shows; time goes on at every look, so that
    /// nobody takes it to stand.
    pub(crate) fn clock(&self) -> Timestamp {
        let now = self.now.fetch_add(1, Ordering::SeqCst);
        let skew = self.skew.load(Ordering::SeqCst) * 1_000_000;
        Timestamp::from_microsecond(now + skew).unwrap()
    }

    pub(crate) fn passes(&self, micros: i64) {
        self.now.fetch_add(micros, Ordering::SeqCst);
    }

    /// It is that late at least.
    pub(crate) fn becomes(&self, at: Timestamp) {
        self.now.fetch_max(at.as_microsecond(), Ordering::SeqCst);
    }

    // --- the process that runs -------------------------------------------

    /// A process begins, and ends where it is told to.
    pub(crate) fn begins(&self, run: u32, ending: Vec<Ending>) {
        self.run.store(run, Ordering::SeqCst);
        self.writes.store(0, Ordering::SeqCst);
        self.ended.store(false, Ordering::SeqCst);
        locked(&self.troubled).clear();
        *locked(&self.ending) = ending;
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// The process has ended: nothing of it goes on.
    pub(crate) async fn goes_on(&self) {
        if self.is_ended() {
            std::future::pending::<()>().await;
        }
    }

    /// The number of this change of the store, and what becomes of the
    /// process at it.
    pub(crate) fn write(&self) -> (u32, Option<Stops>) {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let mut ending = locked(&self.ending);
        let place = ending.iter().position(|it| it.write == number);
        (number, place.map(|place| ending.remove(place).how))
    }

    pub(crate) fn crash(&self, what: &str) {
        self.ended.store(true, Ordering::SeqCst);
        self.count(&format!("crash {what} a write of the store"));
        self.say(|| format!("the process ends {what} this write"));
        self.stopped.notify_one();
    }

    /// Whoever runs now is neither ended nor paused.
    pub(crate) fn ends_no_more(&self) {
        locked(&self.ending).clear();
    }

    /// The process stands still until it is resumed.
    pub(crate) async fn pause(&self) {
        self.count("process paused before a write of the store");
        self.say(|| "the process is paused before this write".to_owned());
        self.stopped.notify_one();
        self.resumed.notified().await;
    }

    // --- what goes wrong ---------------------------------------------------

    /// What becomes of this call.
    pub(crate) fn call(&self, system: &'static str, verb: &'static str) -> Option<Fault> {
        let mut made = locked(&self.made);
        let number = made.entry((system, verb)).or_default();
        let fault = locked(&self.calls).get(&(system, verb, *number)).copied();
        *number += 1;
        drop(made);
        if let Some(fault) = fault {
            locked(&self.troubled).insert(system);
            self.count(&format!("call: {fault}"));
            self.say(|| format!("{system} {verb}: {fault}"));
        }
        fault
    }

    /// Nothing went wrong at a system in this run.
    pub(crate) fn is_sound(&self, system: &str) -> bool {
        !locked(&self.troubled).contains(system) && !locked(&self.dead).contains(system)
    }

    /// Nothing goes wrong from here on.
    pub(crate) fn calm(&self) {
        locked(&self.calls).clear();
        locked(&self.dead).clear();
        self.skew.store(0, Ordering::SeqCst);
    }

    pub(crate) fn dies(&self, dead: BTreeSet<&'static str>) {
        *locked(&self.dead) = dead;
    }

    pub(crate) fn is_dead(&self, system: &'static str) -> bool {
        locked(&self.dead).contains(system)
    }

    // --- what is told ------------------------------------------------------

    pub(crate) fn count(&self, what: &str) {
        *locked(&self.counted).entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn counted(&self) -> BTreeMap<String, u32> {
        locked(&self.counted).clone()
    }

    pub(crate) fn broke(&self, property: &'static str, text: impl Into<String>) {
        let broken = Broken { property, text: text.into() };
        self.say(|| format!("VIOLATED {broken}"));
        locked(&self.broken).push(broken);
    }

    pub(crate) fn broken(&self) -> Vec<Broken> {
        locked(&self.broken).clone()
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            let run = self.run.load(Ordering::SeqCst) + 1;
            locked(log).push(format!("{:.3} run {run:>2}  {}", self.now(), line()));
        }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.as_ref().map(|log| locked(log).clone()).unwrap_or_default()
    }
}
