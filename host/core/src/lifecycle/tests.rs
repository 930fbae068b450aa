mod zone;

use jiff::SignedDuration;

use super::*;
use crate::fact::RecordKey;

fn fact(value: Value) -> Fact {
    Fact {
        values: vec![value],
        record: RecordKey { source: "hr".parse().expect("is a name"), key: "1".to_owned() },
        from: Vec::new(),
        learned: Timestamp::UNIX_EPOCH,
        effective_from: None,
        effective_until: None,
    }
}

fn policy(zone: &str) -> LifecyclePolicy {
    LifecyclePolicy {
        timezone: TimeZone::get(zone).expect("is a zone"),
        prehire: SignedDuration::from_hours(7 * 24),
        status: BTreeMap::from([
            ("active".to_owned(), LifecycleState::Active),
            ("long-term leave".to_owned(), LifecycleState::OnLeave),
            ("former employee".to_owned(), LifecycleState::Departed),
        ]),
        ..LifecyclePolicy::default()
    }
}

/// State of somebody with these facts, as one line.
fn told(zone: &str, facts: &[(&str, &str)], absent: Option<&str>, now: &str) -> String {
    let mut policy = policy(zone);
    if facts.iter().all(|(name, _)| *name != "status") {
        policy.status.clear();
    }
    told_by(&policy, facts, &[], absent, now)
}

fn told_by(
    policy: &LifecyclePolicy,
    facts: &[(&str, &str)],
    wrong: &[&str],
    absent: Option<&str>,
    now: &str,
) -> String {
    let facts: Vec<(FactName, Fact)> = facts
        .iter()
        .map(|(name, text)| {
            let value = match *name {
                "start" | "end" | "leave_start" | "leave_end" => {
                    parse_moment(text).expect("is a moment")
                }
                _ => Value::Text((*text).to_owned()),
            };
            (name.parse().expect("is a name"), fact(value))
        })
        .collect();
    let facts = facts.iter().map(|(name, fact)| (name.clone(), fact)).collect();
    let absent = absent.map(|text| text.parse().expect("is an instant"));
    let now = now.parse().expect("is an instant");
    let wrong: Vec<Hold> = wrong
        .iter()
        .map(|name| Hold { fact: name.parse().ok(), text: format!("nobody can read `{name}`") })
        .collect();
    let when_missing = WhenMissing::Departed;
    let about =
        About { facts: &facts, wrong: &wrong, absent_since: absent, when_missing, ejected: None };
    match state(&about, policy, now) {
        Err(sentences) => format!("held: {}", sentences.join("; ")),
        Ok(StateNow { state, because, since, until, doubts, .. }) => {
            let text = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
            let mut line =
                format!("{} [{} .. {}] {because}", state.word(), text(since), text(until));
            for doubt in doubts {
                line = format!("{line}; doubtful: {doubt}");
            }
            line
        }
    }
}

#[test]
fn the_state_follows_the_dates() {
    let facts = [("start", "2026-03-10"), ("end", "2026-03-31")];
    let at = |now: &str| told("UTC", &facts, None, now);
    insta::assert_snapshot!(
        [
            at("2026-03-02T23:59:59Z"),
            at("2026-03-03T00:00:00Z"),
            at("2026-03-09T23:59:59Z"),
            at("2026-03-10T00:00:00Z"),
            at("2026-03-31T23:59:59Z"),
            at("2026-04-01T00:00:00Z"),
        ]
        .join("\n"),
        @"
    announced [- .. 2026-03-03T00:00:00Z] start is 2026-03-10
    prehire [2026-03-03T00:00:00Z .. 2026-03-10T00:00:00Z] start is 2026-03-10
    prehire [2026-03-03T00:00:00Z .. 2026-03-10T00:00:00Z] start is 2026-03-10
    active [2026-03-10T00:00:00Z .. 2026-04-01T00:00:00Z] start 2026-03-10 has come
    active [2026-03-10T00:00:00Z .. 2026-04-01T00:00:00Z] start 2026-03-10 has come
    departed [2026-04-01T00:00:00Z .. -] end 2026-03-31 has passed
    "
    );
}

#[test]
fn days_begin_and_end_in_the_time_zone_of_the_file() {
    // The night to 2026-03-29 loses an hour in Berlin; in Santiago midnight
    // of 2026-09-06 does not exist.
    insta::assert_snapshot!(
        [
            told("Europe/Berlin", &[("start", "2026-03-29")], None, "2026-03-28T23:00:00Z"),
            told("Europe/Berlin", &[("end", "2026-03-29")], None, "2026-03-29T21:59:59Z"),
            told("Europe/Berlin", &[("end", "2026-03-29")], None, "2026-03-29T22:00:00Z"),
            told("America/Santiago", &[("start", "2026-09-06")], None, "2026-09-06T04:00:00Z"),
            told("America/Los_Angeles", &[("end", "2026-03-31")], None, "2026-04-01T06:59:59Z"),
        ]
        .join("\n"),
        @"
    active [2026-03-28T23:00:00Z .. -] start 2026-03-29 has come
    active [- .. 2026-03-29T22:00:00Z] no start is given
    departed [2026-03-29T22:00:00Z .. -] end 2026-03-29 has passed
    active [2026-09-06T04:00:00Z .. -] start 2026-09-06 has come
    active [- .. 2026-04-01T07:00:00Z] no start is given
    "
    );
}

#[test]
fn status_wins_over_dates_for_leave_and_departure_only() {
    let now = "2026-06-01T00:00:00Z";
    insta::assert_snapshot!(
        [
            told("UTC", &[("status", "Former Employee"), ("end", "2026-12-31")], None, now),
            told("UTC", &[("status", "Long-term leave"), ("start", "2020-01-01")], None, now),
            told("UTC", &[("status", "Long-term leave"), ("start", "2027-01-01")], None, now),
            told("UTC", &[("status", "Long-term leave"), ("end", "2026-05-31")], None, now),
            told("UTC", &[("status", "Active"), ("end", "2026-05-31")], None, now),
        ]
        .join("\n"),
        @"
    departed [- .. -] status is `Former Employee`
    on-leave [- .. -] status is `Long-term leave`
    announced [- .. 2026-12-25T00:00:00Z] start is 2027-01-01
    departed [2026-06-01T00:00:00Z .. -] end 2026-05-31 has passed
    departed [2026-06-01T00:00:00Z .. -] end 2026-05-31 has passed
    "
    );
}

#[test]
fn contradicting_and_unknown_facts_hold() {
    let now = "2026-06-01T00:00:00Z";
    let wrong = [("start", "2026-03-10"), ("end", "2026-03-09")];
    insta::assert_snapshot!(
        [
            told("UTC", &wrong, None, now),
            told("UTC", &[("start", "2026-03-10"), ("end", "2026-03-10")], None, now),
            told("UTC", &[("status", "Sabbatical")], None, now),
            told("UTC", &wrong, Some("2026-05-01T00:00:00Z"), now),
        ]
        .join("\n"),
        @"
    held: fact `end` (2026-03-09) is before fact `start` (2026-03-10)
    departed [2026-03-11T00:00:00Z .. -] end 2026-03-10 has passed
    held: status `Sabbatical` is none of `active`, `former employee`, `long-term leave`; add it to `[lifecycle] status`
    departed [2026-05-01T00:00:00Z .. -] its record is gone from its source
    "
    );
}

#[test]
fn a_missing_record_counts_for_nothing_where_the_file_says_keep() {
    let now = "2026-06-01T00:00:00Z".parse().expect("is an instant");
    let mut policy = policy("UTC");
    policy.status.clear();
    let told = state(
        &About {
            facts: &BTreeMap::new(),
            wrong: &[],
            absent_since: Some(now),
            when_missing: WhenMissing::Keep,
            ejected: None,
        },
        &policy,
        now,
    );
    assert_eq!(told.map(|told| told.state), Ok(LifecycleState::Active));
}

#[test]
fn no_status_is_not_taken_for_active() {
    let now = "2026-06-01T00:00:00Z";
    let asked = policy("UTC");
    let mut mapped = policy("UTC");
    mapped.status.insert(String::new(), LifecycleState::OnLeave);
    insta::assert_snapshot!(
        [
            told_by(&asked, &[], &[], None, now),
            told_by(&asked, &[("status", " ")], &[], None, now),
            told_by(&asked, &[("start", "2027-01-01")], &[], None, now),
            told_by(&asked, &[("end", "2026-05-31")], &[], None, now),
            told_by(&asked, &[], &[], Some("2026-05-01T00:00:00Z"), now),
            told_by(&mapped, &[], &[], None, now),
        ]
        .join("\n"),
        @r#"
    held: there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`
    held: there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`
    held: there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`
    departed [2026-06-01T00:00:00Z .. -] end 2026-05-31 has passed; doubtful: there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`
    departed [2026-05-01T00:00:00Z .. -] its record is gone from its source
    on-leave [- .. -] status is ``
    "#
    );
}

#[test]
fn what_is_certain_of_a_leaver_counts_whatever_else_is_wrong() {
    let now = "2026-06-01T00:00:00Z";
    let left = ("status", "Former employee");
    let told =
        |facts: &[(&str, &str)], wrong: &[&str]| told_by(&policy("UTC"), facts, wrong, None, now);
    insta::assert_snapshot!(
        [
            told(&[left, ("start", "2026-03-10"), ("end", "2026-03-09")], &[]),
            told(&[left, ("end", "2026-05-31")], &["start"]),
            // The end is what was known before, and may be wrong today.
            told(&[("status", "Active"), ("end", "2026-05-31")], &["end"]),
            told(&[("status", "Active"), ("end", "2026-05-31")], &["start"]),
            told(&[left], &["status"]),
            told(&[left, ("end", "2026-05-31")], &["status"]),
            told(&[left], &["end", "status"]),
            told(&[left], &["title"]),
            told(&[("status", "Sabbatical"), ("end", "2026-05-31")], &[]),
        ]
        .join("\n"),
        @"
    departed [- .. -] status is `Former employee`; doubtful: fact `end` (2026-03-09) is before fact `start` (2026-03-10)
    departed [- .. -] status is `Former employee`; doubtful: nobody can read `start`
    held: nobody can read `end`
    held: nobody can read `start`
    held: nobody can read `status`
    departed [2026-06-01T00:00:00Z .. -] end 2026-05-31 has passed; doubtful: nobody can read `status`
    held: nobody can read `end`; nobody can read `status`
    departed [- .. -] status is `Former employee`
    departed [2026-06-01T00:00:00Z .. -] end 2026-05-31 has passed; doubtful: status `Sabbatical` is none of `active`, `former employee`, `long-term leave`; add it to `[lifecycle] status`
    "
    );
}

/// The policy with everything that a firm may add.
fn whole_policy() -> LifecyclePolicy {
    let mut policy = policy("Europe/Berlin");
    policy.status.insert("withdrawn".to_owned(), LifecycleState::Cancelled);
    policy.leaving = SignedDuration::from_hours(30 * 24);
    policy.last_hour = Some(jiff::civil::time(17, 0, 0, 0));
    policy.leaves.insert("parental".to_owned(), LeavePolicy::plain());
    policy
}

#[test]
fn a_last_day_ends_at_its_hour_where_the_person_works() {
    let policy = whole_policy();
    let told = |zone: &str, now: &str| {
        let facts = [("status", "Active"), ("end", "2026-03-29"), ("timezone", zone)];
        told_by(&policy, &facts, &[], None, now)
    };
    // The clocks of Berlin go on that night, those of New York went before.
    let zones = [("Europe/Berlin", "15:00"), ("America/New_York", "21:00"), ("UTC", "17:00")];
    for (zone, hour) in zones {
        let at: Timestamp = format!("2026-03-29T{hour}:00Z").parse().expect("is an instant");
        let before = (at - SignedDuration::from_secs(1)).to_string();
        assert!(told(zone, &before).starts_with("leaving"), "{zone}");
        assert!(told(zone, &at.to_string()).starts_with("departed"), "{zone}");
    }
}

#[test]
fn an_hour_that_the_clocks_skip_is_the_next_one() {
    let mut policy = whole_policy();
    policy.last_hour = Some(jiff::civil::time(2, 30, 0, 0));
    let facts = [("status", "Active"), ("end", "2026-03-29")];
    let told = |now| told_by(&policy, &facts, &[], None, now);
    assert!(told("2026-03-29T01:29:59Z").starts_with("leaving"));
    assert!(told("2026-03-29T01:30:00Z").starts_with("departed"));
}

#[test]
fn whoever_was_to_begin_and_does_not_is_cancelled() {
    let policy = whole_policy();
    let told = |facts: &[(&str, &str)], absent| {
        told_by(&policy, facts, &[], absent, "2026-07-15T00:00:00Z")
    };
    let gone = Some("2026-06-15T00:00:00Z");
    let lines = [
        told(&[("status", "Withdrawn"), ("start", "2026-08-01")], None),
        told(&[("status", "Active"), ("start", "2026-08-01")], gone),
        // The first day has come since, and nobody came.
        told(&[("status", "Active"), ("start", "2026-07-01")], gone),
        told(&[("status", "Active"), ("start", "2026-06-01")], gone),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    cancelled [- .. -] status is `Withdrawn`
    cancelled [2026-06-15T00:00:00Z .. -] its record is gone from its source, before the first day (2026-08-01)
    cancelled [2026-06-15T00:00:00Z .. -] its record is gone from its source, before the first day (2026-07-01)
    departed [2026-06-15T00:00:00Z .. -] its record is gone from its source
    ");
}

#[test]
fn dates_begin_and_end_a_leave_and_a_last_day_ends_it_too() {
    let policy = whole_policy();
    let facts = [
        ("status", "Long-term leave"),
        ("leave", "Parental"),
        ("leave_start", "2026-06-01"),
        ("leave_end", "2026-12-31"),
        ("end", "2027-01-10"),
    ];
    let told = |now| told_by(&policy, &facts, &[], None, now);
    let lines = [
        told("2026-05-31T21:59:59Z"),
        told("2026-05-31T22:00:00Z"),
        told("2026-12-31T22:59:59Z"),
        told("2026-12-31T23:00:00Z"),
        told("2027-01-10T16:00:00Z"),
        told_by(&policy, &facts, &["leave_end"], None, "2026-07-01T00:00:00Z"),
        told_by(&policy, &facts, &["leave_end"], None, "2027-02-01T00:00:00Z"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    active [- .. 2026-12-11T16:00:00Z] no start is given
    on-leave [2026-05-31T22:00:00Z .. 2026-12-31T23:00:00Z] leave_start 2026-06-01 has come
    on-leave [2026-05-31T22:00:00Z .. 2026-12-31T23:00:00Z] leave_start 2026-06-01 has come
    leaving [2026-12-11T16:00:00Z .. 2027-01-10T16:00:00Z] end is 2027-01-10
    departed [2027-01-10T16:00:00Z .. -] end 2027-01-10 has passed
    held: nobody can read `leave_end`
    departed [2027-01-10T16:00:00Z .. -] end 2027-01-10 has passed
    ");
}

#[test]
fn what_is_told_a_day_late_says_so_and_the_audit_keeps_it() {
    use crate::operation::Cause;
    let policy = whole_policy();
    let name = |text: &str| -> FactName { text.parse().expect("is a name") };
    let late = |learned: &str, end: &str| {
        let learned = learned.parse().expect("is an instant");
        let status = fact(Value::Text("Active".to_owned()));
        let end = Fact { learned, ..fact(parse_moment(end).expect("is a date")) };
        let facts = BTreeMap::from([(name("end"), &end), (name("status"), &status)]);
        let about = About {
            facts: &facts,
            wrong: &[],
            absent_since: None,
            when_missing: WhenMissing::Departed,
            ejected: None,
        };
        state(&about, &policy, learned).expect("can be told").late_days
    };
    // The last day ends at three in the afternoon, UTC.
    assert_eq!(late("2026-06-14T15:00:00Z", "2026-06-02"), Some(12));
    assert_eq!(late("2026-06-03T15:00:00Z", "2026-06-02"), Some(1));
    assert_eq!(late("2026-06-03T14:59:59Z", "2026-06-02"), None);
    assert_eq!(late("2026-05-01T00:00:00Z", "2026-06-02"), None);
    assert_eq!(Cause::Late { days: 12 }.named(), "late by 12d");
}
