//! P25: a target that takes so many calls a minute and no more, and a day on
//! which many begin.  What it permits is used, and after the first minute it
//! hardly has to refuse anything.

use jiff::{SignedDuration, Timestamp};
use lanyard_core::schema::CreateSafety;

use crate::{
    air::Broken,
    play::{Played, play},
    rng::Rng,
    schedule::{Kind, News, Person, Schedule, What},
    target::Target,
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Calls, in percent of what is permitted, that have to be made.
const LEAST: u64 = 90;
/// Of a hundred calls, that may be refused after the first minute.
const MOST: u64 = 2;

fn crowded(seed: u64) -> Schedule {
    let mut rng = Rng::new(seed ^ 0x7077);
    let rate = rng.pick(&[60, 90, 120]);
    // Four calls for each of them at the least: three minutes in all.
    let count = rate * 3 / 4;
    let people = (0..count).map(|number| Person {
        key: (1001 + number).to_string(),
        name: format!("p{number}").leak(),
        news: vec![News { day: 0, what: What::Joins("Ops", 0) }],
    });
    let kind = |name, rate| Kind {
        name,
        safety: CreateSafety::UniqueConstraint,
        delay_ms: 0,
        renameable: false,
        page: 50,
        parallel: 1,
        rate,
    };
    Schedule {
        seed,
        days: 1,
        targets: vec![kind("directory", Some(rate)), kind("crm", None)],
        people: people.collect(),
        mishaps: Vec::new(),
    }
}

/// One such world.
pub(crate) fn throttled(seed: u64, logs: bool) -> Played {
    play(&crowded(seed), None, logs)
}

/// What is wrong with how a target was called since its first call.
pub(crate) fn judged(target: &Target) -> Option<Broken> {
    let rate = u64::from(target.kind.rate?);
    let calls = target.calls();
    let (first, _) = calls.first()?;
    let steady: &Timestamp = &(*first + MINUTE);
    let after: Vec<&(Timestamp, bool)> = calls.iter().filter(|(at, _)| at > steady).collect();
    let (last, _) = after.last()?;
    let seconds = u64::try_from(last.duration_since(*steady).as_secs()).unwrap_or(0);
    if seconds < 60 {
        return None;
    }
    let all = u64::try_from(after.len()).unwrap();
    let refused = u64::try_from(after.iter().filter(|(_, refused)| *refused).count()).unwrap();
    let permitted = rate * seconds / 60;
    let broken = |text| Some(Broken { property: "P25 throttle respect", text });
    if (all - refused) * 100 < permitted * LEAST {
        return broken(format!("{all} calls in {seconds} s, where {permitted} are permitted"));
    }
    if refused * 100 > all * MOST {
        return broken(format!("{refused} of {all} calls were refused after the first minute"));
    }
    None
}
