mod tenure;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    account::{Account, CoverageKind},
    desired::{Desired, Presence, desired},
    example::{at, id, named, noon, observed, policy, reading, worker},
    fact::Identity,
    identity::assemble,
    lifecycle::LifecycleState,
};

const ADA: (&str, &str) = ("Ada", "Example");

/// What one source says of her: the first and the last day, and where.
#[derive(Debug, Clone)]
struct Job {
    source: &'static str,
    start: &'static str,
    end: &'static str,
    department: &'static str,
}

impl Job {
    fn record(&self) -> Account {
        let facts = [("start", self.start), ("end", self.end), ("department", self.department)];
        let facts: Vec<(&str, &str)> = facts.into_iter().filter(|it| !it.1.is_empty()).collect();
        worker("1", ADA, &facts)
    }
}

fn job(source: &'static str, start: &'static str, end: &'static str) -> Job {
    Job { source, start, end, department: "Sales" }
}

/// `more` before `hr`: the order of names is another one.
fn firm() -> Policy {
    let mut policy = policy();
    policy.lifecycle.engagements = vec![named("more"), named("hr")];
    policy.lifecycle.bridge = SignedDuration::from_hours(14 * 24);
    policy
}

/// She, after each of these was learned at its time, the sources one by one.
fn learned(policy: &Policy, jobs: &[(&Job, Timestamp)]) -> Vec<Identity> {
    let mut known = Vec::new();
    for (job, at) in jobs {
        let mut reading = reading(job.source, vec![job.record()], CoverageKind::Exhaustive);
        reading.read_at = *at;
        known = assemble(policy, &[reading], &known, &[].into(), *at).identities;
    }
    known
}

fn decided(policy: &Policy, known: &[Identity], now: Timestamp) -> Desired {
    let assembled = assemble(policy, &[], known, &[].into(), now);
    desired(policy, &assembled, &observed(&[]), now)
}

/// State, and the targets at which an account is enabled.
fn stands(policy: &Policy, jobs: &[(&Job, Timestamp)], now: Timestamp) -> (String, Vec<String>) {
    let desired = decided(policy, &learned(policy, jobs), now);
    let person = desired.identities.values().next().expect("is known");
    let enabled = person
        .accounts
        .iter()
        .filter(|(_, account)| matches!(account.presence, Presence::Present { enabled: true, .. }));
    let enabled = enabled.map(|(target, _)| target.to_string()).collect();
    (format!("{}: {}", person.state.state.word(), person.state.because), enabled)
}

fn days(more: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(24 * more)
}

#[test]
fn the_end_of_one_engagement_closes_no_other_in_whatever_source() {
    let policy = firm();
    for (ended, other) in [("hr", "more"), ("more", "hr")] {
        let (ended, other) = (job(ended, "2020-01-01", "2026-05-31"), job(other, "2021-01-01", ""));
        let (state, enabled) = stands(&policy, &[(&ended, noon()), (&other, noon())], noon());
        assert_eq!(state, "active: start 2021-01-01 has come");
        assert_eq!(enabled, ["crm", "directory"]);
    }
}

#[test]
fn without_a_word_of_the_file_a_second_source_adds_facts_and_no_engagement() {
    let mut policy = firm();
    policy.lifecycle.engagements.clear();
    policy.authority.default = vec![named("hr"), named("more")];
    let (left, other) = (job("hr", "2020-01-01", "2026-05-31"), job("more", "2021-01-01", ""));
    let (state, enabled) = stands(&policy, &[(&left, noon()), (&other, noon())], noon());
    assert_eq!((state.as_str(), enabled.len()), ("departed: end 2026-05-31 has passed", 0));
}

#[test]
fn a_second_engagement_gives_what_its_rules_give_and_nothing_before_it_begins() {
    let policy = firm();
    let legal = Job { department: "Legal", ..job("more", "2020-01-01", "") };
    let sales = job("hr", "2026-06-05", "");
    let jobs = [(&legal, noon()), (&sales, noon())];
    assert_eq!(stands(&policy, &jobs, noon()).1, ["directory"]);
    let known = learned(&policy, &jobs);
    let desired = decided(&policy, &known, days(4));
    let person = desired.identities.values().next().expect("is known");
    let grants = |target: &str| match &person.accounts.get(target).expect("is given").presence {
        Presence::Present { enabled: true, content } => {
            content.grants.keys().map(|grant| grant.entitlement.clone()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(grants("directory"), ["dept-legal", "dept-sales"]);
    assert_eq!(grants("crm"), ["sellers"]);
    let records: Vec<String> = person.engagements.iter().map(ToString::to_string).collect();
    assert_eq!(
        records,
        [
            "engagement 1 of more: active: start 2020-01-01 has come",
            "engagement 1 of hr: active: start 2026-06-05 has come",
        ]
    );
}

#[test]
fn beside_an_engagement_only_one_as_good_gives_something() {
    use LifecycleState::{Active, Announced, Departed, Leaving, OnLeave, Prehire};
    for (best, other, counts) in [
        (Active, Active, true),
        (Active, Leaving, true),
        (Leaving, Active, true),
        (Active, OnLeave, true),
        (Active, Prehire, false),
        (OnLeave, OnLeave, true),
        (OnLeave, Prehire, false),
        (Prehire, Prehire, true),
        (Prehire, Announced, false),
        (Departed, Departed, false),
    ] {
        assert_eq!(counts_beside(best, other), counts, "{best:?} {other:?}");
    }
}

#[test]
fn a_gap_is_bridged_only_when_it_is_short_and_was_known_in_time() {
    let policy = firm();
    let first = job("more", "2020-01-01", "2026-06-03");
    for (start, known, state) in [
        // The fourth begins the gap; fourteen days are bridged.
        (
            "2026-06-18",
            0,
            "active: end 2026-06-03 has passed, and they begin again 2026-06-18: bridged until then",
        ),
        ("2026-06-19", 0, "prehire: start is 2026-06-19"),
        ("2026-06-18", 3, "prehire: start is 2026-06-18"),
    ] {
        let second = job("hr", start, "");
        let jobs = [(&first, noon()), (&second, days(known))];
        let mut policy = firm();
        policy.lifecycle.prehire = SignedDuration::from_hours(30 * 24);
        assert_eq!(stands(&policy, &jobs, days(5)).0, state, "{start} {known}");
    }
    let second = job("hr", "2026-06-18", "");
    let jobs = [(&first, noon()), (&second, noon())];
    // On the day it begins nothing needs a bridge.
    assert_eq!(
        stands(&policy, &jobs, at("2026-06-18T00:00:00Z")).0,
        "active: start 2026-06-18 has come"
    );
    let bridged = decided(&policy, &learned(&policy, &jobs), days(5));
    let until = bridged.identities[&learned(&policy, &jobs)[0].id].state.until;
    assert_eq!(until, Some(at("2026-06-18T00:00:00Z")));
}

#[test]
fn only_what_was_known_of_the_next_job_itself_and_in_time_bridges_the_gap_before_it() {
    let mut policy = firm();
    policy.lifecycle.prehire = SignedDuration::from_hours(30 * 24);
    let (first, second) = (job("more", "2020-01-01", "2026-06-03"), job("hr", "2026-06-18", ""));
    let known = learned(&policy, &[(&first, noon()), (&second, days(3))]);
    let mut starts = known[0].facts["start"].iter();
    let start = starts.find(|it| it.record.source.as_str() == "hr").expect("is told");
    // A first day that was said before, from then until then.
    let said = |source: &str, learned: Timestamp, forgotten: Timestamp| {
        let record = RecordKey { source: named(source), key: "1".to_owned() };
        let fact = crate::fact::Fact { record, learned, ..start.clone() };
        PastFact { name: named("start"), fact, forgotten }
    };
    let state_with = |past: &[PastFact]| {
        let besides = Besides { wrong: &[], absent_since: None, ejected: None, past };
        state(&engagements(&policy, &known[0], &besides, days(5))).expect("can be told").state
    };
    assert_eq!(state_with(&[]), LifecycleState::Prehire);
    assert_eq!(state_with(&[said("hr", noon(), days(3))]), LifecycleState::Active);
    let of_other = said("more", noon(), days(3));
    assert_eq!(state_with(&[of_other]), LifecycleState::Prehire);
    let too_late = said("hr", days(3), days(4));
    assert_eq!(state_with(&[too_late]), LifecycleState::Prehire);
    let taken_back = said("hr", days(-9), days(1));
    assert_eq!(state_with(&[taken_back]), LifecycleState::Prehire);
}

#[test]
fn a_job_of_which_its_source_says_nothing_any_more_is_withdrawn() {
    let mut policy = firm();
    let (one, other) = (job("more", "2020-01-01", "2026-06-03"), job("hr", "2026-06-18", ""));
    let mut ada = learned(&policy, &[(&one, noon()), (&other, noon())]).remove(0);
    assert!(!is_withdrawn(&policy, &ada));
    for facts in ada.facts.values_mut() {
        facts.retain(|it| it.record.source.as_str() != "hr");
    }
    assert!(is_withdrawn(&policy, &ada));
    policy.lifecycle.engagements = vec![named("more")];
    assert!(!is_withdrawn(&policy, &ada), "it never was a job");
}

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let start = prop::sample::select(vec!["2025-01-01", "2026-06-01", "2026-06-05", "2026-12-01"]);
    let end = prop::sample::select(vec!["", "2026-05-31", "2026-06-20", "2027-01-31"]);
    let department = prop::sample::select(vec!["Sales", "Legal"]);
    let job = (start, end, department);
    proptest::collection::vec(job, 2).prop_map(|jobs| {
        let with = jobs.into_iter().zip(["hr", "more"]);
        with.map(|((start, end, department), source)| Job { source, start, end, department })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_in_which_engagements_are_learned_changes_nothing(jobs in jobs(), day in 0_i64..40) {
        let policy = firm();
        let (one, other) = (&jobs[0], &jobs[1]);
        let forth = learned(&policy, &[(one, noon()), (other, noon())]);
        let back = learned(&policy, &[(other, noon()), (one, noon())]);
        let (forth, back) = (decided(&policy, &forth, days(day)), decided(&policy, &back, days(day)));
        let told = |desired: &Desired| {
            let person = desired.identities.values().next().expect("is known").clone();
            (person.state, person.accounts.into_iter().map(|it| (it.0, it.1.presence)).collect::<Vec<_>>())
        };
        // Who is first seen decides the id, and nothing else.
        prop_assert_eq!(told(&forth).0, told(&back).0);
        let shape = |presence: &Presence| match presence {
            Presence::Present { enabled, content } => {
                format!("{enabled} {} {:?}", content.name, content.grants.keys())
            }
            other => format!("{other:?}"),
        };
        let wanted = |desired: &Desired| {
            let person = desired.identities.values().next().expect("is known");
            let present = person.accounts.iter().filter(|it| matches!(it.1.presence, Presence::Present { .. }));
            present.map(|(target, it)| (target.clone(), shape(&it.presence))).collect::<Vec<_>>()
        };
        prop_assert_eq!(wanted(&forth), wanted(&back));
    }

    #[test]
    fn an_engagement_that_is_over_changes_nothing(jobs in jobs(), day in 0_i64..40) {
        let policy = firm();
        let over = job("more", "2019-01-01", "2019-12-31");
        let one = Job { source: "hr", ..jobs[0].clone() };
        let now = days(day);
        let alone = learned(&policy, &[(&one, noon())]);
        let both = learned(&policy, &[(&one, noon()), (&over, noon())]);
        let told = |known: &[Identity]| {
            let person = decided(&policy, known, now).identities.remove(&id("1")).expect("is known");
            (person.state, person.accounts)
        };
        prop_assert_eq!(told(&alone), told(&both));
    }

    #[test]
    fn nobody_is_disabled_while_any_engagement_goes_on(jobs in jobs(), day in 0_i64..40) {
        let policy = firm();
        let now = days(day);
        let known = learned(&policy, &[(&jobs[0], noon()), (&jobs[1], noon())]);
        let at_work = jobs.iter().any(|job| {
            let alone = learned(&policy, &[(job, noon())]);
            let desired = decided(&policy, &alone, now);
            desired.identities.values().all(|it| it.state.state.broad() == LifecycleState::Active)
        });
        let desired = decided(&policy, &known, now);
        let person = desired.identities.values().next().expect("is known");
        // A last day before the first one holds whoever has it.
        prop_assume!(person.holds.is_empty());
        let enabled = |presence: &Presence| matches!(presence, Presence::Present { enabled: true, .. });
        if at_work {
            prop_assert!(person.accounts.get("directory").is_some_and(|it| enabled(&it.presence)));
        }
    }
}
