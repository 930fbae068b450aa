//! Steps with an effect: once, for a while, and what becomes of a failure.

use super::*;
use crate::id::MessageName;

fn tell() -> TaskDefinition {
    TaskDefinition::Do(Action::Notify {
        to: vec![Recipient::Person(Whom::Manager(1))],
        template: MessageName::new("left").unwrap(),
    })
}

/// Somebody is told, and after that there is a wait.
fn telling(on_failure: OnFailure) -> Walk {
    let tell = StepDefinition { on_failure, ..step("tell", tell(), &[]) };
    let wait = TaskDefinition::Wait(WaitDefinition::For(days(1)));
    Walk::new(vec![tell, step("then", wait, &["tell"])])
}

fn set(walk: &mut Walk, record: StepRecord) {
    walk.episode.steps.insert(StepName::new("tell").unwrap(), record);
}

fn sent(when: &str) -> StepRecord {
    let attempts = Attempts { count: 1, sent: BTreeSet::new() };
    StepRecord::Sent { begun: at(when), at: at(when), attempts }
}

#[test]
fn what_was_about_to_be_sent_is_never_due_again() {
    let mut walk = telling(OnFailure::Stop);
    insta::assert_snapshot!(shown(&walk.look("2026-07-01")), @"tell due");
    set(&mut walk, sent("2026-07-01"));
    insta::assert_snapshot!(shown(&walk.look("2026-09-01")), @r#"
    tell unknown at 2026-07-01T00:00:00Z
    Stopped { at: 2026-07-01T00:00:00Z, step: StepName("tell") }
    "#);
}

#[test]
fn it_is_tried_from_when_somebody_looks_and_for_three_days() {
    let mut walk = telling(OnFailure::Stop);
    // Nobody looked for two months.
    insta::assert_snapshot!(shown(&walk.look("2026-09-01")), @"tell due");
    set(&mut walk, StepRecord::Begun { at: at("2026-09-01") });
    insta::assert_snapshot!(shown(&walk.look("2026-09-03")), @"tell due");
    insta::assert_snapshot!(shown(&walk.look("2026-09-04")), @r#"
    tell timed out at 2026-09-04T00:00:00Z
    Stopped { at: 2026-09-04T00:00:00Z, step: StepName("tell") }
    "#);
}

#[test]
fn what_certainly_failed_waits_for_its_time_and_is_due_again() {
    let mut walk = telling(OnFailure::Stop);
    set(
        &mut walk,
        StepRecord::Again {
            begun: at("2026-07-01"),
            attempts: Attempts { count: 1, sent: BTreeSet::new() },
            next: at("2026-07-02"),
            why: "nobody answers".to_owned(),
        },
    );
    insta::assert_snapshot!(shown(&walk.look("2026-07-01")), @"tell: nobody answers; tried again from 2026-07-02T00:00:00Z, no longer than until 2026-07-04T00:00:00Z");
    insta::assert_snapshot!(shown(&walk.look("2026-07-02")), @"tell due");
}

#[test]
fn pauses_grow_and_end_at_six_hours() {
    let pauses: Vec<String> = [1, 2, 3, 7, 8, u32::MAX].map(|n| duration(pause_after(n))).into();
    assert_eq!(pauses, ["5m", "10m", "20m", "320m", "6h", "6h"]);
}

#[test]
fn an_obligation_goes_on_and_stays_open_until_a_person_closes_it() {
    let mut walk = telling(OnFailure::Obligation);
    walk.end("tell", "2026-07-01", StepEnd::Unknown);
    insta::assert_snapshot!(shown(&walk.look("2026-07-01")), @"then: waits until 2026-07-02T00:00:00Z");
    let open = |walk: &Walk| open_steps(&walk.workflow, &walk.episode).count();
    assert_eq!(open(&walk), 1);
    walk.end("tell", "2026-07-01", StepEnd::Closed { by: "ada".to_owned(), reason: None });
    assert_eq!(open(&walk), 0);
}

#[test]
fn a_failure_that_asks_keeps_what_comes_after_waiting_and_the_episode_open() {
    let mut walk = telling(OnFailure::Ask);
    walk.end("tell", "2026-07-01", StepEnd::TimedOut);
    insta::assert_snapshot!(shown(&walk.look("2026-09-01")), @"tell: it took too long; a person says `lanyard workflow retry` or `skip`");
    // Also when it is the last one.
    let only = StepDefinition { on_failure: OnFailure::Ask, ..step("tell", tell(), &[]) };
    let mut walk = Walk::new(vec![only]);
    walk.end("tell", "2026-07-01", StepEnd::TimedOut);
    assert_eq!(walk.look("2026-09-01").end, None);
    walk.end("tell", "2026-09-02", StepEnd::Closed { by: "ada".to_owned(), reason: None });
    assert_eq!(walk.look("2026-09-02").end, Some(EpisodeEnd::Finished { at: at("2026-09-02") }));
}

#[test]
fn a_question_that_nobody_answers_in_time_is_a_no() {
    let ask = TaskDefinition::Do(Action::Approve(Approve {
        stages: vec![vec![Whom::Manager(1)]],
        expire: days(5),
        reason: None,
        escalate: None,
        template: None,
    }));
    let mut walk = Walk::new(vec![step("tell", ask, &[])]);
    let question = Question {
        stages: vec![BTreeSet::from([walk.episode.identity])],
        expire: days(5),
        escalate: None,
        reason: String::new(),
    };
    let asked = question.asked(at("2026-07-01"));
    set(&mut walk, StepRecord::Asked { begun: at("2026-07-01"), asked });
    assert!(shown(&walk.look("2026-07-05")).contains("no longer than until 2026-07-06"));
    insta::assert_snapshot!(shown(&walk.look("2026-09-01")), @r#"
    tell not answered at 2026-07-06T00:00:00Z
    Stopped { at: 2026-07-06T00:00:00Z, step: StepName("tell") }
    "#);
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Taken,
    /// Certainly not.
    Refused,
    /// The process dies after it was sent.
    Dies,
}

proptest::proptest! {
    /// Looks at any times, replayed, and any fates of attempts.
    #[test]
    fn a_step_is_done_at_most_once_whatever_is_replayed(
        looks in proptest::collection::vec((0_i64..200, 0_u8..3, proptest::bool::ANY), 1..40)
    ) {
        let mut walk = telling(OnFailure::Stop);
        let mut hours = 0;
        let mut may_have_been_sent = 0;
        for (later, fate, looked_only) in looks {
            hours += later;
            let now = at("2026-07-01").checked_add(SignedDuration::from_hours(hours)).unwrap();
            let advanced = walk.look(&now.to_string());
            walk.record(&advanced);
            if looked_only || !advanced.due.iter().any(|step| step.as_str() == "tell") {
                continue;
            }
            let tell = StepName::new("tell").unwrap();
            let begun = walk.episode.begun(&tell).unwrap_or(now);
            let count = walk.episode.attempts(&tell).count + 1;
            let attempts = Attempts { count, sent: BTreeSet::new() };
            set(&mut walk, StepRecord::Sent { begun, at: now, attempts: attempts.clone() });
            let fate = [Fate::Taken, Fate::Refused, Fate::Dies][usize::from(fate)];
            match fate {
                Fate::Taken => {
                    may_have_been_sent += 1;
                    set(&mut walk, StepRecord::Ended { at: now, end: StepEnd::Done });
                }
                Fate::Refused => {
                    let next = now.checked_add(pause_after(count)).unwrap();
                    let why = "refused".to_owned();
                    set(&mut walk, StepRecord::Again { begun, attempts, next, why });
                }
                Fate::Dies => may_have_been_sent += 1,
            }
        }
        proptest::prop_assert!(may_have_been_sent <= 1);
    }
}

#[test]
fn what_everybody_agreed_to_is_done_since_they_did_however_late_somebody_looks() {
    let ask = TaskDefinition::Do(Action::Approve(Approve {
        stages: vec![vec![Whom::Manager(1)]],
        expire: days(5),
        reason: None,
        escalate: None,
        template: None,
    }));
    let mut walk = Walk::new(vec![step("tell", ask, &[]), step("then", start(), &["tell"])]);
    let by = IdentityId::first_seen(&ConnectorName::new("hr").unwrap(), "2");
    let question = Question {
        stages: vec![[by].into()],
        expire: days(5),
        escalate: None,
        reason: String::new(),
    };
    let mut asked = question.asked(at("2026-07-01"));
    asked.approved.push(Agreed { at: at("2026-07-02"), by });
    set(&mut walk, StepRecord::Asked { begun: at("2026-07-01"), asked });
    let looked = shown(&walk.look("2026-09-01"));
    assert_eq!(looked, "tell done at 2026-07-02T00:00:00Z\nthen due");
}
