//! Hours without writes, over midnight and over changes of the clock.

use jiff::{
    civil::{Time, Weekday, time},
    tz::TimeZone,
};

use super::*;
use crate::schedule::{Days, Hours, NoWrites};

fn no_writes(hours: &[(Days, Time, Time)], zone: &str) -> NoWrites {
    let hours =
        hours.iter().map(|(days, from, until)| Hours { days: *days, from: *from, until: *until });
    let timezone = TimeZone::get(zone).unwrap();
    NoWrites { hours: hours.collect(), timezone, losing_access_waits: false }
}

fn hour(hour: i8) -> Time {
    time(hour, 0, 0, 0)
}

/// Until when something that gives access waits.
#[track_caller]
fn until(no_writes: &NoWrites, now: &str) -> Option<String> {
    no_writes.until(Class::Joiner, now.parse().unwrap()).map(|it| it.to_string())
}

#[test]
fn a_stretch_ends_on_its_day_and_is_only_of_its_days() {
    let weekend = Days::NONE.with(Weekday::Saturday).with(Weekday::Sunday);
    let hours = no_writes(&[(weekend, hour(8), hour(18))], "UTC");
    // 2026-06-06 is a Saturday.
    assert_eq!(until(&hours, "2026-06-06T07:59:59Z"), None);
    assert_eq!(until(&hours, "2026-06-06T08:00:00Z").as_deref(), Some("2026-06-06T18:00:00Z"));
    assert_eq!(until(&hours, "2026-06-06T18:00:00Z"), None);
    assert_eq!(until(&hours, "2026-06-08T12:00:00Z"), None);
}

#[test]
fn a_stretch_over_midnight_belongs_to_the_day_it_begins_on() {
    let friday = Days::NONE.with(Weekday::Friday);
    let hours = no_writes(&[(friday, hour(22), hour(6))], "UTC");
    assert_eq!(until(&hours, "2026-06-05T23:00:00Z").as_deref(), Some("2026-06-06T06:00:00Z"));
    assert_eq!(until(&hours, "2026-06-06T05:00:00Z").as_deref(), Some("2026-06-06T06:00:00Z"));
    assert_eq!(until(&hours, "2026-06-05T05:00:00Z"), None, "that night began on a Thursday");
    assert_eq!(until(&hours, "2026-06-06T23:00:00Z"), None);
}

#[test]
fn stretches_that_follow_each_other_are_one() {
    let midnight = hour(0);
    let hours =
        no_writes(&[(Days::ALL, hour(20), midnight), (Days::ALL, midnight, hour(4))], "UTC");
    assert_eq!(until(&hours, "2026-06-05T21:00:00Z").as_deref(), Some("2026-06-06T04:00:00Z"));
}

#[test]
fn hours_are_those_of_the_place_also_when_its_clock_changes() {
    let hours = no_writes(&[(Days::ALL, hour(1), hour(4))], "Europe/Berlin");
    // The night of 29 March 2026 has no hour after two, that of 25 October one more.
    assert_eq!(until(&hours, "2026-03-28T01:00:00Z").as_deref(), Some("2026-03-28T03:00:00Z"));
    assert_eq!(until(&hours, "2026-03-29T00:30:00Z").as_deref(), Some("2026-03-29T02:00:00Z"));
    assert_eq!(until(&hours, "2026-10-25T00:30:00Z").as_deref(), Some("2026-10-25T03:00:00Z"));
    // What begins in the hour that is left out begins after it.
    let left_out = no_writes(&[(Days::ALL, time(2, 30, 0, 0), hour(5))], "Europe/Berlin");
    assert_eq!(until(&left_out, "2026-03-29T01:29:00Z"), None);
    assert_eq!(until(&left_out, "2026-03-29T01:31:00Z").as_deref(), Some("2026-03-29T03:00:00Z"));
}

#[test]
fn a_week_without_a_gap_is_known_for_one() {
    let halves = [(Days::ALL, hour(0), hour(12)), (Days::ALL, hour(12), hour(0))];
    assert!(!no_writes(&halves, "Europe/Berlin").ever_opens());
    assert!(!no_writes(&halves, "UTC").ever_opens());
    let almost = [(Days::ALL, hour(0), hour(12)), (Days::ALL, hour(12), time(23, 59, 0, 0))];
    assert!(no_writes(&almost, "UTC").ever_opens());
    assert!(no_writes(&[], "UTC").ever_opens());
}
