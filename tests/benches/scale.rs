//! How planning grows: ten times as many identities, and one of them alone.
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
    desired::desired,
    fact::{Identity, Reading},
    guard::{GuardSettings, Lately, guard},
    id::ConnectorName,
    identity::assemble,
    observed::{Observed, ObservedTarget},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    whole::{Whole, applied},
};
use measure::{forget_peak, memory, say_machine, spread, thread_seconds};

const SIZES: [usize; 2] = [10_000, 100_000];
const TARGETS: usize = 10;
const PHASES: [&str; 4] = ["assemble", "desired", "plan", "guard"];
/// People planned alone.
const ALONE: usize = 101;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let policy = company::large(folder.path(), TARGETS).policy;
    println!(
        "scale: {TARGETS} targets where everybody has an account, {} rules, {} workflows; a later \
         day: 2 % changed department, 1 % left, 1 % joined",
        policy.rules.len(),
        policy.workflows.len()
    );
    say_machine();
    let largest = std::env::var("LANYARD_BENCH_PEOPLE").ok().and_then(|it| it.parse().ok());
    let sizes = SIZES.map(|size| largest.map_or(size, |largest: usize| size.min(largest)));
    let measured = sizes.map(|people| measured(&policy, people));
    println!("\nmicroseconds per identity   {:>10}{:>10}     ratio", sizes[0], sizes[1]);
    for (index, phase) in PHASES.iter().enumerate() {
        let [small, large] = [0, 1].map(|it: usize| per_identity(measured[it][index], sizes[it]));
        println!("{phase:<28}{small:>10.1}{large:>10.1}{:>10.2}", large / small);
    }
    let [small, large] = [0, 1].map(|it: usize| per_identity(measured[it].iter().sum(), sizes[it]));
    println!("{:<28}{small:>10.1}{large:>10.1}{:>10.2}", "in all", large / small);
}

fn per_identity(seconds: f64, people: usize) -> f64 {
    seconds * 1e6 / f64::from(u32::try_from(people).unwrap())
}

/// Seconds of each phase of a later day.
fn measured(policy: &Policy, people: usize) -> [f64; PHASES.len()] {
    let later = Day::later(policy, people);
    let mut seconds = [0.0; PHASES.len()];
    println!("\n{people} identities\n{:<12}{:>9}{:>14}{:>14}", "", "s", "MiB before", "peak MiB");
    let mut before = memory().now;
    let mut last = thread_seconds();
    forget_peak();
    let mut phase = |index: usize| {
        let now = thread_seconds();
        seconds[index] = now - last;
        let peak = memory().peak;
        println!("{:<12}{:>9.2}{before:>14}{peak:>14}", PHASES[index], seconds[index]);
        before = memory().now;
        forget_peak();
        last = thread_seconds();
    };
    let assembled = assemble(policy, &later.readings, &later.known, &BTreeMap::new(), later.now);
    phase(0);
    let wanted = desired(policy, &assembled, &later.observed, later.now);
    phase(1);
    let settings = PlanSettings::of(policy);
    let everything = plan(&settings, &wanted, &later.observed, later.now);
    phase(2);
    let limits = GuardSettings::of(policy);
    let findings = guard(&limits, &everything, &later.observed, &Lately::default(), &[]);
    phase(3);
    println!("{} operations, {} findings", everything.operations.len(), findings.len());
    let mut whole = Whole::new(&settings, assembled, later.observed);
    whole.reserve(&wanted);
    alone(policy, &whole, &everything, (seconds.iter().sum(), later.now));
    seconds
}

/// People planned alone: those for whom there is something to do.
fn alone(policy: &Policy, whole: &Whole, everything: &Plan, (all, now): (f64, Timestamp)) {
    let people: BTreeSet<_> = everything.operations.iter().map(|it| it.identity).collect();
    let step = (people.len() / ALONE).max(1);
    let mut seconds = Vec::new();
    for id in people.iter().step_by(step).take(ALONE) {
        let last = thread_seconds();
        let look = whole.look(policy, &BTreeSet::from([*id]), now);
        seconds.push(thread_seconds() - last);
        let of = |plan: &Plan| plan.operations.iter().filter(|it| it.identity == *id).count();
        assert_eq!(of(&look.plan), of(everything), "alone as among everybody");
    }
    let one = spread(&seconds);
    println!(
        "one alone: {:.2} ms ({:.2} .. {:.2}); 1/{:.0} of everybody",
        one.median * 1e3,
        one.low * 1e3,
        one.high * 1e3,
        all / one.median
    );
}

struct Day {
    readings: [Reading; 1],
    known: Vec<Identity>,
    observed: Observed,
    now: Timestamp,
}

impl Day {
    /// The first day's plan was carried out, and the company went on.
    fn later(policy: &Policy, people: usize) -> Self {
        let first: Timestamp = "2026-06-01T06:00:00Z".parse().unwrap();
        let readings = [reading(company::records(people), first)];
        let assembled = assemble(policy, &readings, &[], &BTreeMap::new(), first);
        let mut observed = empty(policy, first);
        let wanted = desired(policy, &assembled, &observed, first);
        let everything = plan(&PlanSettings::of(policy), &wanted, &observed, first);
        drop(wanted);
        observed = applied(&observed, &everything, |_| true, first);
        let now = "2026-06-02T06:00:00Z".parse().unwrap();
        let records = (0..people + people / 100)
            .filter(|index| index % 100 != 50 || *index >= people)
            .map(|index| {
                let moved = index % 50 == 7;
                company::record(index, company::department(if moved { index + 1 } else { index }))
            })
            .collect();
        Self { readings: [reading(records, now)], known: assembled.identities, observed, now }
    }
}

fn reading(records: Vec<Account>, read_at: Timestamp) -> Reading {
    let source = ConnectorName::new("hr").unwrap();
    Reading { source, records, coverage: Coverage::exhaustive(), read_at }
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
