//! What holds of every life, whatever order things are learned in.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    account::{AccountState, Assignment},
    fact::Hold,
    id::FactName,
    lifecycle::{Ejection, LegalHold, LifecycleState},
    observed::OwnedGrant,
    operation::OperationKind,
    plan::{PlanSettings, plan},
    policy::LeaverPolicy,
    value::ObjectRef,
};

/// A person as HR may have them at some time.
#[derive(Debug, Clone)]
struct Row {
    start: &'static str,
    end: &'static str,
    status: &'static str,
    zone: &'static str,
    department: &'static str,
}

impl Row {
    fn record(&self) -> Account {
        let Self { start, end, status, zone, department } = *self;
        let facts = [
            ("start", start),
            ("end", end),
            ("status", status),
            ("timezone", zone),
            ("department", department),
        ];
        worker("1", ADA, &facts)
    }
}

fn rows() -> impl Strategy<Value = Row> {
    let start = prop::sample::select(vec!["2025-01-01", "2026-06-01", "2026-06-05", "2026-12-01"]);
    let end = prop::sample::select(vec!["2026-03-31", "2026-05-31", "2026-06-20", "2027-01-31"]);
    let status = prop::sample::select(vec!["Active", "Leave", "Gone", "Withdrawn", "Unheard of"]);
    let zone = prop::sample::select(vec!["Europe/Berlin", "Pacific/Kiritimati", "Atlantis"]);
    let department = prop::sample::select(vec!["Sales", "Legal"]);
    (start, end, status, zone, department).prop_map(|(start, end, status, zone, department)| Row {
        start,
        end,
        status,
        zone,
        department,
    })
}

fn firm() -> Policy {
    let mut policy = policy();
    for (status, state) in
        [("gone", LifecycleState::Departed), ("withdrawn", LifecycleState::Cancelled)]
    {
        policy.lifecycle.status.insert(status.to_owned(), state);
    }
    policy.lifecycle.leaving = SignedDuration::from_hours(30 * 24);
    policy.lifecycle.overlap = SignedDuration::from_hours(10 * 24);
    policy.leaver = LeaverPolicy {
        delete_after: Some(SignedDuration::ZERO),
        revoke_grants: true,
        retain: None,
        begins_anew: false,
    };
    policy
}

fn eject(observed: &mut Observed) {
    observed.kept.ejections.push(Ejection {
        identity: id("1"),
        at: noon(),
        by: "operator".to_owned(),
        reason: "asked for".to_owned(),
        undone: None,
    });
}

/// Accounts of hers, disabled since May if at all, each with a grant of ours
/// that nothing gives.
fn hers(disabled: bool, ejected: bool) -> Observed {
    let mut observed = observed(&[("ada.example", Some("1"))]);
    for link in &mut observed.links {
        link.disabled_since = disabled.then(|| at("2026-05-01T00:00:00Z"));
        link.unwanted_since = link.disabled_since;
    }
    for there in observed.targets.values_mut() {
        for def in &mut there.schema.objects {
            def.capabilities.disable = true;
            def.capabilities.delete = true;
            def.capabilities.entitlements = true;
        }
        for account in &mut there.accounts {
            account.state = if disabled { AccountState::Disabled } else { AccountState::Active };
        }
    }
    let group = ObjectRef { object_type: "group".to_owned(), uid: "g1".to_owned() };
    for link in &observed.links {
        let (holder, entitlement) = (link.account.clone(), group.clone());
        let relation = String::new();
        let owned = OwnedGrant { target: link.target.clone(), holder, entitlement, relation };
        let there = observed.targets.get_mut(&link.target).expect("is there");
        there.assignments.push(Assignment {
            holder: owned.holder.clone(),
            entitlement: owned.entitlement.clone(),
            relation: String::new(),
            direct: true,
        });
        observed.ledger.insert(owned);
    }
    if ejected {
        eject(&mut observed);
    }
    observed
}

proptest! {
    #[test]
    fn what_was_said_before_and_in_which_order_changes_no_state(
        before in proptest::collection::vec(rows(), 0..4),
        last in rows(),
    ) {
        let policy = firm();
        let mut known = Vec::new();
        for row in &before {
            known = round(&policy, vec![row.record()], &known).identities;
        }
        let observed = hers(false, false);
        let with_history = round(&policy, vec![last.record()], &known);
        let alone = hired(&policy, vec![last.record()]);
        let state = |assembled| told(&desired(&policy, assembled, &observed, noon()), "1");
        prop_assert_eq!(state(&with_history), state(&alone));
    }

    #[test]
    fn whoever_is_gone_has_every_account_closed_whatever_rules_and_records_say(
        row in rows(),
        disabled in any::<bool>(),
        ejected in any::<bool>(),
        broken in any::<bool>(),
        unreadable in any::<bool>(),
    ) {
        let mut policy = firm();
        if broken {
            let fails = expression(&mut policy, "nobody.knows.this > 3");
            rule(&mut policy, "broken", fails, &["crm"], &[]);
        }
        let mut assembled = hired(&policy, vec![row.record()]);
        if unreadable {
            let fact = Some(FactName::new("birth").unwrap());
            let hold = Hold { fact, text: "`soon` is no date".to_owned() };
            assembled.holds.entry(id("1")).or_default().push(hold);
        }
        let observed = hers(disabled, ejected);
        let desired = desired(&policy, &assembled, &observed, noon());
        let plan = plan(&PlanSettings::of(&policy), &desired, &observed, noon());
        let revoked =
            plan.operations.iter().filter(|it| it.change.kind() == OperationKind::Revoke).count();
        let ada = of(&desired, "1");
        let over = ejected
            || matches!(row.end, "2026-03-31" | "2026-05-31") && row.start < row.end
            || matches!(row.status, "Gone" | "Withdrawn");
        prop_assert_eq!(ada.holds.is_empty() && ada.state.state.is_over(), over, "{:?}", ada);
        if over {
            let closed = |it: &DesiredAccount| {
                matches!(it.presence, Presence::Disabled | Presence::Deleted { .. })
            };
            prop_assert_eq!(ada.accounts.values().filter(|it| closed(it)).count(), 2);
            // Nothing is left for somebody who is hired again, whatever
            // movers keep.
            prop_assert_eq!(revoked, 2);
        }
    }

    #[test]
    fn nothing_is_deleted_while_a_legal_hold_stands_and_everything_is_closed_all_the_same(
        row in rows(),
        disabled in any::<bool>(),
        ejected in any::<bool>(),
    ) {
        let policy = firm();
        let assembled = hired(&policy, vec![row.record()]);
        let mut observed = hers(disabled, ejected);
        let planned = |observed: &Observed| {
            let desired = desired(&policy, &assembled, observed, noon());
            plan(&PlanSettings::of(&policy), &desired, observed, noon())
        };
        let without = planned(&observed);
        observed.kept.legal_holds.push(LegalHold {
            name: "trial".to_owned(),
            people: BTreeSet::from([id("1")]),
            reason: "asked for".to_owned(),
            review: "2027-03-31".parse().expect("is a date"),
            by: "operator".to_owned(),
            at: noon(),
        });
        let with = planned(&observed);
        let count = |plan: &crate::plan::Plan, kind| {
            plan.operations.iter().filter(|it| it.change.kind() == kind).count()
        };
        prop_assert_eq!(count(&with, OperationKind::Delete), 0);
        prop_assert!(
            count(&with, OperationKind::Disable) >= count(&without, OperationKind::Disable)
        );
        let noted = with.notes.iter().filter(|it| it.text.contains("legal hold `trial`")).count();
        prop_assert!(noted >= count(&without, OperationKind::Delete), "{:?}", with.notes);
    }
}

#[test]
fn a_legal_hold_keeps_what_is_due_to_be_deleted() {
    // So that the property above is about something.
    let policy = firm();
    let row = Row {
        start: "2025-01-01",
        end: "2026-03-31",
        status: "Active",
        zone: "UTC",
        department: "Sales",
    };
    let assembled = hired(&policy, vec![row.record()]);
    let observed = hers(true, false);
    let desired = desired(&policy, &assembled, &observed, noon());
    let plan = plan(&PlanSettings::of(&policy), &desired, &observed, noon());
    let kinds: Vec<OperationKind> = plan.operations.iter().map(|it| it.change.kind()).collect();
    let (revoke, delete) = (OperationKind::Revoke, OperationKind::Delete);
    assert_eq!(kinds, [revoke, revoke, delete, delete]);
}

#[test]
fn whoever_has_nothing_left_to_close_or_delete_is_retained() {
    let mut policy = firm();
    policy.leaver.delete_after = Some(SignedDuration::from_hours(30 * 24));
    let state = |policy: &Policy, end: &str, observed: &Observed| {
        let assembled = hired(policy, vec![worker("1", ADA, &[("end", end)])]);
        of(&desired(policy, &assembled, observed, noon()), "1").state.state
    };
    let nothing = observed(&[]);
    assert_eq!(state(&policy, "2026-05-02", &nothing), LifecycleState::Departed);
    assert_eq!(state(&policy, "2026-05-01", &nothing), LifecycleState::Retained);
    // What is there, or open where nothing is ever deleted, is left to do.
    assert_eq!(state(&policy, "2026-05-01", &hers(true, false)), LifecycleState::Departed);
    policy.leaver.delete_after = None;
    assert_eq!(state(&policy, "2026-05-31", &hers(false, false)), LifecycleState::Departed);
    assert_eq!(state(&policy, "2026-05-31", &hers(true, false)), LifecycleState::Retained);
}

#[test]
fn whoever_left_as_it_was_said_is_not_told_as_late_where_nothing_else_was_to_come() {
    let mut policy = policy();
    policy.lifecycle.bridge = SignedDuration::from_hours(10 * 24);
    let assembled = hired(&policy, vec![worker("1", ADA, &[("end", "2026-05-31")])]);
    // Nobody has closed it by now, which is no fault of the source.
    let open = observed(&[("ada.example", Some("1"))]);
    let desired = desired(&policy, &assembled, &open, at("2026-06-06T00:00:00Z"));
    let state = of(&desired, "1").state;
    assert_eq!((state.state, state.late_days), (LifecycleState::Departed, None));
}
