//! What people read of a plan, and of one identity.

mod firm;

use std::collections::{BTreeMap, BTreeSet};

use firm::*;
use insta::assert_snapshot;
use lanyard_core::{
    account::AccountState,
    desired::{Desired, Presence},
    diff::render,
    explain::explain,
    fact::{Fact, Identity, RecordKey},
    guard::{GuardSettings, Lately, guard},
    lifecycle::LifecycleState,
    observed::{Declined, Observed},
    plan::{Plan, plan},
    value::Attribute,
};

fn shown(desired: &Desired, observed: &Observed) -> String {
    let plan = plan(&File::new().settings(), desired, observed, now());
    render(&plan, &[], &observed.targets)
}

/// `ada` with accounts at both targets, member of `Sales` by our hand.
fn ada_at_work() -> Observed {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Active);
    ours(&mut observed, "ada", "directory", "d1", AccountState::Active);
    holds(&mut observed, "directory", "d1", "g2");
    observed.ledger.insert(owned("directory", "d1", "g2"));
    observed
}

#[test]
fn a_joiner_gets_accounts_in_their_order_and_then_grants() {
    let mut at_crm = content("ada", &[]);
    at_crm.attributes.insert("pin".into(), vec![text("1234")]);
    let ada = person(
        "ada",
        LifecycleState::Active,
        [("crm", present(at_crm)), ("directory", present(content("ada", &["staff"])))],
    );
    assert_snapshot!(shown(&wanting([ada]), &empty_world()), @r#"
    ada Example (c0777372) — joiner
      + create crm `ada.example`
          mail: "ada@example.org"
          pin: •••
          because rule `everyone` (line 12)
      + create directory `ada.example`
          mail: "ada@example.org"
          because rule `everyone` (line 12)
      + grant directory `ada.example` Staff
          because rule `staff` (line 20)

    plan 5f302bb87885: 3 operations (2 create, 1 grant)
    "#);
}

#[test]
fn a_mover_shows_old_and_new_and_hides_what_is_sensitive() {
    let mut observed = ada_at_work();
    let account = &mut there(&mut observed, "crm").accounts[0];
    account.attributes.push(Attribute::new("department", vec![text("Sales")]));
    account.attributes.push(Attribute::new("health", vec![text("well")]));
    account.attributes.push(Attribute::new("tags", vec![text("old"), text("Kept")]));
    let mut moved = content("ada", &[]);
    moved.name = "ada.newname".into();
    for (name, values) in [
        ("department", vec!["Research"]),
        ("health", vec!["better"]),
        ("tags", vec!["kept", "new"]),
    ] {
        let values = values.into_iter().map(text).collect();
        moved.attributes.insert(name.into(), values);
        moved.attribute_causes.insert(name.into(), vec![fact(name, "1007", "dept")]);
    }
    let ada = person(
        "ada",
        LifecycleState::Active,
        [("crm", present(moved)), ("directory", present(content("ada", &["Approvers"])))],
    );
    assert_snapshot!(shown(&wanting([ada]), &observed), @r#"
    ada Example (c0777372) — mover
      ~ update crm `ada.example`
          name: "ada.example" → "ada.newname"
          department: "Sales" → "Research"
          health: •••
          tags: add "new", remove "old"
          because fact department from hr record 1007, column dept
          because fact health from hr record 1007, column dept
          because fact tags from hr record 1007, column dept
      + grant directory `ada.example` Approvers
          because rule `staff` (line 20)
      - revoke directory `ada.example` Sales
          because nothing gives `Sales` any more, and we granted it

    plan 80ed8588a75f: 3 operations (1 update, 1 grant, 1 revoke)
    "#);
}

#[test]
fn a_leaver_is_closed_everywhere_first() {
    let ada = person(
        "ada",
        LifecycleState::Departed,
        [
            ("crm", closed(Presence::Disabled)),
            ("directory", closed(Presence::Deleted { due: at("2026-02-01T00:00:00Z") })),
        ],
    );
    assert_snapshot!(shown(&wanting([ada]), &ada_at_work()), @r"
    ada Example (c0777372) — leaver
      ! disable crm `ada.example`
          because state departed: end 2026-02-28 has passed
      ! disable directory `ada.example`
          because state departed: end 2026-02-28 has passed
      - revoke directory `ada.example` Sales
          because nothing gives `Sales` any more, and we granted it
      - delete directory `ada.example`
          because state departed: end 2026-02-28 has passed

    plan f553411524c2: 4 operations (2 disable, 1 delete, 1 revoke)
    ");
}

#[test]
fn an_account_of_nobody_is_offered_for_adoption_and_not_written() {
    let mut observed = empty_world();
    let mut alike = account("ada", "it's 7", AccountState::Active);
    alike.anchor = None;
    alike.name = "ADA.Example\u{1b}[2J".into();
    there(&mut observed, "crm").accounts.push(alike);
    let ada = person("ada", LifecycleState::Active, [("crm", present(content("ada", &[])))]);
    assert_snapshot!(shown(&wanting([ada]), &observed), @r"
    adopt? crm `ADA.Example\u{1b}[2J` looks like ada Example (c0777372): same attribute mail
      lanyard account adopt crm 'it'\''s 7' --identity c0777372-c8d2-5ede-9036-c4b101a91945

    plan 915f8481206b: nothing to do, 1 to adopt
    ");
}

#[test]
fn an_account_that_was_declined_is_not_offered_to_that_person_again() {
    let mut observed = empty_world();
    let mut alike = account("ada", "x1", AccountState::Active);
    alike.anchor = None;
    let declined = Declined {
        identity: identity("ada"),
        target: target("crm"),
        account: alike.reference.clone(),
    };
    there(&mut observed, "crm").accounts.push(alike);
    let ada = person("ada", LifecycleState::Active, [("crm", present(content("ada", &[])))]);
    let desired = wanting([ada]);
    let adoptions =
        |observed: &_| plan(&File::new().settings(), &desired, observed, now()).adoptions.len();
    assert_eq!(adoptions(&observed), 1);
    observed.declined.insert(Declined { identity: identity("ben"), ..declined.clone() });
    assert_eq!(adoptions(&observed), 1, "somebody else's word says nothing about her");
    observed.declined.insert(declined);
    assert_eq!(adoptions(&observed), 0);
}

#[test]
fn somebody_whose_rule_failed_is_held_and_shown() {
    let (id, mut ada) = person("ada", LifecycleState::Active, []);
    ada.holds
        .push("the condition of rule `sales` (line 41) failed: `level` is not a number".into());
    assert_snapshot!(shown(&wanting([(id, ada)]), &ada_at_work()), @r"
    held, ada Example (c0777372): the condition of rule `sales` (line 41) failed: `level` is not a number

    plan fcdbd4e77d81: nothing to do, 1 note, 1 left open
    ");
}

#[test]
fn a_finding_says_how_many_and_how_to_release_it() {
    let observed = ada_at_work();
    let ada = person("ada", LifecycleState::Departed, [("crm", closed(Presence::Disabled))]);
    let plan = plan(&File::new().settings(), &wanting([ada]), &observed, now());
    let settings =
        GuardSettings { removals_percent: 10, removals_floor: 0, ..GuardSettings::default() };
    let removed = [(target("crm"), BTreeSet::from([user("c9")]))].into();
    let removed = Lately { removed, ..Lately::default() };
    let findings = guard(&settings, &plan, &observed, &removed, &[]);
    assert_snapshot!(render(&plan, &findings, &observed.targets), @r"
    ada Example (c0777372) — leaver
      ! disable crm `ada.example`
          because state departed: end 2026-02-28 has passed

    held back (mass-removal): 1 of 1 accounts at crm would lose access, and 1 did so lately: 2 in all, where 0 are allowed (10 percent, at least 0). If that is right, `lanyard apply d9174b7f88ad --release mass-removal`
      1 operation blocked

    plan d9174b7f88ad: 1 operation (1 disable), 1 finding
    ");
}

#[test]
fn an_empty_plan_is_nothing_to_do() {
    assert_eq!(render(&Plan::default(), &[], &BTreeMap::new()), "nothing to do\n");
}

#[test]
fn values_are_hidden_where_the_schema_is_not_known() {
    let ada = person("ada", LifecycleState::Active, [("crm", present(content("ada", &[])))]);
    let plan = plan(&File::new().settings(), &wanting([ada]), &empty_world(), now());
    let text = render(&plan, &[], &BTreeMap::new());
    assert!(text.contains("mail: •••") && !text.contains("@example.org"), "{text}");
}

#[test]
fn explain_leads_from_an_account_back_to_the_column() {
    let mut observed = ada_at_work();
    holds(&mut observed, "directory", "d1", "g3");
    let (id, ada) = person(
        "ada",
        LifecycleState::Active,
        [("crm", closed(Presence::Disabled)), ("directory", present(content("ada", &["Sales"])))],
    );
    observed.links[0].disabled_since = Some(at("2026-02-20T08:00:00Z"));
    there(&mut observed, "crm").accounts[0].state = AccountState::Disabled;
    let record = RecordKey { source: target("hr"), key: "1007".into() };
    let mail = Fact {
        values: vec![text("ada@example.org")],
        record: record.clone(),
        from: vec!["email".into()],
        learned: at("2026-01-15T00:00:00Z"),
        effective_from: None,
        effective_until: None,
    };
    let identity = Identity {
        id,
        records: vec![record],
        facts: [("mail".parse().unwrap(), vec![mail])].into(),
        absent_since: None,
        unreadable: Vec::new(),
        unchanged: [].into(),
    };
    assert_snapshot!(explain(&identity, &ada, &observed, (&[], now())), @r#"
    ada Example (c0777372-c8d2-5ede-9036-c4b101a91945)
      active: start 2026-01-01

    crm
      account `ada.example` (user c1): disabled since 2026-02-20T08:00:00Z, created by us, read 2026-03-01T09:00:00Z
      should be disabled, if there is one
        because state departed: end 2026-02-28 has passed

    directory
      account `ada.example` (user d1): active, created by us, read 2026-03-01T09:00:00Z
      should be enabled, as `ada.example`
        because rule `everyone` (line 12)
        mail: "ada@example.org"
          because fact mail from hr record ada, column email
        should hold Sales
          because rule `staff` (line 20)
      holds Approvers, not granted by us
      holds Sales, granted by us

    facts
      mail = "ada@example.org" — hr record 1007, column email, learned 2026-01-15T00:00:00Z
    "#);
}
