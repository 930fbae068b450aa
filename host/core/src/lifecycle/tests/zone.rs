//! Somebody whose time zone is none.

use super::*;

#[test]
fn days_in_a_time_zone_that_nobody_knows_are_not_believed_and_instants_are() {
    let policy = policy("UTC");
    let told = |facts: &[(&str, &str)]| {
        let facts = [facts, &[("status", "Active"), ("timezone", "Europe/Nowhere")]].concat();
        told_by(&policy, &facts, &[], None, "2026-06-01T00:00:00Z")
    };
    let held = "held: fact `timezone` (`Europe/Nowhere`) is no time zone like Europe/Berlin";
    assert_eq!(told(&[("start", "2026-01-01")]), held);
    assert_eq!(told(&[("end", "2026-12-31")]), held);
    assert_eq!(
        told(&[("start", "2026-01-01T08:00:00Z")]),
        "active [2026-01-01T08:00:00Z .. -] start 2026-01-01T08:00:00Z has come"
    );
}
