//! How long it takes to simulate a year of 10,000 identities.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a benchmark prints, and one that cannot go on stops where it stands"
)]

mod company;
mod measure;
mod system;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, Coverage},
    fact::Reading,
    guard::Lately,
    id::ConnectorName,
    identity::assemble,
    observed::{Observed, ObservedTarget},
    plan::PlanSettings,
    policy::Policy,
    simulate::simulate,
    value::{Attribute, Value},
    whole::Whole,
};
use measure::{memory, say_machine, thread_seconds};

const PEOPLE: usize = 10_000;
const TARGETS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let policy = company::large(folder.path(), TARGETS).policy;
    println!(
        "simulate: a year of {PEOPLE} identities at {TARGETS} targets, {} rules, {} workflows; \
         one in ten begins and one in eight leaves on some day of it",
        policy.rules.len(),
        policy.workflows.len()
    );
    say_machine();
    let from: Timestamp = "2026-06-01T06:00:00Z".parse().unwrap();
    let until = "2027-06-01T06:00:00Z".parse().unwrap();
    let readings = [Reading {
        source: ConnectorName::new("hr").unwrap(),
        records: (0..PEOPLE).map(record).collect(),
        coverage: Coverage::exhaustive(),
        read_at: from,
    }];
    let assembled = assemble(&policy, &readings, &[], &BTreeMap::new(), from);
    let whole = Whole::new(&PlanSettings::of(&policy), assembled, empty(&policy, from));
    let start = thread_seconds();
    let moments = simulate(&policy, whole, &Lately::default(), from, until);
    let seconds = thread_seconds() - start;
    let people = || moments.iter().flat_map(|moment| &moment.people);
    let who: BTreeSet<_> = people().map(|it| it.identity).collect();
    let operations: usize = people().map(|it| it.operations.len()).sum();
    let later: usize = moments.iter().skip(1).map(|moment| moment.people.len()).sum();
    println!(
        "{seconds:.1} s of processor time: {} moments, {operations} operations of {} people, {later} \
         times of somebody after the first day; peak {} MiB",
        moments.len(),
        who.len(),
        memory().peak
    );
}

/// A day of the year for some.
fn record(index: usize) -> Account {
    let mut record = company::record(index, company::department(index));
    let day = |number: usize| {
        let first = jiff::civil::date(2026, 6, 1);
        (first + jiff::Span::new().days(i64::try_from(number * 7 % 365).unwrap())).to_string()
    };
    let mut set = |name: &str, value: String| {
        record.attributes.retain(|it| it.name != name);
        record.attributes.push(Attribute::new(name, vec![Value::Text(value)]));
    };
    if index % 10 == 3 {
        set("start", day(index));
    }
    if index % 8 == 5 && index % 10 != 3 {
        set("end", day(index * 3));
    }
    record
}

/// Targets where nobody has an account.
fn empty(policy: &Policy, read_at: Timestamp) -> Observed {
    let target = || ObservedTarget {
        schema: system::schema(),
        account_type: "user".to_owned(),
        accounts: Vec::new(),
        entitlements: system::entitlements(),
        assignments: Vec::new(),
        accounts_coverage: Coverage::exhaustive(),
        assignments_coverage: Coverage::exhaustive(),
        read_at,
    };
    let targets = policy.targets.keys().map(|name| (name.clone(), target()));
    Observed { targets: targets.collect(), ..Observed::default() }
}
