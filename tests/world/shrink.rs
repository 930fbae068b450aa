//! A failing world made as small as it still fails.

use std::time::{Duration, Instant};

use crate::{
    air::Broken,
    play::play,
    schedule::{Schedule, What},
    wrong::Wrong,
};

/// Nobody waits longer for a smaller one.
const LONGEST: Duration = Duration::from_secs(25);

/// The shortest schedule found that still breaks the same property.
pub(crate) fn shrunk(schedule: &Schedule, wrong: Option<Wrong>, broken: &Broken) -> Schedule {
    let mut best = schedule.clone();
    let began = Instant::now();
    let fails = |candidate: &Schedule| {
        let played = play(candidate, wrong, false);
        (began.elapsed() < LONGEST)
            .then(|| played.broken.iter().any(|it| it.property == broken.property))
    };
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            match fails(&candidate) {
                Some(true) => {
                    smaller = Some(candidate);
                    break;
                }
                Some(false) => {}
                None => return best,
            }
        }
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

/// Every schedule that is one step smaller, what helps most first.
fn candidates(from: &Schedule) -> Vec<Schedule> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Schedule)| {
        let mut candidate = from.clone();
        change(&mut candidate);
        all.push(candidate);
    };
    let half = from.mishaps.len() / 2;
    if half > 1 {
        with(&|it| drop(it.mishaps.drain(..half)));
        with(&|it| it.mishaps.truncate(half));
    }
    for place in 0..from.mishaps.len() {
        with(&|it| {
            it.mishaps.remove(place);
        });
    }
    for place in (1..from.people.len()).rev() {
        // Others are known by their places.
        with(&|it| it.people[place].news.clear());
    }
    if from.days > 2 {
        with(&|it| it.days /= 2);
        with(&|it| it.days -= 1);
    }
    for person in 0..from.people.len() {
        for place in (0..from.people[person].news.len()).rev() {
            with(&|it| {
                it.people[person].news.remove(place);
            });
        }
    }
    for (place, kind) in from.targets.iter().enumerate() {
        if kind.delay_ms > 0 {
            with(&|it| it.targets[place].delay_ms = 0);
        }
        if kind.renameable {
            with(&|it| it.targets[place].renameable = false);
        }
        if kind.parallel > 1 {
            with(&|it| it.targets[place].parallel = 1);
        }
        if kind.page < 50 {
            with(&|it| it.targets[place].page = 50);
        }
    }
    all.retain(|it| size(it) < size(from));
    all
}

/// Fewer is smaller; nothing grows.
fn size(of: &Schedule) -> (usize, usize, u32, usize) {
    let news: usize = of.people.iter().map(|person| person.news.len()).sum();
    let kinds = of.targets.iter().map(|kind| {
        usize::from(kind.delay_ms > 0)
            + usize::from(kind.renameable)
            + usize::from(kind.parallel > 1)
            + usize::from(kind.page < 50)
    });
    let joins = of.people.iter().flat_map(|it| &it.news);
    let joins = joins.filter(|it| matches!(it.what, What::Joins(..))).count();
    (of.mishaps.len(), news + joins, of.days, kinds.sum())
}
