//! When a connector may be called, shared by all who call it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::schedule::{Budget, Came, Class, Pace, Pacing, Shut, Turn};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that goes on where the one behind it stands (`LANYARD_NOW`), so
/// that waiting comes to an end.
pub struct Going {
    clock: Clock,
    /// What it said last, and since when.
    stands: Mutex<Option<(Timestamp, Instant)>>,
}

impl Going {
    pub fn new(clock: Clock) -> Self {
        Self { clock, stands: Mutex::new(None) }
    }

    pub fn now(&self) -> Timestamp {
        let said = (self.clock)();
        let mut stands = locked(&self.stands);
        match *stands {
            Some((before, since)) if before == said => {
                let passed = SignedDuration::try_from(since.elapsed()).unwrap_or_default();
                said.checked_add(passed).unwrap_or(said)
            }
            _ => {
                *stands = Some((said, Instant::now()));
                said
            }
        }
    }
}

/// Lets calls of one connector through.
pub struct Gate {
    pace: Mutex<Pace>,
    clock: Going,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("pace", &*locked(&self.pace)).finish_non_exhaustive()
    }
}

/// That a call may not be made now.
#[derive(Debug, Clone, Copy)]
pub struct Later {
    pub shut: Shut,
    /// How long until it may be asked again, by the gate's own clock.
    pub wait: SignedDuration,
}

impl Gate {
    pub fn new(pacing: Pacing, clock: Clock) -> Arc<Self> {
        let pace = Mutex::new(Pace::new(pacing));
        Arc::new(Self { pace, clock: Going::new(clock) })
    }

    /// Lets one call in: of an operation of a class, or a read.
    ///
    /// # Errors
    /// Why not, and for how long.
    pub fn enter(self: &Arc<Self>, class: Option<Class>) -> Result<Pass, Later> {
        let now = self.clock.now();
        match locked(&self.pace).enter(class, now) {
            Ok(turn) => Ok(Pass { gate: Arc::clone(self), turn: Some(turn) }),
            Err(shut) => Err(later(shut, now)),
        }
    }

    /// Why no operation of a class may be sent now.
    pub fn shut(&self, class: Class) -> Option<Later> {
        let now = self.clock.now();
        locked(&self.pace).shut(Some(class), now).map(|shut| later(shut, now))
    }

    /// Until when operations of a class are not written, by the file.
    pub fn no_writes(&self, class: Class, now: Timestamp) -> Option<Timestamp> {
        locked(&self.pace).no_writes(class, now)
    }

    /// What the system says of what is left of a budget.
    pub fn told(&self, budget: &Budget) {
        let now = self.clock.now();
        locked(&self.pace).told(budget, now);
    }
}

fn later(shut: Shut, now: Timestamp) -> Later {
    Later { shut, wait: shut.until.duration_since(now) }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds one of these.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to make one call.  Dropped unused, it lets another in.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    turn: Option<Turn>,
}

impl Pass {
    /// The call has ended.
    pub fn ended(mut self, came: Came) {
        self.give_back(came);
    }

    fn give_back(&mut self, came: Came) {
        if let Some(turn) = self.turn.take() {
            let now = self.gate.clock.now();
            locked(&self.gate.pace).left(turn, came, now);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.give_back(Came::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use lanyard_core::schedule::Rate;

    use super::*;

    fn standing() -> Clock {
        Arc::new(|| Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn where_the_clock_stands_time_goes_on_all_the_same() {
        let clock = Going::new(standing());
        let began = clock.now();
        assert_eq!(began, Timestamp::UNIX_EPOCH);
        while clock.now() == began {
            std::thread::yield_now();
        }
        assert!(clock.now() > began);
    }

    #[test]
    fn a_pass_that_is_dropped_lets_another_one_in() {
        let day = SignedDuration::from_hours(24);
        let gate = Gate::new(Pacing::default(), standing());
        gate.enter(None).unwrap().ended(Came::Refused(Some(SignedDuration::from_nanos(1))));
        let probe = loop {
            if let Ok(pass) = gate.enter(None) {
                break pass;
            }
        };
        assert!(gate.enter(None).is_err(), "one call looks first");
        drop(probe);
        gate.enter(None).unwrap().ended(Came::Answer);
        let once = Pacing { rate: Some(Rate { calls: 1, per: day }), no_writes: None };
        let gate = Gate::new(once, standing());
        gate.enter(None).unwrap().ended(Came::Answer);
        let later = gate.enter(None).unwrap_err();
        assert!(later.wait > SignedDuration::from_hours(23), "{later:?}");
    }
}
