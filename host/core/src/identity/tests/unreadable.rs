//! What nobody could read of a record stays unknown until it is read again.

use super::*;
use crate::fact::Hold;

fn said(holds: &BTreeMap<IdentityId, Vec<Hold>>) -> Vec<String> {
    holds.values().flatten().map(ToString::to_string).collect()
}

#[test]
fn somebody_held_by_a_record_is_held_until_it_is_read_again() {
    let policy = policy();
    let bad = || vec![worker("1", ("Ada", "Example"), &[("start", "soon")])];
    let first = assemble(
        &policy,
        &[reading("hr", bad(), CoverageKind::Exhaustive)],
        &[],
        &BTreeMap::new(),
        noon(),
    );
    assert_eq!(said(&first.holds).len(), 1);
    let known = first.to_record(false);
    // From what is stored, and when her source cannot be read.
    let stored = assemble(&policy, &[], &known, &BTreeMap::new(), noon());
    assert_eq!(said(&stored.holds), said(&first.holds));
    assert_eq!(stored.identities, known);
    let good = vec![worker("1", ("Ada", "Example"), &[("start", "2026-01-01")])];
    let good = reading("hr", good, CoverageKind::Exhaustive);
    let mended = assemble(&policy, &[good], &stored.to_record(false), &BTreeMap::new(), noon());
    assert!(mended.holds.is_empty());
    assert!(mended.identities[0].unreadable.is_empty());
}

#[test]
fn two_records_with_one_key_hold_whoever_has_it_until_there_is_one() {
    let policy = policy();
    let ada = || worker("1", ("Ada", "Example"), &[("start", "2026-01-01")]);
    let read = |records, known: &[Identity], day: i64| {
        let mut reading = reading("hr", records, CoverageKind::Exhaustive);
        reading.read_at = noon() + jiff::SignedDuration::from_hours(24 * day);
        let at = reading.read_at;
        assemble(&policy, &[reading], known, &BTreeMap::new(), at)
    };
    let known = read(vec![ada()], &[], 0).to_record(false);
    let twice = read(vec![ada(), ada()], &known, 1).to_record(false);
    let again = read(vec![ada(), ada()], &twice, 2).to_record(false);
    assert_eq!(again[0].unreadable, twice[0].unreadable, "it is so since the first time");
    let stored = assemble(&policy, &[], &again, &BTreeMap::new(), noon());
    assert_eq!(said(&stored.holds), ["more than one record of source `hr` has the key `1`"]);
    assert!(read(vec![ada()], &again, 3).holds.is_empty());
    assert!(read(vec![], &again, 3).holds.is_empty(), "what is gone is read");
}
