use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    account::{AccountState, Assignment, Coverage, CoverageKind},
    desired::{Desired, desired},
    example::{at, hired, id, named, noon, observed, policy, worker},
    guard::{Finding, FindingKind},
    id::OperationId,
    observed::{Observed, OwnedGrant},
    plan::{Plan, PlanSettings, plan},
    policy::Policy,
};

mod again;
mod checked;
mod readings;
mod shown;

const ADA: (&str, &str) = ("Ada", "Example");

/// Ada left at the end of May; two targets have accounts of hers.
struct Firm {
    policy: Policy,
    observed: Observed,
    left: bool,
    now: Timestamp,
    kept: Vec<Obligation>,
    unread: BTreeMap<ConnectorName, String>,
    findings: Vec<Finding>,
    waits: BTreeMap<OperationId, String>,
}

impl Firm {
    fn new() -> Self {
        let mut observed = observed(&[("ada.example", Some("1"))]);
        for there in observed.targets.values_mut() {
            for object in &mut there.schema.objects {
                object.capabilities.disable = true;
                object.capabilities.delete = true;
                object.capabilities.entitlements = true;
            }
            there.accounts[0].state = AccountState::Active;
        }
        Self {
            policy: policy(),
            observed,
            left: true,
            now: noon(),
            kept: Vec::new(),
            unread: BTreeMap::new(),
            findings: Vec::new(),
            waits: BTreeMap::new(),
        }
    }

    fn desired(&self, observed: &Observed) -> Desired {
        let end: &[(&str, &str)] = if self.left { &[("end", "2026-05-31")] } else { &[] };
        let assembled = hired(&self.policy, vec![worker("1", ADA, end)]);
        desired(&self.policy, &assembled, observed, self.now)
    }

    fn plan(&self, desired: &Desired, observed: &Observed) -> Plan {
        plan(&PlanSettings::of(&self.policy), desired, observed, self.now)
    }

    fn due(&self) -> BTreeMap<Place, Due> {
        let desired = self.desired(&self.observed);
        let plan = self.plan(&desired, &self.observed);
        due(&self.policy, &desired, &self.observed, &plan, self.now)
    }

    /// Looks, and keeps what came of it.
    fn look(&mut self) -> Vec<Changed> {
        let due = self.due();
        let mut observed = self.observed.clone();
        observed.targets.retain(|name, _| !self.unread.contains_key(name));
        let before = self.observed.targets.clone().into_iter();
        let before = before.filter(|(name, _)| self.unread.contains_key(name)).collect();
        let desired = self.desired(&observed);
        let plan = self.plan(&desired, &observed);
        let looked = Looked {
            policy: &self.policy,
            desired: &desired,
            observed: &observed,
            plan: &plan,
            findings: &self.findings,
            before: &before,
            waits: &self.waits,
            unread: &self.unread,
            due: &due,
            now: self.now,
        };
        let changed = look(&looked, &self.kept);
        for Changed { obligation, .. } in &changed {
            self.kept.retain(|it| it.place != obligation.place);
            self.kept.push(obligation.clone());
        }
        changed
    }

    fn shows(&mut self, target: &str, state: AccountState) {
        let there = self.observed.targets.get_mut(target).unwrap();
        there.accounts[0].state = state;
        there.read_at = self.now;
        if self.unread.contains_key(target) {
            return;
        }
        // As the store keeps it.
        for link in self.observed.links.iter_mut().filter(|it| it.target == named(target)) {
            link.disabled_since = (state == AccountState::Disabled).then_some(self.now);
            link.unproven = false;
        }
    }

    fn told(&self) -> String {
        let listed: Vec<Listed<'_>> = (1..)
            .zip(&self.kept)
            .map(|(number, obligation)| Listed { number, who: "Ada Example", obligation })
            .collect();
        rendered(&listed, self.now)
    }

    fn open(&self) -> BTreeSet<String> {
        let open = self.kept.iter().filter(|it| it.is_open());
        open.map(|it| format!("{} {}", it.place.target, it.what())).collect()
    }
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn whoever_left_has_to_be_disabled_since_then_and_nobody_else() {
    let mut firm = Firm::new();
    let due = firm.due();
    let disabled: Vec<_> = due.iter().filter(|(place, _)| place.loss == Loss::Disabled).collect();
    assert_eq!(disabled.len(), 2);
    for (_, due) in disabled {
        assert_eq!(due.since, Some(at("2026-06-01T00:00:00Z")));
        assert_eq!(due.name, "ada.example");
        assert_eq!(due.identity, id("1"));
    }
    assert!(due.keys().all(|place| place.loss != Loss::Deleted), "not before 30 days");
    firm.left = false;
    assert!(firm.due().is_empty());
}

#[test]
fn deleting_is_due_when_its_time_has_come_and_not_before() {
    let mut firm = Firm::new();
    firm.shows("crm", AccountState::Disabled);
    firm.shows("directory", AccountState::Disabled);
    for link in &mut firm.observed.links {
        link.unwanted_since = Some(at("2026-06-01T00:00:00Z"));
        link.disabled_since = Some(at("2026-06-01T00:00:00Z"));
    }
    let deletes = |firm: &Firm| firm.due().keys().filter(|it| it.loss == Loss::Deleted).count();
    firm.now = at("2026-06-30T23:59:59Z");
    assert_eq!(deletes(&firm), 0);
    firm.now = at("2026-07-01T00:00:00Z");
    assert_eq!(deletes(&firm), 2);
}

#[test]
fn a_reading_that_shows_the_loss_closes_it_and_no_other() {
    let mut firm = Firm::new();
    firm.look();
    assert_eq!(firm.open(), set(&["crm disable", "directory disable"]));
    firm.now += SignedDuration::from_hours(2);
    firm.unread.insert(named("crm"), "connection refused".to_owned());
    firm.shows("directory", AccountState::Disabled);
    firm.look();
    assert_snapshot!(firm.told(), @r"
    1  Ada Example: disable at crm (`ada.example`), open for 14h
         due since 2026-06-01T00:00:00Z: state departed: end 2026-05-31 has passed
         it could not be read: connection refused
         looked at by every run
    2  Ada Example: disable at directory (`ada.example`), after 14h
         due since 2026-06-01T00:00:00Z: state departed: end 2026-05-31 has passed
         closed 2026-06-01T14:00:00Z, shown by a reading of 2026-06-01T14:00:00Z
    ");
    assert!(firm.look().is_empty(), "nothing is new");
}

#[test]
fn p6_a_target_that_cannot_be_read_forgets_nobody() {
    let mut firm = Firm::new();
    firm.unread.insert(named("crm"), "connection refused".to_owned());
    firm.look();
    assert_eq!(firm.open(), set(&["crm disable", "directory disable"]));
    // What nobody can see closes nothing.
    firm.shows("crm", AccountState::Disabled);
    firm.look();
    assert!(firm.open().contains("crm disable"));
    firm.unread.clear();
    firm.look();
    assert!(!firm.open().contains("crm disable"));
}

#[test]
fn a_state_that_is_not_told_closes_nothing_and_a_persons_word_stands_until_a_reading_contradicts() {
    let mut firm = Firm::new();
    firm.look();
    firm.shows("crm", AccountState::Unknown);
    firm.look();
    assert!(firm.open().contains("crm disable"));
    let said = ClosedBy::Person { by: "bob".to_owned(), reason: "seen there".to_owned() };
    for it in firm.kept.iter_mut().filter(|it| it.place.target == named("crm")) {
        it.hear(&Heard::Closed(Closed { at: firm.now, by: said.clone() }));
    }
    firm.now += SignedDuration::from_hours(1);
    firm.look();
    assert!(!firm.open().contains("crm disable"), "nobody saw anything else");
    firm.shows("crm", AccountState::Active);
    firm.look();
    assert!(firm.open().contains("crm disable"), "it is there for everybody to see");
    let since = firm.kept.iter().find(|it| it.is_open() && it.place.target == named("crm"));
    assert_eq!(since.unwrap().since, at("2026-06-01T00:00:00Z"), "it never was closed");
}

#[test]
fn whoever_comes_back_owes_nothing_more_and_it_is_said_so() {
    let mut firm = Firm::new();
    firm.look();
    firm.left = false;
    firm.look();
    assert!(firm.open().is_empty());
    for it in &firm.kept {
        let by = &it.closed.as_ref().unwrap().by;
        assert!(matches!(by, ClosedBy::Over { .. }), "{by}");
    }
    assert!(spent(&firm.kept).is_empty(), "it took no time");
}

#[test]
fn an_account_that_was_closed_and_is_opened_again_is_owed_from_then_on() {
    let mut firm = Firm::new();
    firm.look();
    firm.shows("crm", AccountState::Disabled);
    firm.shows("directory", AccountState::Disabled);
    firm.look();
    assert!(firm.open().is_empty());
    firm.now += SignedDuration::from_hours(48);
    firm.shows("crm", AccountState::Active);
    firm.look();
    let again = firm.kept.iter().find(|it| it.is_open()).unwrap();
    assert_eq!((again.since, again.opened), (firm.now, firm.now));
}

#[test]
fn what_a_finding_holds_back_is_owed_all_the_same_and_says_why() {
    let mut firm = Firm::new();
    let desired = firm.desired(&firm.observed);
    let plan = firm.plan(&desired, &firm.observed);
    firm.findings = vec![Finding {
        kind: FindingKind::MassRemoval,
        target: None,
        text: "too many".to_owned(),
        blocks: plan.operations.iter().map(|it| it.id).collect(),
    }];
    firm.look();
    assert_eq!(firm.open(), set(&["crm disable", "directory disable"]));
    assert!(firm.kept.iter().all(|it| it.why.as_deref() == Some("held back (mass-removal)")));
}

#[test]
fn a_target_that_left_the_file_is_owed_for_and_one_that_is_retired_is_not() {
    let mut firm = Firm::new();
    firm.policy.rules.retain(|rule| rule.name.as_str() != "sales");
    firm.policy.targets.remove("crm");
    firm.look();
    assert!(firm.open().contains("crm disable"));
    let crm = firm.kept.iter().find(|it| it.place.target == named("crm")).unwrap();
    assert_eq!(crm.why.as_deref(), Some("it is no longer in the file: nothing is sent there"));
    firm.policy.retired_targets.insert(named("crm"));
    firm.look();
    assert!(!firm.open().contains("crm disable"));
}

fn firm_obligation(name: &str) -> Obligation {
    let account = ObjectRef { object_type: "user".to_owned(), uid: "u-ada.example".to_owned() };
    Obligation {
        identity: id("1"),
        place: Place { target: named("crm"), account, loss: Loss::Disabled },
        name: name.to_owned(),
        label: None,
        since: noon(),
        opened: noon(),
        causes: Vec::new(),
        tries: 0,
        last_try: None,
        last_error: None,
        next_try: None,
        why: None,
        closed: None,
    }
}

#[test]
fn a_grant_that_is_ours_and_given_by_nothing_is_owed_until_it_is_not_held() {
    let mut firm = Firm::new();
    firm.left = false;
    let crm = firm.observed.targets.get_mut("crm").unwrap();
    let holder = crm.accounts[0].reference.clone();
    let entitlement = ObjectRef { object_type: "group".to_owned(), uid: "old".to_owned() };
    let relation = String::new();
    crm.assignments.push(Assignment {
        holder: holder.clone(),
        entitlement: entitlement.clone(),
        relation: relation.clone(),
        direct: true,
    });
    for name in ["sellers", "dept-sales"] {
        let reference = ObjectRef { uid: name.to_owned(), ..entitlement.clone() };
        let it = crate::account::Entitlement {
            reference,
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        };
        for there in firm.observed.targets.values_mut() {
            there.entitlements.push(it.clone());
        }
    }
    firm.observed.ledger.insert(OwnedGrant { target: named("crm"), holder, entitlement, relation });
    firm.look();
    assert_eq!(firm.open(), set(&["crm revoke `old`"]));
    firm.now += SignedDuration::from_mins(3);
    firm.observed.targets.get_mut("crm").unwrap().assignments.clear();
    firm.observed.ledger.clear();
    firm.look();
    assert!(firm.open().is_empty());
    assert!(matches!(firm.kept[0].closed.as_ref().unwrap().by, ClosedBy::Read { .. }));
}

#[test]
fn what_is_closed_hears_nothing_more() {
    let mut it = firm_obligation("ada.example");
    it.hear(&Heard::Tried { at: noon(), why: "not now".to_owned(), until: None });
    assert_eq!((it.tries, it.next_try), (1, Some(noon() + SignedDuration::from_mins(1))));
    it.hear(&Heard::Closed(Closed { at: noon(), by: ClosedBy::Read { at: noon() } }));
    let closed = it.clone();
    it.hear(&Heard::Tried { at: noon(), why: "late".to_owned(), until: None });
    it.hear(&Heard::Closed(Closed { at: noon(), by: ClosedBy::Word }));
    assert_eq!(it, closed);
}

#[test]
fn how_long_it_took_is_told_by_target() {
    let closed = |target: &str, seconds: i64| {
        let mut it = firm_obligation("ada.example");
        it.place.target = named(target);
        let at = it.since + SignedDuration::from_secs(seconds);
        it.hear(&Heard::Closed(Closed { at, by: ClosedBy::Read { at } }));
        it
    };
    let mut all: Vec<Obligation> = (1..=100).map(|it| closed("crm", it * 60)).collect();
    all.push(closed("directory", 90_000));
    all.push(firm_obligation("still.open"));
    assert_snapshot!(times(&spent(&all)), @r"
    crm: 100 closed, half of them within 50min, 95 % within 1h 35min, the longest 1h 40min
    directory: 1 closed, half of them within 1d 1h, 95 % within 1d 1h, the longest 1d 1h
    ");
}
