//! What a seed stands for: a small firm, what happens to its people, and what
//! goes wrong.  It is drawn before anything runs, so that parts of it can be
//! left out one by one.

use std::fmt;

use lanyard_core::schema::CreateSafety;

use crate::rng::Rng;

/// A whole world, before it runs.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) days: u32,
    pub(crate) targets: Vec<Kind>,
    pub(crate) people: Vec<Person>,
    pub(crate) mishaps: Vec<Mishap>,
}

/// What sort of system a target is.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) safety: CreateSafety,
    /// A new account is not seen by any read for so long.
    pub(crate) delay_ms: u32,
    /// Its accounts are known by their names.
    pub(crate) renameable: bool,
    pub(crate) page: u32,
    pub(crate) parallel: u32,
    /// It takes so many calls in any minute.
    pub(crate) rate: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) key: String,
    pub(crate) name: &'static str,
    /// In the order of their days.
    pub(crate) news: Vec<News>,
}

/// From a day on, HR says this of somebody.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) day: u32,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// In a department, from so many days later on.
    Joins(&'static str, u32),
    Moves(&'static str),
    /// Gone from today on.
    Leaves,
    /// Their last day is so many days away, or was.
    Ends(i32),
    /// There is no last day after all.
    Stays,
    /// Hired again, into a department.
    Returns(&'static str),
    /// Called by another name.
    Renamed(&'static str),
}

/// What goes wrong, each for itself.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// The n-th call of a verb at a system.
    Call { system: &'static str, verb: &'static str, nth: u32, how: Fault },
    /// The process of the n-th run ends at its n-th change of the store.
    Crash { run: u32, write: u32, before: bool },
    /// The process stands still at a change of the store, for so long.
    Pause { run: u32, write: u32, minutes: u32 },
    /// It answers nothing.
    Dead { system: &'static str, from: u32, days: u32 },
    /// What the source shows on a day, whoever asks.
    Feed { day: u32, how: Feed },
    /// Somebody does something at a target themselves.
    ByHand { day: u32, target: &'static str, person: usize, how: Hand },
    /// A person orders something.
    Order { day: u32, person: usize, what: Order },
    /// A node's clock is wrong by so many seconds from a day on.
    Skew { day: u32, node: usize, seconds: i32 },
    /// Nobody starts a run for so many days.
    Asleep { day: u32, days: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not sent, and that is certain.
    Refused,
    Throttled,
    /// Sent; the answer is lost.
    LostAfter,
    /// The answer is lost, and the effect comes later, but in the time that a
    /// read may lag.
    Late,
    /// Lost on the way there; nobody knows.
    LostBefore,
    /// Taken, and done some hours later by somebody there.
    Invited,
    /// So slow that nobody waited for the answer; it was done.
    Slow,
    /// The connector broke down after it was done.
    Trapped,
    /// "Done", and nothing was.
    Lie,
    /// It arrived twice; the answer is that of the second.
    Twice,
    /// A part is missing, by the answer; all of it was done.
    Partial,
    /// A read stops before its end, and says so.
    CutShort,
    /// The place in a listing is not known any more.
    StaleCursor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    Down,
    /// Complete by its own word, and nobody is in it.
    Empty,
    /// Complete by its own word, without the second half.
    Half,
    /// Cut short, by its own word.
    CutShort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    Disables,
    Enables,
    Deletes,
    PutsIntoSales,
    TakesOutOfStaff,
    /// Makes an account under the login name that somebody would get.
    TakesTheName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Eject,
    Hold,
    EndHold,
}

const NAMES: [&str; 6] = ["Ada", "Bo", "Cleo", "Dag", "Eve", "Finn"];
const OTHERS: [&str; 6] = ["Alma", "Bruno", "Cora", "Dina", "Emil", "Fara"];
const DEPARTMENTS: [&str; 2] = ["Sales", "Ops"];
const TARGETS: [&str; 3] = ["directory", "crm", "wiki"];
const WRITES: [&str; 7] = ["create", "update", "enable", "disable", "delete", "grant", "revoke"];
const READS: [&str; 4] = ["list", "get", "find", "assignments"];

impl Schedule {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let days = rng.between(5, 14);
        let targets = (0..rng.between(2, 3)).map(|number| kind(number, &mut rng)).collect();
        let people = (0..rng.between(2, 5)).map(|number| person(number, days, &mut rng)).collect();
        let mut drawn = Self { seed, days, targets, people, mishaps: Vec::new() };
        // One world in eight has no mishaps at all.
        let most = rng.pick(&[0, 4, 8, 12, 16, 20, 25, 30]);
        for _ in 0..most {
            let mishap = drawn.mishap(&mut rng);
            drawn.mishaps.push(mishap);
        }
        drawn
    }

    fn mishap(&self, rng: &mut Rng) -> Mishap {
        let day = rng.below(self.days);
        let person = usize::try_from(rng.below(6)).unwrap() % self.people.len();
        let target = rng.pick(&self.targets).name;
        match rng.below(100) {
            0..40 => {
                let verb = rng.pick(&WRITES);
                let nth = rng.below(if verb == "create" || verb == "grant" { 6 } else { 3 });
                Mishap::Call { system: target, verb, nth, how: write_fault(verb, rng) }
            }
            40..50 => {
                let verb = rng.pick(&READS);
                Mishap::Call { system: target, verb, nth: rng.below(60), how: read_fault(rng) }
            }
            50..52 => Mishap::Call {
                system: "mail",
                verb: "send",
                nth: rng.below(3),
                how: rng.pick(&[Fault::Refused, Fault::LostAfter, Fault::LostBefore]),
            },
            52..56 => Mishap::Pause {
                run: rng.below(self.days * 3 / 2),
                write: rng.below(24),
                minutes: rng.pick(&[1, 30, 600]),
            },
            56..72 => Mishap::Crash {
                run: rng.below(self.days * 3 / 2),
                write: rng.below(30),
                before: rng.percent(50),
            },
            72..76 => Mishap::Dead { system: target, from: day, days: rng.between(1, 4) },
            76..82 => {
                let how = rng.pick(&[Feed::Down, Feed::Empty, Feed::Half, Feed::CutShort]);
                Mishap::Feed { day, how }
            }
            82..90 => Mishap::ByHand { day, target, person, how: hand(rng) },
            90..94 => {
                let what = rng.pick(&[Order::Eject, Order::Hold, Order::EndHold]);
                Mishap::Order { day, person, what }
            }
            94..98 => {
                let node = usize::from(rng.percent(50));
                let seconds = rng.pick(&[-240, -30, 5, 60, 290, 20 * 86_400]);
                Mishap::Skew { day, node, seconds }
            }
            _ => Mishap::Asleep { day, days: rng.between(2, 8) },
        }
    }
}

fn kind(number: u32, rng: &mut Rng) -> Kind {
    let safeties = [
        CreateSafety::NativeKey,
        CreateSafety::UniqueConstraint,
        CreateSafety::SearchFirst,
        CreateSafety::SearchFirst,
        CreateSafety::None,
    ];
    Kind {
        name: TARGETS[usize::try_from(number).unwrap()],
        safety: rng.pick(&safeties),
        delay_ms: rng.pick(&[0, 0, 4_000]),
        renameable: rng.percent(25),
        page: rng.pick(&[1, 2, 3, 50]),
        parallel: rng.between(1, 3),
        rate: None,
    }
}

fn person(number: u32, days: u32, rng: &mut Rng) -> Person {
    let place = usize::try_from(number).unwrap();
    let day = if rng.percent(60) { 0 } else { rng.below(days) };
    let joins = What::Joins(rng.pick(&DEPARTMENTS), rng.pick(&[0, 0, 0, 2, 5]));
    let mut news = vec![News { day, what: joins }];
    let mut left = false;
    let mut last = day;
    for _ in 0..rng.below(4) {
        last += rng.between(1, 6);
        if last >= days {
            break;
        }
        let what = match rng.below(12) {
            _ if left => What::Returns(rng.pick(&DEPARTMENTS)),
            0..3 => What::Moves(rng.pick(&DEPARTMENTS)),
            3..6 => What::Leaves,
            6..8 => What::Ends(rng.pick(&[-1, 0, 1, 3, 5])),
            8 => What::Stays,
            9 if last > day + 2 => What::Moves(rng.pick(&DEPARTMENTS)),
            _ => What::Renamed(OTHERS[place]),
        };
        left = matches!(what, What::Leaves);
        news.push(News { day: last, what });
    }
    Person { key: (1001 + number).to_string(), name: NAMES[place], news }
}

fn write_fault(verb: &str, rng: &mut Rng) -> Fault {
    let mut faults = vec![
        Fault::Refused,
        Fault::Throttled,
        Fault::LostAfter,
        Fault::LostAfter,
        Fault::LostBefore,
        Fault::Late,
        Fault::Invited,
        Fault::Slow,
        Fault::Trapped,
        Fault::Twice,
        Fault::Partial,
    ];
    if ["disable", "delete", "revoke"].contains(&verb) {
        faults.extend([Fault::Lie, Fault::Lie]);
    }
    rng.pick(&faults)
}

fn read_fault(rng: &mut Rng) -> Fault {
    rng.pick(&[Fault::Refused, Fault::Throttled, Fault::Slow, Fault::CutShort, Fault::StaleCursor])
}

fn hand(rng: &mut Rng) -> Hand {
    rng.pick(&[
        Hand::Disables,
        Hand::Enables,
        Hand::Deletes,
        Hand::PutsIntoSales,
        Hand::TakesOutOfStaff,
        Hand::TakesTheName,
    ])
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused before it was sent",
            Self::Throttled => "throttled",
            Self::LostAfter => "answer lost after the effect",
            Self::LostBefore => "lost before the effect",
            Self::Late => "answer lost, and a late effect",
            Self::Invited => "done hours later by somebody there",
            Self::Slow => "too slow, and done",
            Self::Trapped => "connector trapped after the effect",
            Self::Lie => "success without an effect",
            Self::Twice => "arrived twice",
            Self::Partial => "answered as partly done",
            Self::CutShort => "page cut short",
            Self::StaleCursor => "stale cursor",
        })
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { system, verb, nth, how } => {
                write!(f, "{system}: {verb} number {}: {how}", nth + 1)
            }
            Self::Crash { run, write, before } => {
                let side = if *before { "before" } else { "after" };
                write!(f, "run {}: the process ends {side} its write number {}", run + 1, write + 1)
            }
            Self::Pause { run, write, minutes } => {
                let (run, write) = (run + 1, write + 1);
                write!(f, "run {run}: paused before its write number {write} for {minutes} min")
            }
            Self::Dead { system, from, days } => {
                write!(f, "{system}: dead from day {from} on for {days} days")
            }
            Self::Feed { day, how } => write!(f, "day {day}: the feed is {how:?}"),
            Self::ByHand { day, target, person, how } => {
                write!(f, "day {day}: somebody {how:?} person {} at {target}", person + 1)
            }
            Self::Order { day, person, what } => {
                write!(f, "day {day}: {what:?} of person {}", person + 1)
            }
            Self::Skew { day, node, seconds } => {
                write!(f, "day {day}: the clock of node {node} is wrong by {seconds} s from now on")
            }
            Self::Asleep { day, days } => write!(f, "day {day}: no run for {days} days"),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} days", self.seed, self.days)?;
        for Kind { name, safety, delay_ms, renameable, page, parallel, rate } in &self.targets {
            let rate = rate.map(|rate| format!(", {rate} calls a minute")).unwrap_or_default();
            let renameable = if *renameable { ", known by names" } else { "" };
            writeln!(
                f,
                "  {name}: {safety:?}, seen after {delay_ms} ms{renameable}, pages of {page}, \
                 {parallel} at once{rate}"
            )?;
        }
        for Person { key, name, news } in &self.people {
            write!(f, "  {key} {name}:")?;
            for News { day, what } in news {
                write!(f, " day {day} {what:?};")?;
            }
            writeln!(f)?;
        }
        for mishap in &self.mishaps {
            writeln!(f, "  {mishap}")?;
        }
        Ok(())
    }
}
