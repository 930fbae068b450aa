//! First and last day over several jobs.

use super::*;
use crate::{
    access::Side,
    lifecycle::Kept,
    request::{Request, RequestedBy},
};

/// First and last day of her, with these jobs, both known from the start.
fn tenure(one: &Job, other: &Job, now: Timestamp) -> (String, String) {
    let policy = firm();
    let known = learned(&policy, &[(one, noon()), (other, noon())]);
    let besides = Besides { wrong: &[], absent_since: None, ejected: None, past: &[] };
    let all = engagements(&policy, &known[0], &besides, now);
    let found = super::super::tenure(&policy, &all, &[]);
    let day = |fact: Option<&crate::fact::Fact>| {
        let value = fact.and_then(|fact| fact.values.first());
        value.map_or_else(|| "none".to_owned(), ToString::to_string)
    };
    (day(found.start), day(found.end))
}

#[test]
fn the_last_day_is_of_the_job_that_ends_last_without_a_gap_before_it() {
    let days = |one: (&'static str, &'static str), other: (&'static str, &'static str)| {
        let jobs = [job("hr", one.0, one.1), job("more", other.0, other.1)];
        let forth = tenure(&jobs[0], &jobs[1], noon());
        let turned = [job("more", one.0, one.1), job("hr", other.0, other.1)];
        assert_eq!(forth, tenure(&turned[0], &turned[1], noon()), "whichever source it is");
        forth
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let ending = ("2020-01-01", "2026-06-30");
    assert_eq!(days(ending, ("2022-01-01", "")), pair("2020-01-01", "none"));
    assert_eq!(days(ending, ("2022-01-01", "2026-09-30")), pair("2020-01-01", "2026-09-30"));
    assert_eq!(days(ending, ("2026-07-01", "")), pair("2020-01-01", "none"));
    // Fourteen days are bridged.
    assert_eq!(days(ending, ("2026-07-15", "")), pair("2020-01-01", "none"));
    assert_eq!(days(ending, ("2026-07-16", "")), pair("2020-01-01", "2026-06-30"));
}

#[test]
fn a_job_that_nobody_knew_of_in_time_begins_a_tenure_of_its_own() {
    let policy = firm();
    let (old, new) = (job("more", "2020-01-01", "2026-05-31"), job("hr", "2026-06-10", ""));
    let begins = |known_before: &[&str]| {
        let mut known = learned(&policy, &[(&old, noon()), (&new, noon())]);
        for start in known[0].facts.get_mut("start").expect("is told") {
            if known_before.contains(&start.record.source.as_str()) {
                start.learned = at("2020-01-01T00:00:00Z");
            }
        }
        let besides = Besides { wrong: &[], absent_since: None, ejected: None, past: &[] };
        let all = engagements(&policy, &known[0], &besides, noon());
        super::super::tenure(&policy, &all, &[]).begins
    };
    // The end was at midnight, and of the new job was heard at noon.
    assert_eq!(begins(&["more"]), Some(at("2026-06-10T00:00:00Z")));
    assert_eq!(begins(&["more", "hr"]), Some(at("2020-01-01T00:00:00Z")));
}

#[test]
fn whoever_left_by_a_last_day_left_on_that_day_whenever_their_status_was_told() {
    let policy = firm();
    let (old, new) = (job("more", "2020-01-01", "2026-05-31"), job("hr", "2026-06-10", ""));
    let hired = at("2020-01-01T00:00:00Z");
    let known = learned(&policy, &[(&old, hired), (&new, hired)]);
    for now in [noon(), days(14)] {
        let besides = Besides { wrong: &[], absent_since: None, ejected: None, past: &[] };
        let all = engagements(&policy, &known[0], &besides, now);
        assert_eq!(super::super::tenure(&policy, &all, &[]).begins, Some(hired), "{now}");
    }
}

#[test]
fn what_was_asked_for_outlives_the_end_of_one_job_of_two() {
    let policy = firm();
    let old = job("more", "2020-01-01", "2026-05-31");
    let request = |start: Option<&str>| Request {
        id: "r".to_owned(),
        identity: id("1"),
        access: Side::Role(named("buyer")),
        from: None,
        until: None,
        reason: String::new(),
        by: RequestedBy::Person { user: "bob".to_owned(), identity: None, label: "Bob".to_owned() },
        at: days(-20),
        start: start.map(at),
        answer_by: None,
        asked: None,
        agreed: Vec::new(),
        given: Some(days(-20)),
        ended: None,
    };
    let ended = |new: &Job, request: Request| {
        let known = learned(&policy, &[(&old, noon()), (new, noon())]);
        let who = known[0].id;
        let request = Request { identity: who, ..request };
        let assembled = assemble(&policy, &[], &known, &[].into(), noon());
        let mut observed = observed(&[]);
        observed.kept = Kept { requests: [(who, vec![request])].into(), ..Kept::default() };
        let desired = desired(&policy, &assembled, &observed, noon());
        desired.identities[&who].access.requests.ended.len()
    };
    // The second job began after she had asked, and while the first went on.
    let overlapping = job("hr", "2026-05-25", "");
    assert_eq!(ended(&overlapping, request(Some("2020-01-01T00:00:00Z"))), 0);
    // Another one begins after a gap: that is another life.
    let later = job("hr", "2026-06-20", "");
    assert_eq!(ended(&later, request(Some("2020-01-01T00:00:00Z"))), 1);
}
