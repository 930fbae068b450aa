//! What of an episode is left with a life, and when what it records was.

use super::*;

#[test]
fn what_a_person_began_ends_with_the_life_it_was_begun_in_and_not_with_one_before() {
    let latest = Walk::new(leaver()).episode;
    let of = |departed: &str| {
        Begin::of(&On::Demand, None, Some(&latest), at("2026-01-01"), Some(at(departed)))
    };
    assert_eq!(of("2026-08-01"), Begin::Leaves);
    assert_eq!(of("2026-06-01"), Begin::Nothing);
}

#[test]
fn only_what_is_so_because_somebody_looked_is_so_from_when_a_plan_is_applied() {
    let now = at("2026-07-06");
    let applied = at("2026-07-09");
    let mut walk = Walk::new(leaver());
    walk.end("tell", "2026-07-01", StepEnd::Done);
    walk.end("off", "2026-07-06", StepEnd::Done);
    // By its time, which is just over.
    walk.end("ok", "2026-07-06", StepEnd::TimedOut);
    let ended = |decided: &Decided| {
        let episode = walk.episode.clone().undated(decided, now).dated(applied);
        let when = |step: &str| episode.ended(&StepName::new(step).unwrap()).unwrap().0;
        ["tell", "off", "ok"].map(when)
    };
    let seen = BTreeSet::from([StepName::new("off").unwrap()]);
    let looked = Decided { began: false, steps: seen };
    assert_eq!(ended(&looked), [at("2026-07-01"), applied, now]);
    // It was begun just now, and so was what it did at once.
    let begun = Decided { began: true, steps: BTreeSet::new() };
    assert_eq!(ended(&begun), [at("2026-07-01"), applied, applied]);
}
