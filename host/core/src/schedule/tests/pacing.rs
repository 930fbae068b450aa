//! When one connector may be called.

use super::*;
use crate::schedule::{Budget, Came, Rate, Why};

fn paced(calls: u32, per: SignedDuration) -> Pace {
    Pace::new(Pacing { rate: Some(Rate { calls, per }), no_writes: None })
}

fn unpaced() -> Pace {
    Pace::new(Pacing::default())
}

/// Calls that are answered at once, as many as may be made by then.
fn answered(pace: &mut Pace, now: Timestamp, most: usize) -> usize {
    let mut calls = 0;
    while calls < most
        && let Ok(turn) = pace.enter(None, now)
    {
        pace.left(turn, Came::Answer, now);
        calls += 1;
    }
    calls
}

fn call(pace: &mut Pace, came: Came, now: Timestamp) {
    let turn = pace.enter(None, now).unwrap();
    pace.left(turn, came, now);
}

fn shut(pace: &Pace, now: Timestamp) -> Option<(Why, Timestamp)> {
    pace.shut(None, now).map(|shut| (shut.why, shut.until))
}

#[test]
fn without_a_word_of_anybody_calls_are_made_as_they_come() {
    assert_eq!(answered(&mut unpaced(), at(0), 10_000), 10_000);
}

#[test]
fn a_rate_of_the_file_holds_in_every_stretch_of_its_length() {
    for calls in [1, 7, 60, 600] {
        let per = SignedDuration::from_mins(1);
        let mut pace = paced(calls, per);
        let mut made: Vec<Timestamp> = Vec::new();
        let mut now = at(0);
        while now < at(600) {
            match pace.enter(None, now) {
                Ok(turn) => {
                    pace.left(turn, Came::Answer, now);
                    made.push(now);
                }
                Err(shut) => now = shut.until,
            }
        }
        let most = usize::try_from(calls).unwrap();
        for (first, later) in made.iter().zip(made.iter().skip(most)) {
            assert!(later.duration_since(*first) >= per, "{calls}: {first} {later}");
        }
        // Hardly anything of it is left unused.
        assert!(made.len() * 100 >= most * 10 * 98, "{calls}: {}", made.len());
    }
}

#[test]
fn a_clock_that_is_put_back_stops_nobody_for_long() {
    let mut pace = paced(60, SignedDuration::from_mins(1));
    assert_eq!(answered(&mut pace, at(0), 100), 1);
    let before = at(-86_400);
    let until = pace.shut(None, before).unwrap().until;
    assert!(until <= before + SignedDuration::from_secs(1), "{until}");
}

#[test]
fn a_system_that_names_a_time_is_left_alone_until_then_by_all_its_calls() {
    let mut pace = unpaced();
    let (one, other) = (pace.enter(None, at(0)).unwrap(), pace.enter(None, at(0)).unwrap());
    let week = SignedDuration::from_hours(7 * 24);
    pace.left(one, Came::Refused(Some(week)), at(0));
    // One that was under way is refused with another time: the later counts.
    pace.left(other, Came::Refused(Some(SignedDuration::from_secs(1))), at(1));
    assert_eq!(shut(&pace, at(2)), Some((Why::Asked, at(7 * 86_400))));
    assert_eq!(shut(&pace, at(7 * 86_400 - 1)), Some((Why::Asked, at(7 * 86_400))));
    assert_eq!(shut(&pace, at(7 * 86_400)), None);
    // The same for one that is not there.
    let mut away = unpaced();
    call(&mut away, Came::Away(week), at(0));
    assert_eq!(shut(&away, at(5)), Some((Why::Asked, at(7 * 86_400))));
}

#[test]
fn one_call_alone_looks_whether_it_takes_them_again() {
    let mut pace = unpaced();
    call(&mut pace, Came::Refused(Some(SignedDuration::from_secs(9))), at(0));
    let probe = pace.enter(None, at(9)).unwrap();
    assert_eq!(shut(&pace, at(9)), Some((Why::Probed, at(9) + millis(100))));
    pace.left(probe, Came::Answer, at(10));
    assert_ne!(shut(&pace, at(10)).map(|(why, _)| why), Some(Why::Probed));
    // One that was not made after all lets another one look.
    let mut pace = unpaced();
    call(&mut pace, Came::Refused(Some(SignedDuration::from_secs(9))), at(0));
    let probe = pace.enter(None, at(9)).unwrap();
    pace.left(probe, Came::Nothing, at(9));
    assert_eq!(shut(&pace, at(9)), None);
}

#[test]
fn without_a_time_the_waits_double_until_one_is_answered() {
    let mut pace = unpaced();
    let mut now = at(0);
    for wait in [1, 2, 4, 8] {
        call(&mut pace, Came::Refused(None), now);
        now += SignedDuration::from_secs(wait);
        assert_eq!(shut(&pace, now - millis(1)), Some((Why::Asked, now)), "{wait}");
    }
    call(&mut pace, Came::Answer, now);
    now += SignedDuration::from_mins(2);
    call(&mut pace, Came::Refused(None), now);
    assert_eq!(shut(&pace, now), Some((Why::Asked, now + SignedDuration::from_secs(1))));
}

#[test]
fn a_time_that_is_never_kept_is_believed_less_and_less() {
    let mut pace = unpaced();
    let mut now = at(0);
    let second = SignedDuration::from_secs(1);
    for _ in 0..12 {
        call(&mut pace, Came::Refused(Some(second)), now);
        now = pace.shut(None, now).unwrap().until;
    }
    assert!(now.duration_since(at(0)) > SignedDuration::from_mins(60), "{now}");
}

#[test]
fn what_was_let_through_is_the_rate_that_is_kept_to() {
    let mut pace = unpaced();
    for tenth in 0..100 {
        call(&mut pace, Came::Answer, at(0) + millis(tenth * 100));
    }
    call(&mut pace, Came::Refused(Some(SignedDuration::from_secs(10))), at(10));
    call(&mut pace, Came::Answer, at(20));
    // A hundred in twenty seconds; a little less from now on.
    assert_eq!(answered(&mut pace, at(20), 10), 2, "one may be ahead of its time");
    let (why, until) = shut(&pace, at(20)).unwrap();
    let apart = until.duration_since(at(20));
    assert!(why == Why::Rate && apart > millis(200) && apart < millis(210), "{apart}");
}

#[test]
fn what_the_system_says_is_left_is_spread_over_the_time_that_is_left() {
    let mut pace = unpaced();
    let budget = |remaining, reset| Budget {
        bucket: "calls".to_owned(),
        limit: Some(100),
        remaining: Some(remaining),
        reset_after: Some(SignedDuration::from_secs(reset)),
    };
    pace.told(&budget(80, 40), at(0));
    assert_eq!(answered(&mut pace, at(0), 30), 30, "more than half is left");
    pace.told(&budget(40, 40), at(0));
    assert_eq!(answered(&mut pace, at(0), 30), 2);
    assert_eq!(shut(&pace, at(0)), Some((Why::Rate, at(1))));
    pace.told(&budget(0, 20), at(20));
    assert_eq!(shut(&pace, at(21)), Some((Why::Rate, at(40))));
    assert_eq!(shut(&pace, at(40)), None, "the next stretch has begun");
}

#[test]
fn of_several_budgets_the_tightest_counts_and_none_is_without_end() {
    let mut pace = unpaced();
    for number in 0..100 {
        let budget = Budget {
            bucket: number.to_string(),
            limit: None,
            remaining: Some(10),
            reset_after: Some(SignedDuration::from_secs(100 - number)),
        };
        pace.told(&budget, at(0));
    }
    answered(&mut pace, at(0), 30);
    let until = pace.shut(None, at(0)).unwrap().until;
    assert!(until > at(5), "{until}");
    pace.told(&Budget::default(), at(0));
    let nonsense = Budget {
        remaining: Some(u64::MAX),
        reset_after: Some(SignedDuration::MAX),
        ..Budget::default()
    };
    pace.told(&nonsense, at(0));
    pace.told(&Budget { limit: Some(u64::MAX), ..nonsense }, at(0));
    assert_eq!(answered(&mut pace, at(86_400), 5), 2);
}

#[test]
fn a_system_that_does_not_answer_five_times_is_not_asked_for_a_while() {
    let mut pace = unpaced();
    for _ in 0..4 {
        call(&mut pace, Came::Silence, at(0));
    }
    call(&mut pace, Came::Answer, at(0));
    for _ in 0..4 {
        call(&mut pace, Came::Silence, at(0));
    }
    assert_eq!(shut(&pace, at(0)), None, "it answered in between");
    call(&mut pace, Came::Silence, at(0));
    assert_eq!(shut(&pace, at(0)), Some((Why::Dead, at(30))));
    // One looks, alone.
    let probe = pace.enter(None, at(30)).unwrap();
    assert!(matches!(shut(&pace, at(30)), Some((Why::Probed, _))));
    pace.left(probe, Came::Answer, at(31));
    assert_eq!(answered(&mut pace, at(31), 10), 10);
}

#[test]
fn one_that_does_not_answer_then_either_is_left_to_a_later_run() {
    let mut pace = unpaced();
    let late = pace.enter(None, at(0)).unwrap();
    for _ in 0..5 {
        call(&mut pace, Came::Silence, at(0));
    }
    // What was under way before says nothing new.
    pace.left(late, Came::Silence, at(29));
    assert_eq!(shut(&pace, at(29)), Some((Why::Dead, at(30))));
    call(&mut pace, Came::Silence, at(30));
    let longer = crate::retry::RetryPolicy::default().longest;
    let (why, until) = shut(&pace, at(30)).unwrap();
    assert!(why == Why::Dead && until.duration_since(at(30)) > longer, "{until}");
}
