//! A target that takes 600 calls a minute, ten minutes long.

use std::collections::BTreeMap;

use super::*;
use crate::{
    fault::{Fault, FaultKind},
    retry::{Decision, RetryPolicy, decide},
    schedule::{Budget, Came, Rate},
};

const PERMITTED: u32 = 600;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const MINUTES: i64 = 10;

/// How a call takes.
const TAKES: SignedDuration = SignedDuration::from_millis(60);
const PARALLEL: u32 = 4;

/// How it counts calls.
#[derive(Clone, Copy)]
enum Counts {
    /// So many in every minute of its own clock, which began some time ago.
    Minutes { began: i64 },
    /// A tenth of a second for each, and so many at once after a pause.
    Bucket { at_once: u32 },
}

/// What it says of that.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// `Retry-After`, in whole seconds, with a refusal.
    RetryAfter,
    /// What is left, with every answer; nothing with a refusal.
    Budget,
    Nothing,
}

struct Target {
    counts: Counts,
    says: Says,
    /// The minute that is counted, or since when the bucket fills.
    since: Timestamp,
    used: u32,
    /// Of the bucket, in milliseconds of filling.
    level: i64,
}

struct Said {
    refused: bool,
    retry_after: Option<SignedDuration>,
    budget: Option<Budget>,
}

impl Target {
    fn new(counts: Counts, says: Says) -> Self {
        let (since, level) = match counts {
            Counts::Minutes { began } => (at(-began), 0),
            Counts::Bucket { at_once } => (at(0), i64::from(at_once) * 100),
        };
        Self { counts, says, since, used: 0, level }
    }

    fn call(&mut self, now: Timestamp) -> Said {
        let (refused, opens) = match self.counts {
            Counts::Minutes { .. } => self.counted_by_minutes(now),
            Counts::Bucket { at_once } => self.counted_by_bucket(now, i64::from(at_once) * 100),
        };
        let seconds = opens.as_secs() + i64::from(opens.subsec_nanos() > 0);
        let hinted = refused && self.says == Says::RetryAfter;
        let budget = (self.says == Says::Budget && !refused).then(|| Budget {
            bucket: "minute".to_owned(),
            limit: Some(PERMITTED.into()),
            remaining: Some((PERMITTED - self.used).into()),
            reset_after: Some(opens),
        });
        let retry_after = hinted.then(|| SignedDuration::from_secs(seconds.max(1)));
        Said { refused, retry_after, budget }
    }

    /// Whether it refuses, and when it begins to count anew.
    fn counted_by_minutes(&mut self, now: Timestamp) -> (bool, SignedDuration) {
        while now.duration_since(self.since) >= MINUTE {
            (self.since, self.used) = (self.since + MINUTE, 0);
        }
        let refused = self.used >= PERMITTED;
        self.used += u32::from(!refused);
        (refused, MINUTE - now.duration_since(self.since))
    }

    fn counted_by_bucket(&mut self, now: Timestamp, full: i64) -> (bool, SignedDuration) {
        let passed = i64::try_from(now.duration_since(self.since).as_millis()).unwrap();
        (self.since, self.level) = (now, full.min(self.level + passed));
        let refused = self.level < 100;
        self.level -= if refused { 0 } else { 100 };
        (refused, millis((100 - self.level).max(1)))
    }
}

/// What was seen from outside.
struct Figures {
    taken: u32,
    refused: u32,
    /// After the first minute.
    refused_later: u32,
}

/// A call under way.
struct Flight {
    attempt: u32,
    turn: Option<(ConnectorName, Turn)>,
    said: Said,
}

/// Ten minutes of a run that has more to do than may be done.
fn ten_minutes(mut target: Target, rate: Option<Rate>) -> Figures {
    let name = self::target("crm");
    let more = u32::try_from(MINUTES).unwrap() * PERMITTED * 2;
    let plan = (0..more).map(|id| operation(id, &id.to_string(), "crm", Event::Joiner));
    let mut queue = queue(plan.collect());
    let mut paces = Paces::of([("crm", Pacing { rate, no_writes: None })]);
    let mut figures = Figures { taken: 0, refused: 0, refused_later: 0 };
    let mut flying: BTreeMap<(Timestamp, OperationId), Flight> = BTreeMap::new();
    let mut now = at(0);
    while now < at(MINUTES * 60) {
        let until = match queue.next(now, |_| PARALLEL, &mut paces) {
            Next::Begin { operation, attempt, turn } => {
                let said = target.call(now);
                figures.taken += u32::from(!said.refused);
                figures.refused += u32::from(said.refused);
                figures.refused_later += u32::from(said.refused && now >= at(60));
                flying.insert((now + TAKES, operation.id), Flight { attempt, turn, said });
                continue;
            }
            Next::Until(until) => Some(until),
            Next::Nothing => None,
        };
        let ends = flying.keys().next().map(|(at, _)| *at);
        now = until.into_iter().chain(ends).min().unwrap();
        while let Some(first) = flying.first_entry().filter(|it| it.key().0 <= now) {
            let ((_, id), Flight { attempt, turn, said }) = first.remove_entry();
            let pace = paces.0.get_mut(&name).unwrap();
            if let Some(budget) = &said.budget {
                pace.told(budget, now);
            }
            let answer = if said.refused { Err(limited(said.retry_after)) } else { Ok(()) };
            pace.left(turn.unwrap().1, Came::of(&answer), now);
            match answer.map_err(|fault| decide(&fault, attempt, now, &RetryPolicy::default())) {
                Ok(()) => queue.succeeded(id),
                Err(Decision::Retry { at }) => queue.again(id, at),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    figures
}

fn limited(retry_after: Option<SignedDuration>) -> Fault {
    let ms = retry_after.map(|it| u64::try_from(it.as_millis()).unwrap());
    Fault::new(FaultKind::RateLimited { retry_after_ms: ms }, "too many")
}

/// At least so many percent of what is permitted, and no more refusals after
/// the first minute than that.
#[track_caller]
fn holds(figures: &Figures, percent: u32, refused_later: u32) {
    let Figures { taken, refused, refused_later: later } = figures;
    let permitted = PERMITTED * u32::try_from(MINUTES).unwrap();
    let used = taken * 1000 / permitted;
    let told = format!(
        "{taken} of {permitted} calls were taken ({}.{} %), {refused} refused, {later} of them \
         after the first minute",
        used / 10,
        used % 10
    );
    assert!(taken * 100 >= permitted * percent, "{told}");
    assert!(*later <= refused_later, "{told}");
    println!("{told}");
}

#[test]
fn retry_after_is_enough_to_find_the_rate_that_is_permitted() {
    for began in [0, 20, 45] {
        holds(&ten_minutes(Target::new(Counts::Minutes { began }, Says::RetryAfter), None), 95, 20);
    }
    for at_once in [10, 100, 600] {
        holds(
            &ten_minutes(Target::new(Counts::Bucket { at_once }, Says::RetryAfter), None),
            95,
            20,
        );
    }
}

#[test]
fn whoever_says_what_is_left_refuses_hardly_anything() {
    for began in [0, 20, 45] {
        holds(&ten_minutes(Target::new(Counts::Minutes { began }, Says::Budget), None), 95, 0);
    }
}

#[test]
fn refusals_alone_are_enough_to_find_the_rate_that_is_permitted() {
    for began in [0, 20, 45] {
        holds(&ten_minutes(Target::new(Counts::Minutes { began }, Says::Nothing), None), 90, 30);
    }
    for at_once in [10, 100, 600] {
        holds(&ten_minutes(Target::new(Counts::Bucket { at_once }, Says::Nothing), None), 90, 60);
    }
}

#[test]
fn with_the_rate_in_the_file_nothing_is_ever_refused() {
    let rate = Some(Rate { calls: PERMITTED, per: MINUTE });
    for began in [0, 20, 45] {
        let figures = ten_minutes(Target::new(Counts::Minutes { began }, Says::Nothing), rate);
        holds(&figures, 95, 0);
        assert_eq!(figures.refused, 0);
    }
}
