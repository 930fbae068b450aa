//! What is known of accounts of somebody who is to be erased.

use super::*;
use crate::{
    account::{AccountState, Coverage},
    lifecycle::Kept,
    observed::{Declined, HeldName, Link},
    pattern::Pattern,
    value::ObjectRef,
};

/// A world that lacks an account of Ada's, which we did not delete.
fn lost() -> (Observed, AccountKey) {
    let mut world = observed(&[]);
    let mut link: Link = observed(&[("ada.example", Some("1"))]).links.remove(0);
    link.gone = true;
    let key = (link.target.clone(), link.account.clone());
    world.links.push(link);
    (world, key)
}

/// Looks at the crm at a time, and remembers what that says.
fn read(policy: &Policy, world: &mut Observed, time: &str) -> Option<Proof> {
    world.targets.get_mut("crm").unwrap().read_at = at(time);
    for (key, proof) in confirm_gone(policy, world) {
        match proof {
            Some(proof) => _ = world.forgetting.gone.insert(key, proof),
            None => _ = world.forgetting.gone.remove(&key),
        }
    }
    world.forgetting.gone.values().next().copied()
}

fn missing(since: &str, seen: u32, last: &str) -> Proof {
    Proof::Missing(Missing { since: at(since), seen, last: at(last) })
}

const FIRST: &str = "2026-06-01T00:00:00Z";
const SOON: &str = "2026-06-01T23:59:59Z";
const NEXT: &str = "2026-06-02T00:00:00Z";
const LATER: &str = "2026-06-03T00:00:00Z";

#[test]
fn an_account_that_we_did_not_delete_is_gone_when_two_readings_a_day_apart_lack_it() {
    let (mut world, _) = lost();
    let policy = policy();
    assert_eq!(read(&policy, &mut world, FIRST), Some(missing(FIRST, 1, FIRST)));
    assert_eq!(read(&policy, &mut world, SOON), Some(missing(FIRST, 1, FIRST)));
    assert_eq!(read(&policy, &mut world, NEXT), Some(Proof::Proven));
    assert_eq!(confirm_gone(&policy, &world), BTreeMap::new());
}

#[test]
fn as_many_readings_are_needed_as_the_file_says_and_as_far_apart() {
    let (mut world, _) = lost();
    let mut policy = policy();
    policy.targets.get_mut("crm").unwrap().gone =
        GoneWhen { confirmations: 3, interval: SignedDuration::from_hours(36) };
    read(&policy, &mut world, FIRST);
    assert_eq!(read(&policy, &mut world, NEXT), Some(missing(FIRST, 1, FIRST)));
    assert_eq!(read(&policy, &mut world, LATER), Some(missing(FIRST, 2, LATER)));
    assert_eq!(read(&policy, &mut world, "2026-06-04T12:00:00Z"), Some(Proof::Proven));
}

#[test]
fn a_reading_that_proves_nothing_confirms_nothing() {
    let (mut world, (_, account)) = lost();
    let policy = policy();
    read(&policy, &mut world, FIRST);
    let crm = world.targets.get_mut("crm").unwrap();
    crm.accounts_coverage.kind = CoverageKind::Truncated;
    assert_eq!(read(&policy, &mut world, NEXT), Some(missing(FIRST, 1, FIRST)));
    let crm = world.targets.get_mut("crm").unwrap();
    crm.accounts_coverage = Coverage::exhaustive();
    crm.account_type = "contact".to_owned();
    assert_eq!(read(&policy, &mut world, NEXT), Some(missing(FIRST, 1, FIRST)), "of another type");
    world.targets.remove("crm");
    assert_eq!(confirm_gone(&policy, &world), BTreeMap::new(), "not read: {}", account.uid);
}

#[test]
fn an_account_that_is_there_again_is_counted_anew_and_one_that_is_only_kept_is_not() {
    let (mut world, key) = lost();
    let policy = policy();
    read(&policy, &mut world, FIRST);
    let mut there = observed(&[("ada.example", None)]).targets["crm"].accounts[0].clone();
    there.state = AccountState::SoftDeleted;
    world.targets.get_mut("crm").unwrap().accounts.push(there);
    assert_eq!(read(&policy, &mut world, NEXT), Some(missing(FIRST, 1, FIRST)));
    world.targets.get_mut("crm").unwrap().accounts[0].state = AccountState::Disabled;
    assert_eq!(read(&policy, &mut world, NEXT), None);
    world.targets.get_mut("crm").unwrap().accounts.clear();
    assert_eq!(read(&policy, &mut world, LATER), Some(missing(LATER, 1, LATER)));
    // Also one that was proven: it is somebody's by now, perhaps still theirs.
    world.forgetting.gone.insert(key, Proof::Proven);
    assert_eq!(read(&policy, &mut world, LATER), Some(Proof::Proven));
    let there = observed(&[("ada.example", None)]).targets["crm"].accounts[0].clone();
    world.targets.get_mut("crm").unwrap().accounts.push(there);
    assert_eq!(read(&policy, &mut world, LATER), None);
}

#[test]
fn a_clock_that_jumped_confirms_nothing() {
    let (mut world, _) = lost();
    let policy = policy();
    read(&policy, &mut world, FIRST);
    world.kept.clock.jump = Some(Jump { from: at(SOON), to: at(LATER) });
    assert_eq!(read(&policy, &mut world, LATER), Some(missing(FIRST, 1, LATER)));
    world.kept.clock.jump = None;
    assert_eq!(read(&policy, &mut world, "2026-06-03T12:00:00Z"), Some(missing(FIRST, 1, LATER)));
    assert_eq!(read(&policy, &mut world, "2026-06-04T00:00:00Z"), Some(Proof::Proven));
}

#[test]
fn nobody_is_erased_whose_account_one_reading_lacks() {
    let never = kept_by(|world| *world = lost().0);
    insta::assert_snapshot!(never, @"they are to be erased, and are not: their account `u-ada.example` at crm is missing, and no later reading has confirmed that");
    let once = kept_by(|world| {
        *world = lost().0;
        read(&policy(), world, FIRST);
    });
    insta::assert_snapshot!(once, @"they are to be erased, and are not: their account `u-ada.example` at crm is missing since 2026-06-01T00:00:00Z, by 1 reading so far, and was not deleted by us");
    let policy = kept_for(3);
    let assembled = left(&policy, &["1"], "2020-06-01");
    let (mut world, key) = lost();
    world.forgetting.gone.insert(key, Proof::Proven);
    assert_eq!(erased(&look(&policy, &assembled, &world, noon()).1), BTreeSet::from([id("1")]));
}

#[test]
fn nobody_is_erased_while_a_target_is_not_read() {
    let unread = kept_by(|world| drop(world.targets.remove("crm")));
    insta::assert_snapshot!(unread, @"they are to be erased, and are not: crm was not read, where an account may be theirs");
}

/// A world in which an account of nobody's is at the crm.
fn stranger(world: &mut Observed, name: &str) -> ObjectRef {
    let account = observed(&[(name, None)]).targets["crm"].accounts[0].clone();
    let reference = account.reference.clone();
    world.targets.get_mut("crm").unwrap().accounts.push(account);
    reference
}

fn of_ada(account: &ObjectRef) -> Declined {
    Declined { identity: id("1"), target: named("crm"), account: account.clone() }
}

#[test]
fn nobody_is_erased_while_an_account_that_was_given_back_is_enabled() {
    let given_back = |world: &mut Observed| {
        let account = stranger(world, "someone");
        world.kept.given_back.insert(of_ada(&account));
    };
    insta::assert_snapshot!(kept_by(given_back), @"they are to be erased, and are not: the account `u-someone` at crm was given back, and is enabled: adopt or decline it");
    let unclear = kept_by(|world| {
        given_back(world);
        let crm = world.targets.get_mut("crm").unwrap();
        crm.accounts.clear();
        crm.accounts_coverage.kind = CoverageKind::Truncated;
    });
    insta::assert_snapshot!(unclear, @"they are to be erased, and are not: the account `u-someone` at crm was given back, and no reading tells whether it is there");
    let goes = |change: fn(&mut Observed, &ObjectRef)| {
        let policy = kept_for(3);
        let assembled = left(&policy, &["1"], "2020-06-01");
        let mut world = observed(&[]);
        given_back(&mut world);
        let account = world.targets["crm"].accounts[0].reference.clone();
        change(&mut world, &account);
        look(&policy, &assembled, &world, noon()).1.erasures.len()
    };
    assert_eq!(goes(|_, _| {}), 0);
    assert_eq!(goes(|world, _| world.targets.get_mut("crm").unwrap().accounts.clear()), 1);
    assert_eq!(goes(|world, account| _ = world.declined.insert(of_ada(account))), 1);
    let closed = |world: &mut Observed, _: &ObjectRef| {
        world.targets.get_mut("crm").unwrap().accounts[0].state = AccountState::Disabled;
    };
    assert_eq!(goes(closed), 1);
    let of_others = |world: &mut Observed, account: &ObjectRef| {
        let mut link = observed(&[("someone", Some("7"))]).links.remove(0);
        link.account = account.clone();
        world.links.push(link);
    };
    assert_eq!(goes(of_others), 1);
}

#[test]
fn nobody_is_erased_while_an_enabled_account_may_be_theirs() {
    let named_alike = |world: &mut Observed| drop(stranger(world, "Ada.Example"));
    insta::assert_snapshot!(kept_by(named_alike), @"they are to be erased, and are not: the account `u-Ada.Example` at crm may be theirs by the same name, and is enabled: adopt or decline it");
    let held = |world: &mut Observed| {
        stranger(world, "lovelace");
        let last_seen = at("2019-01-01T00:00:00Z");
        let held = HeldName { name: "LOVELACE".to_owned(), identity: id("1"), last_seen };
        world.names.insert(named("crm"), vec![held]);
    };
    insta::assert_snapshot!(kept_by(held), @"they are to be erased, and are not: the account `u-lovelace` at crm may be theirs by the same name, and is enabled: adopt or decline it");
    let standing = |world: &mut Observed| {
        let (lost, key) = lost();
        *world = lost;
        world.forgetting.gone.insert(key, Proof::Proven);
        let account = stranger(world, "ada.example");
        let crm = world.targets.get_mut("crm").unwrap();
        crm.schema.objects[0].capabilities.id_stability = crate::schema::IdStability::Renameable;
        crm.accounts[0].name = "another".to_owned();
        assert_eq!(account, crm.accounts[0].reference);
    };
    insta::assert_snapshot!(kept_by(standing), @"they are to be erased, and are not: the account `u-ada.example` at crm stands where theirs was before it was gone, and is not ours");
}

#[test]
fn an_account_that_is_not_theirs_keeps_nobody() {
    let mut policy = kept_for(3);
    policy.targets.get_mut("crm").unwrap().access.service.push(Pattern::new("svc-*"));
    let assembled = left(&policy, &["1", "2"], "2020-06-01");
    let goes = |change: &dyn Fn(&mut Observed, &ObjectRef)| {
        let mut world = observed(&[]);
        let account = stranger(&mut world, "ada.example");
        change(&mut world, &account);
        let (_, plan) = look(&policy, &assembled, &world, noon());
        erased(&plan).contains(&id("1"))
    };
    let crm = |world: &mut Observed| world.targets.get_mut("crm").unwrap().accounts.remove(0);
    assert!(!goes(&|_, _| {}));
    assert!(goes(&|world, account| _ = world.declined.insert(of_ada(account))));
    assert!(goes(&|world, _| {
        let mut account = crm(world);
        account.state = AccountState::Disabled;
        world.targets.get_mut("crm").unwrap().accounts.push(account);
    }));
    assert!(goes(&|world, _| {
        let mut account = crm(world);
        account.anchor = Some(id("2").to_string());
        world.targets.get_mut("crm").unwrap().accounts.push(account);
    }));
    assert!(goes(&|world, _| {
        let mut account = crm(world);
        account.name = "svc-backup".to_owned();
        world.targets.get_mut("crm").unwrap().accounts.push(account);
        let last_seen = at("2019-01-01T00:00:00Z");
        let held = HeldName { name: "svc-backup".to_owned(), identity: id("1"), last_seen };
        world.names.insert(named("crm"), vec![held]);
    }));
}

#[test]
fn by_order_the_same_is_in_the_way_once_it_is_asked_for() {
    let policy = policy();
    let assembled = left(&policy, &["1"], "2020-06-01");
    let mut world = observed(&[]);
    stranger(&mut world, "ada.example");
    let mut desired = desired(&policy, &assembled, &world, noon());
    let settings = PlanSettings::of(&policy);
    let why = |desired: &Desired| hindered(&settings, desired, &world, [id("1"), id("9")]);
    assert_eq!(why(&desired), BTreeMap::from([(id("1"), Vec::new())]));
    crate::desired::liken(&policy, &assembled, &mut desired, &world, (id("1"), noon()));
    insta::assert_snapshot!(why(&desired)[&id("1")].join("\n"), @"the account `u-ada.example` at crm may be theirs by the same name, and is enabled: adopt or decline it");
    assert_eq!(world.kept, Kept::default());
}

#[test]
fn whoever_is_to_be_erased_is_kept_by_the_same_accounts_when_planned_alone() {
    let policy = kept_for(3);
    let assembled = left(&policy, &["1", "2"], "2020-06-01");
    let held = |world: &mut Observed| {
        stranger(world, "lovelace");
        let last_seen = at("2019-01-01T00:00:00Z");
        let held = HeldName { name: "lovelace".to_owned(), identity: id("1"), last_seen };
        world.names.insert(named("crm"), vec![held]);
    };
    let given_back = |world: &mut Observed| {
        let account = stranger(world, "someone");
        world.kept.given_back.insert(of_ada(&account));
    };
    let looks_like = |world: &mut Observed| drop(stranger(world, "ada.example"));
    let changes: [&dyn Fn(&mut Observed); 3] = [&held, &given_back, &looks_like];
    for change in changes {
        let mut world = observed(&[]);
        change(&mut world);
        let settings = PlanSettings::of(&policy);
        let whole = crate::whole::Whole::new(&settings, assembled.clone(), world);
        let of_ada = |people: BTreeSet<IdentityId>| {
            let plan = whole.look(&policy, &people, noon()).plan;
            let notes: Vec<_> =
                plan.notes.into_iter().filter(|it| it.identity == Some(id("1"))).collect();
            assert_eq!(notes.len(), 1);
            notes
        };
        assert_eq!(of_ada(BTreeSet::from([id("1")])), of_ada(whole.everybody()));
    }
}
