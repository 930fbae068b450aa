//! Whether nothing was left out of what was looked at.

use super::*;
use crate::example::reading;

#[test]
fn a_look_is_whole_when_every_source_and_every_target_was_read_wholly() {
    let policy = silent();
    let whole = |source: CoverageKind, target: CoverageKind| {
        let people = vec![worker("1", ADA, &[])];
        let readings = [reading("hr", people.clone(), source)];
        let assembled = hired(&policy, people);
        let mut observed = empty();
        observed.targets.get_mut("directory").unwrap().accounts_coverage.kind = target;
        let read = (readings.as_slice(), &assembled);
        xray(&policy, read, observed, ninety(), noon()).is_whole()
    };
    let (all, part) = (CoverageKind::Exhaustive, CoverageKind::Truncated);
    assert!(whole(all, all));
    assert!(!whole(part, all));
    assert!(!whole(all, part));
}
