//! The guard stops what looks like an accident, and nothing else.

mod firm;

use std::collections::BTreeSet;

use firm::*;
use lanyard_core::{
    account::AccountState,
    desired::{Desired, Presence},
    guard::{Finding, FindingKind, GuardSettings, Lately, blocked, guard, unpromised},
    id::OperationId,
    identity::Shrank,
    lifecycle::LifecycleState,
    observed::Observed,
    operation::{Event, OperationKind},
    pattern::Pattern,
    plan::{Plan, plan},
    policy::TargetPolicy,
    schema::DisableEffect,
    template::Expressions,
};

/// `leavers` of `people` who have an account leave.
fn firm(people: u32, leavers: u32) -> (Desired, Observed) {
    let mut observed = empty_world();
    let mut desired = Desired::default();
    for number in 0..people {
        let key = format!("p{number}");
        ours(&mut observed, &key, "crm", &format!("c{number}"), AccountState::Active);
        let (id, person) = if number < leavers {
            person(&key, LifecycleState::Departed, [("crm", closed(Presence::Disabled))])
        } else {
            person(&key, LifecycleState::Active, [("crm", present(content(&key, &[])))])
        };
        desired.identities.insert(id, person);
    }
    (desired, observed)
}

#[test]
fn nobody_is_given_what_a_leaver_could_not_be_relieved_of() {
    let mut observed = empty_world();
    let (id, person) =
        person("ada", LifecycleState::Active, [("crm", present(content("ada", &["staff"])))]);
    ours(&mut observed, "bob", "crm", "c2", AccountState::Active);
    let leaver =
        firm::person("bob", LifecycleState::Departed, [("crm", closed(Presence::Disabled))]);
    let desired = Desired { identities: [(id, person), leaver].into() };
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let crm = target("crm");
    let mut expressions = Expressions::new();
    let mut policy = TargetPolicy::new(expressions.template("x").unwrap());
    policy.requires = [DisableEffect::BlocksLogin, DisableEffect::EndsSessions].into();
    let blocks = |observed: &Observed| {
        let settings = GuardSettings { requires: [(&crm, &policy)].into(), ..settings() };
        let found = guard(&settings, &plan, observed, &Lately::default(), &[]);
        found.into_iter().map(|it| (it.kind, it.text, it.blocks.len())).collect::<Vec<_>>()
    };
    let found = blocks(&observed);
    let gives = plan.operations.iter().filter(|it| !it.change.kind().removes()).count();
    assert!(gives > 0 && gives < plan.operations.len(), "{plan:?}");
    let [(FindingKind::DisableEffects, text, blocked)] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(*blocked, gives);
    assert!(text.contains("(`blocks-login`, `ends-sessions`)"), "{text}");
    let there = observed.targets.get_mut(&crm).unwrap();
    let mut promise = |effects: &[DisableEffect]| {
        let object = there.schema.objects.iter_mut().find(|it| it.object_type == "user").unwrap();
        object.capabilities.disable_effects = effects.iter().copied().collect();
        unpromised(&policy, &there.schema)
    };
    assert_eq!(promise(&[DisableEffect::BlocksLogin]), [DisableEffect::EndsSessions].into());
    let all = [DisableEffect::BlocksLogin, DisableEffect::EndsSessions, DisableEffect::Reversible];
    assert!(promise(&all).is_empty());
    assert!(blocks(&observed).is_empty());
}

fn settings<'a>() -> GuardSettings<'a> {
    GuardSettings { removals_percent: 10, removals_floor: 2, ..GuardSettings::default() }
}

fn planned(people: u32, leavers: u32, removed: &Lately) -> (Plan, Vec<Finding>) {
    let (desired, observed) = firm(people, leavers);
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let findings = guard(&settings(), &plan, &observed, removed, &[]);
    (plan, findings)
}

#[test]
fn the_limit_is_the_larger_of_share_and_floor_and_counts_the_window() {
    let lately = |uids: &[&str]| Lately {
        removed: [(target("crm"), uids.iter().map(|uid| user(uid)).collect())].into(),
        ..Lately::default()
    };
    let cases = [
        (50, 5, lately(&[]), false),
        (50, 6, lately(&[]), true),
        (5, 2, lately(&[]), false),
        (5, 3, lately(&[]), true),
        (50, 5, lately(&["before"]), true),
        // The same account counts once.
        (50, 5, lately(&["c0", "c1"]), false),
        (50, 0, lately(&["a", "b", "c", "d", "e", "f"]), false),
    ];
    for (people, leavers, removed, stopped) in cases {
        let (plan, findings) = planned(people, leavers, &removed);
        assert_eq!(!findings.is_empty(), stopped, "{leavers} of {people}, {removed:?}");
        let expected = if stopped { plan.operations.len() } else { 0 };
        assert_eq!(blocked(&plan, &findings, &BTreeSet::new()).len(), expected);
    }
}

#[test]
fn a_released_finding_blocks_nothing() {
    let (plan, findings) = planned(5, 5, &Lately::default());
    assert!(findings[0].text.contains("5 of 5 accounts at crm would lose access"));
    assert!(findings[0].text.contains("--release mass-removal"));
    assert!(blocked(&plan, &findings, &[FindingKind::MassRemoval].into()).is_empty());
    assert_eq!(blocked(&plan, &findings, &[FindingKind::SourceShrank].into()).len(), 5);
}

#[test]
fn a_day_on_which_many_begin_is_no_mass_enable() {
    let mut observed = empty_world();
    let mut desired = Desired::default();
    for number in 0..50 {
        let key = format!("p{number}");
        ours(&mut observed, &key, "crm", &format!("c{number}"), AccountState::Disabled);
        for link in &mut observed.links {
            link.disabled_since = Some(at("2026-02-22T00:00:00Z"));
            link.was_enabled = false;
        }
        let (id, mut person) =
            person(&key, LifecycleState::Active, [("crm", present(content(&key, &[])))]);
        person.state.since = Some(now());
        desired.identities.insert(id, person);
    }
    let first = plan(&File::new().settings(), &desired, &observed, now());
    assert_eq!(first.operations.len(), 50);
    assert!(first.operations.iter().all(|it| it.event == Event::Joiner));
    assert_eq!(guard(&settings(), &first, &observed, &Lately::default(), &[]), []);

    // A migration that gives everybody the same first day makes no joiners of
    // people who worked here before.
    for link in &mut observed.links {
        link.was_enabled = true;
    }
    let second = plan(&File::new().settings(), &desired, &observed, now());
    let findings = guard(&settings(), &second, &observed, &Lately::default(), &[]);
    assert_eq!(findings[0].kind, FindingKind::MassEnable);
    assert_eq!(blocked(&second, &findings, &BTreeSet::new()).len(), 50);
}

#[test]
fn many_accounts_enabled_at_once_wait_for_a_person() {
    for (people, back, stopped) in [(50, 5, false), (50, 6, true), (5, 2, false), (5, 3, true)] {
        let mut observed = empty_world();
        let mut desired = Desired::default();
        for number in 0..people {
            let key = format!("p{number}");
            let state = if number < back { AccountState::Disabled } else { AccountState::Active };
            ours(&mut observed, &key, "crm", &format!("c{number}"), state);
            let content = content(&key, if number < back { &["Sales"] } else { &[] });
            let (id, person) = person(&key, LifecycleState::Active, [("crm", present(content))]);
            desired.identities.insert(id, person);
        }
        let plan = plan(&File::new().settings(), &desired, &observed, now());
        let findings = guard(&settings(), &plan, &observed, &Lately::default(), &[]);
        let kinds: Vec<FindingKind> = findings.iter().map(|finding| finding.kind).collect();
        let expected: &[FindingKind] = if stopped { &[FindingKind::MassEnable] } else { &[] };
        assert_eq!(kinds, expected, "{back} of {people}");
        // What they would be granted waits as well.
        let held = blocked(&plan, &findings, &BTreeSet::new()).len();
        assert_eq!(held, if stopped { plan.operations.len() } else { 0 });
        let released = [FindingKind::MassEnable].into();
        assert!(blocked(&plan, &findings, &released).is_empty());
        for finding in findings {
            let digest = plan.digest().unwrap();
            let expected = format!(
                "{back} of {people} accounts at crm are disabled and would be enabled, where {} are \
                 allowed (10 percent, at least 2). If that is right, `lanyard apply {} --release \
                 mass-enable`",
                (people / 10).max(2),
                digest.short()
            );
            assert_eq!(finding.text, expected);
        }
    }
}

#[test]
fn a_protected_name_is_never_written_in_any_case_of_its_letters() {
    let mut observed = empty_world();
    ours(&mut observed, "root", "crm", "c1", AccountState::Active);
    let desired = Desired {
        identities: [
            person("root", LifecycleState::Departed, [("crm", closed(Presence::Disabled))]),
            person(
                "admin",
                LifecycleState::Active,
                [("crm", present(content("admin", &["Sales"])))],
            ),
            person("ada", LifecycleState::Active, [("crm", present(content("ada", &[])))]),
        ]
        .into(),
    };
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let crm = target("crm");
    let names = ["ROOT.example", "Admin.Example"].map(Pattern::new).into();
    let settings = GuardSettings {
        removals_percent: 100,
        removals_floor: 100,
        protected: [(&crm, &names)].into(),
        ..GuardSettings::default()
    };
    let findings = guard(&settings, &plan, &observed, &Lately::default(), &[]);
    let everything =
        [FindingKind::Protected, FindingKind::MassRemoval, FindingKind::SourceShrank].into();
    let blocked = blocked(&plan, &findings, &everything);
    let free: Vec<_> = plan.operations.iter().filter(|it| !blocked.contains(&it.id)).collect();
    assert_eq!(free.len(), 1, "only the account of ada is made");
    assert_eq!(free[0].identity, identity("ada"));
    let grant = plan.operations.iter().find(|it| it.change.kind() == OperationKind::Grant).unwrap();
    assert!(blocked.contains(&grant.id), "a grant waits for the create that is blocked");
}

#[test]
fn nothing_is_taken_from_those_a_shrunken_source_forgot() {
    let (desired, observed) = firm(30, 2);
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let shrank = Shrank {
        source: target("hr"),
        renamed: None,
        before: 30,
        lost: 15,
        missing: [identity("p1"), identity("p9")].into(),
        new: BTreeSet::new(),
    };
    let findings = guard(&settings(), &plan, &observed, &Lately::default(), &[shrank]);
    assert_eq!(
        findings[0].text,
        format!(
            "the source hr no longer has 15 of the 30 records it had last time; nothing is taken \
             from those who are missing. If they really left, `lanyard apply {} --release \
             source-shrank`",
            plan.digest().unwrap().short()
        )
    );
    let blocked: Vec<OperationId> =
        blocked(&plan, &findings, &BTreeSet::new()).into_iter().collect();
    let of_p1: Vec<OperationId> =
        plan.operations.iter().filter(|it| it.identity == identity("p1")).map(|it| it.id).collect();
    assert_eq!(blocked, of_p1);
}

#[test]
fn nothing_is_given_to_those_a_shrunken_source_has_under_new_keys() {
    let (mut desired, observed) = firm(3, 3);
    for key in ["1", "2"] {
        let wanted = [("crm", present(content(key, &["Sales"])))];
        let (id, person) = person(key, LifecycleState::Active, wanted);
        desired.identities.insert(id, person);
    }
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    let shrank = Shrank {
        source: target("hr"),
        renamed: None,
        before: 3,
        lost: 3,
        missing: (0..3).map(|number| identity(&format!("p{number}"))).collect(),
        new: [identity("1")].into(),
    };
    let findings = guard(&settings(), &plan, &observed, &Lately::default(), &[shrank]);
    let shrank = findings.iter().find(|it| it.kind == FindingKind::SourceShrank).unwrap();
    let text = &shrank.text;
    assert!(text.contains("nothing is given to those it has under new keys (1)"), "{text}");
    assert!(text.contains("mend the source"), "{text}");
    let everything: BTreeSet<_> = plan.operations.iter().map(|it| it.id).collect();
    let free = |released: &[FindingKind]| -> Vec<_> {
        let blocked = blocked(&plan, &findings, &released.iter().copied().collect());
        let free = everything
            .difference(&blocked)
            .map(|id| plan.operations.iter().find(|it| it.id == *id).unwrap().identity);
        free.collect::<BTreeSet<_>>().into_iter().collect()
    };
    assert_eq!(free(&[FindingKind::MassRemoval]), [identity("2")]);
    let all = free(&[FindingKind::MassRemoval, FindingKind::SourceShrank]);
    assert_eq!(all.len(), 5, "the release lets both go");
}

#[test]
fn who_waits_for_a_shrunken_source_takes_nobodys_place_within_a_limit() {
    let (desired, observed) = firm(30, 20);
    let plan = plan(&File::new().settings(), &desired, &observed, now());
    // All but two of those who leave are missing from the file.
    let shrank = Shrank {
        source: target("hr"),
        renamed: None,
        before: 30,
        lost: 18,
        missing: (2..20).map(|number| identity(&format!("p{number}"))).collect(),
        new: BTreeSet::new(),
    };
    let findings = guard(&settings(), &plan, &observed, &Lately::default(), &[shrank]);
    let goes = |released: &[FindingKind]| {
        let blocked = blocked(&plan, &findings, &released.iter().copied().collect());
        plan.operations.iter().filter(|it| !blocked.contains(&it.id)).count()
    };
    assert_eq!(plan.operations.len(), 20);
    assert_eq!(goes(&[]), 2, "those whose leaving nobody doubts");
    // The limit holds whichever of the two is released alone.
    assert_eq!(goes(&[FindingKind::SourceShrank]), 2);
    assert_eq!(goes(&[FindingKind::MassRemoval]), 2);
    assert_eq!(goes(&[FindingKind::SourceShrank, FindingKind::MassRemoval]), 20);
}
