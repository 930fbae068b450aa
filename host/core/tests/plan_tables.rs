//! What planning does with one account, case by case.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test that panics fails")]

mod firm;

use std::fmt::Write as _;

use firm::*;
use insta::assert_snapshot;
use lanyard_core::{
    account::{Account, AccountState, CoverageKind},
    desired::{AccountContent, Desired, DesiredAccount, Presence},
    lifecycle::LifecycleState,
    observed::Observed,
    operation::{Change, Event, OperationKind},
    plan::{NoteKind, Plan, plan},
    schema::{DeleteKind, IdStability},
    value::{Attribute, Completeness, Value, ValueChange},
};

fn made(desired: &Desired, observed: &Observed) -> Plan {
    plan(&File::new().settings(), desired, observed, now())
}

fn ada(account: DesiredAccount) -> Desired {
    wanting([person("ada", LifecycleState::Active, [("crm", account)])])
}

fn words(plan: &Plan) -> String {
    let mut words: Vec<String> =
        plan.operations.iter().map(|it| it.change.kind().word().to_owned()).collect();
    words.extend(plan.notes.iter().map(|note| format!("({:?})", note.kind)));
    if words.is_empty() { "nothing".into() } else { words.join(" ") }
}

fn kinds(plan: &Plan) -> Vec<OperationKind> {
    plan.operations.iter().map(|it| it.change.kind()).collect()
}

fn one_account(state: AccountState) -> Observed {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", state);
    observed
}

#[test]
fn every_state_under_every_wish() {
    let disabled = |mut account: DesiredAccount| {
        if let Presence::Present { enabled, .. } = &mut account.presence {
            *enabled = false;
        }
        account
    };
    let due = at("2026-02-01T00:00:00Z");
    let later = at("2026-04-01T00:00:00Z");
    let wishes = [
        ("enabled", present(content("ada", &[]))),
        ("present, disabled", disabled(present(content("ada", &[])))),
        ("disabled", closed(Presence::Disabled)),
        ("due", closed(Presence::Deleted { due })),
        ("not due", closed(Presence::Deleted { due: later })),
    ];
    let mut table = String::new();
    for (wish, account) in wishes {
        for state in [
            AccountState::Active,
            AccountState::Disabled,
            AccountState::Locked,
            AccountState::Pending,
            AccountState::SoftDeleted,
            AccountState::Unknown,
        ] {
            let plan = made(&ada(account.clone()), &one_account(state));
            writeln!(table, "{wish} / {state:?}: {}", words(&plan)).unwrap();
        }
    }
    assert_snapshot!(table, @r#"
    enabled / Active: nothing
    enabled / Disabled: enable
    enabled / Locked: (Waits)
    enabled / Pending: (Waits)
    enabled / SoftDeleted: (Unable)
    enabled / Unknown: nothing
    present, disabled / Active: disable
    present, disabled / Disabled: nothing
    present, disabled / Locked: disable
    present, disabled / Pending: disable
    present, disabled / SoftDeleted: (Unable)
    present, disabled / Unknown: disable
    disabled / Active: disable
    disabled / Disabled: nothing
    disabled / Locked: disable
    disabled / Pending: disable
    disabled / SoftDeleted: nothing
    disabled / Unknown: disable
    due / Active: disable delete
    due / Disabled: delete
    due / Locked: disable delete
    due / Pending: disable delete
    due / SoftDeleted: nothing
    due / Unknown: disable delete
    not due / Active: disable (Waits)
    not due / Disabled: (Waits)
    not due / Locked: disable (Waits)
    not due / Pending: disable (Waits)
    not due / SoftDeleted: nothing
    not due / Unknown: disable (Waits)
    "#);
}

#[test]
fn a_target_that_cannot_disable_says_so_and_still_deletes_what_is_due() {
    let mut observed = one_account(AccountState::Active);
    there(&mut observed, "crm").schema.objects[0].capabilities.disable = false;
    let plan = made(&ada(closed(Presence::Disabled)), &observed);
    assert_eq!(words(&plan), "(Unable)");
    assert!(plan.notes[0].text.starts_with("this target cannot disable accounts"));
    let due = at("2026-02-01T00:00:00Z");
    assert_eq!(
        kinds(&made(&ada(closed(Presence::Deleted { due })), &observed)),
        [OperationKind::Delete]
    );
}

#[test]
fn an_account_of_unknown_state_is_disabled_once() {
    let mut observed = one_account(AccountState::Unknown);
    let desired = ada(closed(Presence::Disabled));
    assert_eq!(kinds(&made(&desired, &observed)), [OperationKind::Disable]);
    observed.links[0].disabled_since = Some(now());
    assert_eq!(words(&made(&desired, &observed)), "(Unable)");
    assert!(leaves_open(&desired, &observed), "nothing shows that it still is");
    let due = at("2026-02-01T00:00:00Z");
    let plan = made(&ada(closed(Presence::Deleted { due })), &observed);
    assert_eq!(words(&plan), "delete");
}

#[test]
fn an_account_of_unknown_state_that_we_disabled_is_enabled_when_it_should_be() {
    let mut observed = one_account(AccountState::Unknown);
    let desired = ada(present(content("ada", &[])));
    assert_eq!(words(&made(&desired, &observed)), "nothing");
    observed.links[0].disabled_since = Some(now());
    let plan = made(&desired, &observed);
    assert_eq!(words(&plan), "enable");
    assert!(made(&desired, &apply(&observed, &plan)).is_empty());
    there(&mut observed, "crm").schema.objects[0].capabilities.enable = false;
    assert_eq!(words(&made(&desired, &observed)), "(Unable)");
}

#[test]
fn what_no_read_showed_to_be_disabled_is_open_where_it_is_not_read() {
    let mut observed = one_account(AccountState::Active);
    there(&mut observed, "crm").accounts.clear();
    there(&mut observed, "crm").accounts_coverage.kind = CoverageKind::Truncated;
    observed.links[0].disabled_since = Some(now());
    let desired = ada(closed(Presence::Disabled));
    assert!(!leaves_open(&desired, &observed));
    observed.links[0].unproven = true;
    assert!(leaves_open(&desired, &observed));
}

#[test]
fn who_has_an_account_of_a_type_that_is_no_longer_read_gets_no_other() {
    let mut observed = one_account(AccountState::Active);
    ours(&mut observed, "bob", "crm", "c2", AccountState::Active);
    let crm = there(&mut observed, "crm");
    crm.accounts.clear();
    crm.account_type = "person".into();
    crm.schema.objects[0].object_type = "person".into();
    let wanted = AccountContent { object_type: "person".into(), ..content("ada", &["Sales"]) };
    let plan = made(&ada(present(wanted.clone())), &observed);
    assert_eq!(plan.operations, []);
    assert_eq!(plan.left_open(), 1);
    assert_snapshot!(plan.notes[0].text, @"accounts of ours are of type `user` (2), and only `person` is read now; they are left as they are, and whoever has one gets no other: put the type back, or adopt theirs of the new type where the key is the same");

    // The same account under the new name of its type is offered.
    let mut renamed = account("ada", "c1", AccountState::Active);
    renamed.reference.object_type = "person".into();
    there(&mut observed, "crm").accounts.push(renamed);
    let plan = made(&ada(present(wanted)), &observed);
    assert_eq!((plan.operations.len(), plan.adoptions.len()), (0, 1));

    let plan = made(&ada(closed(Presence::Disabled)), &observed);
    let texts: Vec<&str> = plan.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!((plan.operations.len(), plan.left_open()), (0, 3));
    assert_snapshot!(texts.join("\n"), @r"
    accounts of ours are of type `user` (2), and only `person` is read now; they are left as they are, and whoever has one gets no other: put the type back, or adopt theirs of the new type where the key is the same
    their account is of type `user` and only `person` is read; it is left as it is
    the account `ada.example` carries the id we know them by, nothing gives them one, and it is not ours: adopt it, so that it is closed (`lanyard account adopt crm c1 --identity c0777372-c8d2-5ede-9036-c4b101a91945`), or close it there by hand
    ");
}

#[test]
fn an_account_left_behind_by_somebody_who_has_none_here_is_left_open() {
    let departed = || wanting([person("ada", LifecycleState::Departed, [])]);
    let case = |change: Alter, gone_link: bool| {
        let mut observed = empty_world();
        let mut left = account("ada", "c1", AccountState::Active);
        change(&mut left);
        there(&mut observed, "crm").schema.objects[0].capabilities.id_stability =
            IdStability::Renameable;
        there(&mut observed, "crm").accounts.push(left);
        if gone_link {
            let mut link = link("ada", "crm", "c1");
            link.gone = true;
            observed.links.push(link);
        }
        let plan = made(&departed(), &observed);
        assert_eq!(plan.operations, []);
        (words(&plan), plan.left_open())
    };
    let open = ("(Unmanaged)".to_owned(), 1);
    let closed = ("(Unmanaged)".to_owned(), 0);
    let nothing = ("nothing".to_owned(), 0);
    assert_eq!(case(|_| (), false), open, "their id");
    assert_eq!(case(|it| it.anchor = None, true), open, "their key");
    assert_eq!(case(|it| it.anchor = None, false), nothing, "anybody's");
    assert_eq!(case(|it| it.anchor = Some("bob".into()), true), nothing, "bob's by now");
    assert_eq!(case(|it| it.state = AccountState::Disabled, false), closed, "closed already");
    assert_eq!(case(|it| it.state = AccountState::SoftDeleted, false), nothing, "deleted");
}

#[test]
fn an_invitation_of_somebody_who_is_away_is_closed_and_grants_in_excess_are_taken() {
    let invited = || {
        let mut observed = one_account(AccountState::Pending);
        holds(&mut observed, "crm", "c1", "g2");
        observed.ledger.insert(owned("crm", "c1", "g2"));
        observed
    };
    let wanted = ada(present(content("ada", &["Approvers"])));
    assert_eq!(words(&made(&wanted, &invited())), "revoke (Waits)");
    let mut away = ada(present(content("ada", &["Sales"])));
    for account in away.identities.values_mut().flat_map(|it| it.accounts.values_mut()) {
        if let Presence::Present { enabled, .. } = &mut account.presence {
            *enabled = false;
        }
    }
    assert_eq!(words(&made(&away, &invited())), "disable");
    let mut unable = invited();
    there(&mut unable, "crm").schema.objects[0].capabilities.disable = false;
    assert_eq!(words(&made(&away, &unable)), "(Unable)");
    assert!(leaves_open(&away, &unable));
}

/// Whether the plan says that access which has to go stays.
fn leaves_open(desired: &Desired, observed: &Observed) -> bool {
    made(desired, observed).left_open() > 0
}

#[test]
fn what_has_to_go_and_cannot_be_planned_is_left_open() {
    let due = at("2026-02-01T00:00:00Z");
    let unwanted = || ada(closed(Presence::Disabled));
    let overdue = || ada(closed(Presence::Deleted { due }));
    let wanted = || ada(present(content("ada", &[])));
    let on_leave = || {
        let mut desired = wanted();
        let accounts = desired.identities.values_mut().flat_map(|it| it.accounts.values_mut());
        for account in accounts {
            if let Presence::Present { enabled, .. } = &mut account.presence {
                *enabled = false;
            }
        }
        desired
    };
    let active = || one_account(AccountState::Active);
    let unseen = |known_disabled: bool| {
        let mut observed = active();
        there(&mut observed, "crm").accounts.clear();
        there(&mut observed, "crm").accounts_coverage.kind = CoverageKind::Truncated;
        observed.links[0].disabled_since = known_disabled.then(now);
        observed
    };
    let unseen_with_grant = || {
        let mut observed = unseen(true);
        observed.ledger.insert(owned("crm", "c1", "g2"));
        observed
    };
    let without = |what: fn(&mut lanyard_core::schema::Capabilities), state| {
        let mut observed = one_account(state);
        what(&mut there(&mut observed, "crm").schema.objects[0].capabilities);
        holds(&mut observed, "crm", "c1", "g2");
        observed.ledger.insert(owned("crm", "c1", "g2"));
        observed
    };
    let cases = [
        ("unseen leaver", unwanted(), unseen(false), true),
        ("unseen leaver, known disabled", unwanted(), unseen(true), false),
        ("the same with a grant of ours", unwanted(), unseen_with_grant(), true),
        ("the same, to be deleted", overdue(), unseen(true), true),
        ("unseen and wanted", wanted(), unseen(false), false),
        ("unseen and on leave", on_leave(), unseen(false), true),
        ("unseen mover", wanted(), unseen_with_grant(), true),
        ("no disable", unwanted(), without(|can| can.disable = false, AccountState::Active), true),
        ("no delete", overdue(), without(|can| can.delete = false, AccountState::Disabled), true),
        (
            "no delete, not due",
            unwanted(),
            without(|can| can.delete = false, AccountState::Disabled),
            false,
        ),
        (
            "no revoke",
            wanted(),
            without(|can| can.entitlements = false, AccountState::Active),
            true,
        ),
        ("no update", wanted(), without(|can| can.update = false, AccountState::Active), false),
        ("everything can be done", unwanted(), active(), false),
    ];
    for (name, desired, observed, open) in cases {
        assert_eq!(leaves_open(&desired, &observed), open, "{name}");
    }
}

#[test]
fn somebody_held_is_left_open_while_an_account_of_theirs_is_enabled() {
    let mut desired = ada(present(content("ada", &[])));
    desired.identities.values_mut().for_each(|it| it.holds.push("a rule failed".into()));
    let mut observed = one_account(AccountState::Active);
    assert!(leaves_open(&desired, &observed));
    observed.links[0].disabled_since = Some(now());
    assert!(!leaves_open(&desired, &observed));
    observed.links[0].disabled_since = None;
    observed.links[0].gone = true;
    assert!(!leaves_open(&desired, &observed));
    assert!(!leaves_open(&desired, &empty_world()));
}

#[test]
fn a_doubt_that_decides_nothing_is_noted_and_nothing_is_left_open() {
    let mut desired = ada(closed(Presence::Disabled));
    let doubt = "fact `end` is no date".to_owned();
    desired.identities.values_mut().for_each(|it| it.state.doubts.push(doubt.clone()));
    let plan = made(&desired, &one_account(AccountState::Active));
    assert_eq!(words(&plan), "disable (Doubtful)");
    assert_eq!((&plan.notes[0].text, plan.left_open()), (&doubt, 0));
}

#[test]
fn where_deleting_only_disables_a_disabled_account_is_left() {
    let mut observed = one_account(AccountState::Disabled);
    there(&mut observed, "crm").schema.objects[0].capabilities.delete_kind =
        DeleteKind::SameAsDisable;
    let due = at("2026-02-01T00:00:00Z");
    assert_eq!(words(&made(&ada(closed(Presence::Deleted { due })), &observed)), "nothing");
}

#[test]
fn an_account_that_vanished_is_made_again_only_when_its_absence_is_proven() {
    let mut observed = one_account(AccountState::Active);
    there(&mut observed, "crm").accounts.clear();
    let desired = ada(present(content("ada", &["Sales"])));
    let plan = made(&desired, &observed);
    assert_eq!(kinds(&plan), [OperationKind::Create, OperationKind::Grant]);
    assert_eq!(plan.operations[0].event, Event::Drift);
    assert_eq!(plan.operations[1].after, [plan.operations[0].id]);
    observed.links[0].gone = true;
    assert_eq!(made(&desired, &observed).operations[0].event, Event::Rehire);
    there(&mut observed, "crm").accounts_coverage.kind = CoverageKind::Truncated;
    assert_eq!(words(&made(&desired, &observed)), "(NotRead)");
}

type Alter = fn(&mut Account);

#[test]
fn accounts_of_nobody_match_by_anchor_name_and_attribute() {
    let cases: [(&str, Alter); 3] = [
        ("anchor", |it| it.name = "other".into()),
        ("name", |it| {
            it.anchor = None;
            it.name = "ADA.example".into();
        }),
        ("attribute mail", |it| {
            it.anchor = None;
            it.name = "other".into();
            it.attributes = vec![Attribute::new("mail", vec![text("ADA@example.org ")])];
        }),
    ];
    for (matched, change) in cases {
        let mut observed = empty_world();
        let mut alike = account("ada", "c7", AccountState::Disabled);
        change(&mut alike);
        there(&mut observed, "crm").accounts.push(alike);
        for coverage in [CoverageKind::Exhaustive, CoverageKind::Truncated] {
            there(&mut observed, "crm").accounts_coverage.kind = coverage;
            let plan = made(&ada(present(content("ada", &["Sales"]))), &observed);
            assert_eq!(words(&plan), "nothing", "{matched}");
            assert_eq!(plan.adoptions.len(), 1, "{matched}");
            assert_eq!(plan.adoptions[0].matched, matched);
        }
    }
}

#[test]
fn an_account_of_somebody_else_is_no_candidate() {
    let mut observed = empty_world();
    ours(&mut observed, "bob", "crm", "c1", AccountState::Active);
    let plan = made(
        &ada(present(AccountContent { name: "bob.example".into(), ..content("ada", &[]) })),
        &observed,
    );
    assert!(plan.adoptions.is_empty());
}

#[test]
fn a_target_that_was_not_read_is_left_alone() {
    let mut observed = one_account(AccountState::Active);
    observed.targets.remove("crm");
    let plan = made(&ada(closed(Presence::Disabled)), &observed);
    assert_eq!(words(&plan), "(NotRead)");
}

#[track_caller]
fn changes(content: AccountContent, observed: &Observed) -> Vec<(String, ValueChange)> {
    let plan = made(&ada(present(content)), observed);
    match plan.operations.first().map(|it| &it.change) {
        Some(Change::Update { attributes, .. }) => {
            attributes.iter().map(|it| (it.name.clone(), it.change.clone())).collect()
        }
        Some(other) => panic!("{other:?}"),
        None => Vec::new(),
    }
}

fn with(name: &str, values: &[&str]) -> AccountContent {
    let mut content = content("ada", &[]);
    content.attributes.insert(name.into(), values.iter().map(|it| text(it)).collect());
    content
}

fn seeing(name: &str, values: &[&str], completeness: Completeness) -> Observed {
    let mut observed = one_account(AccountState::Active);
    let values: Vec<Value> = values.iter().map(|it| text(it)).collect();
    let attribute = Attribute { completeness, ..Attribute::new(name, values) };
    there(&mut observed, "crm").accounts[0].attributes.push(attribute);
    observed
}

/// Attribute, what is wanted, what is seen.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], Completeness);

#[test]
fn attributes_are_compared_as_the_target_does() {
    use Completeness::{Complete, Incomplete, Withheld};
    let replace =
        |values: &[&str]| ValueChange::Replace(values.iter().map(|it| text(it)).collect());
    let modify = |add: &[&str], remove: &[&str]| ValueChange::Modify {
        add: add.iter().map(|it| text(it)).collect(),
        remove: remove.iter().map(|it| text(it)).collect(),
    };
    let cases: [(Case, Option<ValueChange>); 14] = [
        (("department", &["Sales"], &["Sales"], Complete), None),
        (("department", &["Sales"], &["sales"], Complete), Some(replace(&["Sales"]))),
        (("department", &[], &["Sales"], Complete), Some(replace(&[]))),
        (("department", &["Sales"], &["Other"], Withheld), None),
        (("department", &["Sales"], &["Other"], Incomplete), None),
        (("tags", &["a", "B"], &["b", "A"], Complete), None),
        (("tags", &["a", "c"], &["A", "b"], Complete), Some(modify(&["c"], &["b"]))),
        (("tags", &["a", "c"], &["A", "b"], Incomplete), Some(modify(&["c"], &[]))),
        (("tags", &["a"], &["A", "b"], Incomplete), None),
        (("phones", &["+49 1", "2"], &["00491", "2"], Complete), None),
        (("phones", &["1", "2"], &["2", "1"], Complete), Some(replace(&["1", "2"]))),
        (("pin", &["1234"], &[], Complete), None),
        (("home", &["/home/a"], &["/home/b"], Complete), None),
        (("serial", &["1"], &["2"], Complete), None),
    ];
    for ((name, wanted, seen, completeness), expected) in cases {
        let found = changes(with(name, wanted), &seeing(name, seen, completeness));
        let expected: Vec<_> = expected.into_iter().map(|it| (name.to_owned(), it)).collect();
        assert_eq!(found, expected, "{name} {wanted:?} {seen:?} {completeness:?}");
    }
}

#[test]
fn an_attribute_the_target_does_not_have_is_reported_once() {
    let plan = made(&ada(present(with("shoe-size", &["42"]))), &one_account(AccountState::Active));
    assert_eq!(words(&plan), "(Unable)");
    assert_eq!(plan.notes[0].text, "`user` has no attribute `shoe-size`; it is not written");
}

#[test]
fn entitlements_are_found_by_alias_id_and_name() {
    let mut file = File::new();
    let aliases = &mut file.targets.get_mut("crm").unwrap().entitlements;
    aliases.insert("boss".into(), "g3".into());
    for (written, meant) in [("boss", "g3"), ("g2", "g2"), ("Sales", "g2"), ("sALES", "g2")] {
        let desired = ada(present(content("ada", &[written])));
        let plan = plan(&file.settings(), &desired, &one_account(AccountState::Active), now());
        match &plan.operations[..] {
            [only] => match &only.change {
                Change::Grant { entitlement, .. } => assert_eq!(*entitlement, group(meant)),
                other => panic!("{other:?}"),
            },
            other => panic!("{written}: {other:?}"),
        }
    }
}

#[test]
fn an_unknown_entitlement_names_the_nearest_and_revokes_nothing() {
    let mut observed = one_account(AccountState::Active);
    holds(&mut observed, "crm", "c1", "g3");
    observed.ledger.insert(owned("crm", "c1", "g3"));
    let plan = made(&ada(present(content("ada", &["Sails"]))), &observed);
    assert_eq!(words(&plan), "(Unable) (Waits)");
    assert_eq!(
        plan.notes[0].text,
        "there is no entitlement `Sails`; the nearest name there is `Sales`"
    );
}

#[test]
fn an_entitlement_that_was_perhaps_not_read_is_not_called_missing() {
    let mut observed = one_account(AccountState::Active);
    there(&mut observed, "crm").assignments_coverage.kind = CoverageKind::Truncated;
    let plan = made(&ada(present(content("ada", &["Sails"]))), &observed);
    assert_eq!(words(&plan), "(NotRead)");
    assert_eq!(
        plan.notes[0].text,
        "the entitlements were not read wholly, so it is not known whether `Sails` exists; it is \
         not granted"
    );
}

#[test]
fn a_target_that_was_not_read_is_noted_though_nobody_is_known_to_need_it() {
    let mut observed = empty_world();
    observed.targets.remove(&target("crm"));
    let plan = made(&wanting([]), &observed);
    assert!(plan.operations.is_empty());
    let noted = &plan.notes[0];
    assert_eq!((noted.kind, &noted.target), (NoteKind::NotRead, &Some(target("crm"))));
    assert_eq!(noted.text, "it was not read, so nothing is planned there");
}

#[test]
fn a_grant_found_as_desired_is_taken_over_and_one_of_others_is_left() {
    let mut observed = one_account(AccountState::Active);
    holds(&mut observed, "crm", "c1", "g2");
    holds(&mut observed, "crm", "c1", "g3");
    let plan = made(&ada(present(content("ada", &["Sales"]))), &observed);
    assert!(plan.is_empty());
    assert_eq!(plan.claims, [owned("crm", "c1", "g2")]);
    assert_eq!(plan.notes[0].kind, NoteKind::Unmanaged);
}

#[test]
fn an_inherited_grant_cannot_be_revoked() {
    let mut observed = one_account(AccountState::Active);
    holds(&mut observed, "crm", "c1", "g2");
    there(&mut observed, "crm").assignments[0].direct = false;
    observed.ledger.insert(owned("crm", "c1", "g2"));
    assert_eq!(words(&made(&ada(present(content("ada", &[]))), &observed)), "(Unable)");
}

#[test]
fn a_grant_of_ours_that_was_taken_away_is_drift_and_given_again() {
    let mut observed = one_account(AccountState::Active);
    observed.ledger.insert(owned("crm", "c1", "g2"));
    let desired = ada(present(content("ada", &["Sales"])));
    let plan = made(&desired, &observed);
    assert_eq!(kinds(&plan), [OperationKind::Grant]);
    assert_eq!(plan.operations[0].event, Event::Drift);
    there(&mut observed, "crm").assignments_coverage.kind = CoverageKind::Truncated;
    assert!(made(&desired, &observed).is_empty(), "nothing proves that it is missing");
}

#[test]
fn a_mover_is_given_the_new_before_the_old_is_taken() {
    let mut observed = one_account(AccountState::Active);
    holds(&mut observed, "crm", "c1", "g2");
    observed.ledger.insert(owned("crm", "c1", "g2"));
    let plan = made(&ada(present(content("ada", &["Approvers"]))), &observed);
    assert_eq!(kinds(&plan), [OperationKind::Grant, OperationKind::Revoke]);
}

#[test]
fn no_revoke_needs_a_grant_here_or_at_another_target() {
    let mut observed = empty_world();
    for (name, uid) in [("crm", "c1"), ("directory", "d1")] {
        ours(&mut observed, "ada", name, uid, AccountState::Active);
        holds(&mut observed, name, uid, "g2");
        observed.ledger.insert(owned(name, uid, "g2"));
    }
    let moved = || present(content("ada", &["Approvers"]));
    let desired = wanting([person(
        "ada",
        LifecycleState::Active,
        [("crm", moved()), ("directory", moved())],
    )]);
    let plan = made(&desired, &observed);
    let mut table = String::new();
    for operation in &plan.operations {
        let kind = operation.change.kind().word();
        writeln!(table, "{kind} at {}, after {:?}", operation.target, operation.after).unwrap();
    }
    assert_snapshot!(table, @"
    grant at crm, after []
    grant at directory, after []
    revoke at crm, after []
    revoke at directory, after []
    ");
}

#[test]
fn deletes_go_the_other_way_round() {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Disabled);
    ours(&mut observed, "ada", "directory", "d1", AccountState::Disabled);
    let due = || closed(Presence::Deleted { due: at("2026-02-01T00:00:00Z") });
    let desired =
        wanting([person("ada", LifecycleState::Departed, [("crm", due()), ("directory", due())])]);
    let plan = made(&desired, &observed);
    let order: Vec<&str> = plan.operations.iter().map(|it| it.target.as_str()).collect();
    assert_eq!(order, ["directory", "crm"]);
    assert_eq!(plan.operations[1].after, [plan.operations[0].id]);
}

#[test]
fn enabling_is_called_by_what_brought_it_about() {
    let disabled_since = at("2026-02-01T00:00:00Z");
    let cases = [
        // Known disabled, enabled before, grants kept, state since; the label.
        (false, true, false, None, Event::Drift),
        (true, true, false, None, Event::Rehire),
        (true, true, true, None, Event::Leave),
        (true, true, true, Some("2026-01-01T00:00:00Z"), Event::Leave),
        (true, true, true, Some("2026-03-01T00:00:00Z"), Event::Rehire),
        (true, false, true, Some("2026-03-01T00:00:00Z"), Event::Joiner),
        // Made for somebody on leave, who comes back.
        (true, false, true, None, Event::Leave),
    ];
    for (known, before, kept, since, event) in cases {
        let mut observed = one_account(AccountState::Disabled);
        observed.links[0].disabled_since = known.then_some(disabled_since);
        observed.links[0].was_enabled = before;
        if kept {
            holds(&mut observed, "crm", "c1", "g2");
            observed.ledger.insert(owned("crm", "c1", "g2"));
        }
        let mut desired = ada(present(content("ada", &["Sales"])));
        desired.identities.values_mut().for_each(|it| it.state.since = since.map(at));
        let plan = made(&desired, &observed);
        assert_eq!(plan.operations[0].change.kind(), OperationKind::Enable);
        assert_eq!(plan.operations[0].event, event, "{known} {before} {kept} {since:?}");
    }
}

#[test]
fn an_account_under_the_key_of_one_that_is_gone_is_touched_only_where_keys_are_given_once() {
    let mut observed = one_account(AccountState::Active);
    observed.links[0].gone = true;
    let desired = ada(closed(Presence::Disabled));
    assert_eq!(kinds(&made(&desired, &observed)), [OperationKind::Disable]);

    let mut reused = observed.clone();
    there(&mut reused, "crm").schema.objects[0].capabilities.id_stability = IdStability::Renameable;
    assert_eq!(words(&made(&desired, &reused)), "(Unmanaged)", "a person has to look");

    observed.links.push(link("bob", "crm", "c1"));
    assert_eq!(words(&made(&desired, &observed)), "nothing", "it is bob's now");
}
