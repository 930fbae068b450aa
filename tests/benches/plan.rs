//! How long planning takes: 10,000 identities of one source at 3 targets.
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
use lanyard::connector::Write;
use lanyard_core::{
    account::{Account, Coverage},
    desired::desired,
    fact::{Identity, Reading},
    guard::{Finding, GuardSettings, Lately, guard},
    id::{ConnectorName, Digest, IdentityId},
    identity::{Assembled, assemble},
    observed::{Link, Observed, ObservedTarget, Origin, OwnedGrant},
    operation::{AccountPointer, Change},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
    value::ObjectRef,
};
use measure::{say_machine, spread, thread_seconds};
use system::State;

const PEOPLE: usize = 10_000;
const TARGETS: [&str; 3] = ["crm", "directory", "mail"];
const ROUNDS: usize = 11;
const PHASES: [&str; 5] = ["assemble", "desired", "plan", "guard", "digest"];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let policy = company::configured(folder.path()).policy;
    println!("plan: identities of one source at {} targets, 3 rules", TARGETS.len());
    say_machine();
    println!("{ROUNDS} rounds; processor time of the one thread that plans");
    say("the first day: everybody is new", &policy, &Day::first(PEOPLE));
    say(
        "a later day: accounts are there, 2 % changed department, 1 % left, 1 % joined",
        &policy,
        &Day::later(&policy, PEOPLE),
    );
}

/// The world on one day, before planning.
struct Day {
    people: usize,
    readings: [Reading; 1],
    known: Vec<Identity>,
    observed: Observed,
    now: Timestamp,
}

/// What a round of planning makes.
struct Planned {
    assembled: Assembled,
    plan: Plan,
    findings: Vec<Finding>,
    digest: Digest,
    /// Seconds of each phase.
    phases: [f64; PHASES.len()],
}

impl Day {
    fn first(people: usize) -> Self {
        let now = "2026-06-01T06:00:00Z".parse().unwrap();
        Self {
            people,
            readings: [reading(company::records(people), now)],
            known: Vec::new(),
            observed: observed(&BTreeMap::new(), now),
            now,
        }
    }

    /// The first day's plan was carried out, and the company went on.
    fn later(policy: &Policy, people: usize) -> Self {
        let first = Self::first(people);
        let Planned { assembled, plan, .. } = first.planned(policy);
        let now = "2026-06-02T06:00:00Z".parse().unwrap();
        let records = (0..people + people / 100)
            .filter(|index| index % 100 != 50 || *index >= people)
            .map(|index| {
                let moved = index % 50 == 7;
                company::record(index, company::department(if moved { index + 1 } else { index }))
            })
            .collect();
        let (states, links, ledger) = carried_out(&plan);
        let observed = Observed { links, ledger, ..observed(&states, now) };
        let known = assembled.identities;
        Self { people, readings: [reading(records, now)], known, observed, now }
    }

    fn planned(&self, policy: &Policy) -> Planned {
        let mut phases = [0.0; PHASES.len()];
        let mut last = thread_seconds();
        let mut phase = |index: usize| {
            let now = thread_seconds();
            phases[index] = now - last;
            last = now;
        };
        let assembled = assemble(policy, &self.readings, &self.known, &BTreeMap::new(), self.now);
        phase(0);
        let desired = desired(policy, &assembled, &self.observed, self.now);
        phase(1);
        let plan = plan(&PlanSettings::of(policy), &desired, &self.observed, self.now);
        phase(2);
        let settings = GuardSettings::of(policy);
        let findings = guard(&settings, &plan, &self.observed, &Lately::default(), &[]);
        phase(3);
        let digest = plan.digest().unwrap();
        phase(4);
        Planned { assembled, plan, findings, digest, phases }
    }
}

fn reading(records: Vec<Account>, read_at: Timestamp) -> Reading {
    let source = ConnectorName::new("hr").unwrap();
    Reading { source, records, coverage: Coverage::exhaustive(), read_at }
}

fn observed(states: &BTreeMap<ConnectorName, State>, read_at: Timestamp) -> Observed {
    let targets = TARGETS.map(|name| {
        let name = ConnectorName::new(name).unwrap();
        let state = states.get(&name);
        let target = ObservedTarget {
            schema: system::schema(),
            account_type: "user".to_owned(),
            accounts: state.into_iter().flat_map(|it| it.accounts.values().cloned()).collect(),
            entitlements: system::entitlements(),
            assignments: state
                .into_iter()
                .flat_map(|it| it.held.values().flatten().cloned())
                .collect(),
            accounts_coverage: Coverage::exhaustive(),
            assignments_coverage: Coverage::exhaustive(),
            read_at,
        };
        (name, target)
    });
    Observed { targets: targets.into(), ..Observed::default() }
}

type CarriedOut = (BTreeMap<ConnectorName, State>, Vec<Link>, BTreeSet<OwnedGrant>);

/// What targets, links and ledger are after a first plan.
fn carried_out(plan: &Plan) -> CarriedOut {
    let mut states: BTreeMap<ConnectorName, State> = BTreeMap::new();
    let mut accounts: BTreeMap<(IdentityId, ConnectorName), ObjectRef> = BTreeMap::new();
    let mut ledger = BTreeSet::new();
    for operation in &plan.operations {
        let target = operation.target.clone();
        let state = states.entry(target.clone()).or_default();
        match operation.change.clone() {
            Change::Create { object_type, name, anchor, attributes, state: wanted } => {
                let write = Write::Create { object_type, name, anchor, attributes, state: wanted };
                let account = state.write(&write).unwrap();
                accounts.insert((operation.identity, target), account.reference);
            }
            Change::Grant {
                holder: AccountPointer::Created { .. }, entitlement, relation, ..
            } => {
                let holder = accounts[&(operation.identity, target.clone())].clone();
                state.write(&Write::Grant {
                    holder: holder.clone(),
                    entitlement: entitlement.clone(),
                    relation: relation.clone(),
                });
                ledger.insert(OwnedGrant { target, holder, entitlement, relation });
            }
            other => panic!("not part of a first day: {other:?}"),
        }
    }
    let links = accounts.into_iter().map(|((identity, target), account)| Link {
        identity,
        target,
        account,
        origin: Origin::Created,
        disabled_since: None,
        unproven: false,
        was_enabled: true,
        unwanted_since: None,
        gone: false,
        ended: lanyard_core::observed::Ended::default(),
    });
    (states, links.collect(), ledger)
}

fn say(title: &str, policy: &Policy, day: &Day) {
    println!("\n{title}");
    let Planned { assembled, plan, findings, digest, .. } = day.planned(policy);
    println!(
        "  {} identities: {} operations, {} findings, {} held; plan {}",
        assembled.identities.len(),
        plan.operations.len(),
        findings.len(),
        assembled.holds.len(),
        digest.short()
    );
    assert!(assembled.holds.is_empty() && findings.is_empty(), "it would not be applied");
    // Per phase and then in all, seconds per round.
    let mut seconds = [const { Vec::new() }; PHASES.len() + 1];
    for _ in 0..ROUNDS {
        let phases = day.planned(policy).phases;
        for (values, phase) in seconds.iter_mut().zip(phases) {
            values.push(phase);
        }
        seconds[PHASES.len()].push(phases.iter().sum());
    }
    println!("\n{:<12}{:>8}  {:>17}{:>18}", "", "ms", "10th .. 90th", "us per identity");
    for (name, values) in PHASES.iter().chain(&["in all"]).zip(&seconds) {
        let all = spread(values);
        println!(
            "{name:<12}{:>8.1}  {:>7.1} .. {:>6.1}{:>18.1}",
            all.median * 1e3,
            all.low * 1e3,
            all.high * 1e3,
            all.median * 1e6 / f64::from(u32::try_from(day.people).unwrap())
        );
    }
}
