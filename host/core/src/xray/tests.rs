mod next;
mod told;
mod whole;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    account::{Account, Assignment, CoverageKind, Entitlement, Skipped},
    example::{hired, id, named, noon, observed, policy, record, round, worker},
    lifecycle::LifecycleState,
    observed::{Declined, Link, Origin},
    pattern::Pattern,
    plan::adopted_link,
    recognition::Recognition,
    value::{Attribute, ObjectRef, Value},
};

const ADA: (&str, &str) = ("Ada", "Example");
const BEN: (&str, &str) = ("Ben", "Example");

/// A target without anything.
fn empty() -> Observed {
    let mut observed = observed(&[]);
    observed.targets.retain(|name, _| name.as_str() == "directory");
    observed
}

fn account<'a>(
    observed: &'a mut Observed,
    name: &str,
    attributes: &[(&str, &str)],
) -> &'a mut Account {
    let there = observed.targets.get_mut("directory").unwrap();
    let mut account = record(&format!("u-{name}"), attributes);
    account.reference.object_type = "user".to_owned();
    account.name = name.to_owned();
    account.state = AccountState::Active;
    there.accounts.push(account);
    there.accounts.last_mut().unwrap()
}

fn user(name: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: format!("u-{name}") }
}

fn grant(observed: &mut Observed, holder: &str, group: &str, privileged: bool) {
    let there = observed.targets.get_mut("directory").unwrap();
    let reference = ObjectRef { object_type: "group".to_owned(), uid: group.to_owned() };
    there.entitlements.push(Entitlement {
        reference: reference.clone(),
        name: group.to_owned(),
        description: String::new(),
        grantable: true,
        privileged,
    });
    there.assignments.push(Assignment {
        holder: user(holder),
        entitlement: reference,
        relation: String::new(),
        direct: true,
    });
}

fn ninety() -> SignedDuration {
    SignedDuration::from_hours(90 * 24)
}

fn look(policy: &Policy, assembled: &Assembled, observed: Observed) -> Xray {
    xray(policy, (&[], assembled), observed, ninety(), noon())
}

/// "ben.example ask Ben Example (attribute mail)"
fn lines(xray: &Xray) -> Vec<String> {
    let accounts = xray.targets.iter().flat_map(|it| &it.accounts);
    let line = |it: &AccountXray| {
        let owners = it.owners.iter().map(|owner| {
            let matched = owner.matched.as_deref().unwrap_or("linked");
            let doubt = owner.doubt.as_ref().map(|doubt| format!("; {doubt}")).unwrap_or_default();
            format!("; {} by {matched}{doubt}", owner.person.label)
        });
        let owners: String = owners.collect();
        let flags: Vec<String> = it.flags.iter().map(|it| format!(" !{}", it.word())).collect();
        let flags = flags.concat();
        format!("{} {}{flags}{owners}", it.name, it.class.word())
    };
    accounts.map(line).collect()
}

/// Without rules: by default nobody gets anything.
fn silent() -> Policy {
    let mut policy = policy();
    policy.rules.clear();
    let left = ("former employee".to_owned(), LifecycleState::Departed);
    policy.lifecycle.status.extend([left]);
    policy
}

fn by_number(policy: &mut Policy) {
    let target = policy.targets.get_mut("directory").unwrap();
    target.match_by = Recognition {
        sure: vec![vec!["phone".to_owned()]],
        ask: vec![vec!["mail".to_owned()], vec!["sn".to_owned(), "givenName".to_owned()]],
    };
}

#[test]
fn each_class_comes_by_what_the_file_says() {
    let mut policy = silent();
    by_number(&mut policy);
    policy.targets.get_mut("directory").unwrap().access.service = vec![Pattern::new("svc-*")];
    let people = vec![
        worker("1", ADA, &[("phone", "+1"), ("mail", "ada@x.example")]),
        worker("2", BEN, &[("phone", "+2"), ("mail", "ben@x.example")]),
        worker("3", ("Cy", "Example"), &[("mail", "cy@x.example")]),
        worker("4", ("Di", "Example"), &[]),
    ];
    let mut observed = empty();
    account(&mut observed, "a1", &[]);
    observed.links.push(adopted_link(id("1"), &named("directory"), &user("a1")));
    account(&mut observed, "b1", &[("phone", "+2")]);
    account(&mut observed, "c1", &[("mail", "CY@x.example")]);
    account(&mut observed, "svc-backup", &[("mail", "cy@x.example")]);
    account(&mut observed, "z1", &[("mail", "zoe@x.example")]);
    let found = look(&policy, &hired(&policy, people), observed);
    assert_eq!(
        lines(&found),
        [
            "a1 mine; Ada Example by linked",
            "b1 sure; Ben Example by attribute phone",
            "c1 ask; Cy Example by attribute mail",
            "svc-backup service",
            "z1 orphan",
        ]
    );
    let without: Vec<&str> = found.without_account.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(without, ["Di Example"]);
    assert_eq!(found.targets[0].recognised, Recognised::Match);
}

#[test]
fn what_is_sure_of_two_or_doubtful_is_asked_with_the_reason() {
    let mut policy = silent();
    by_number(&mut policy);
    let people = vec![
        worker("1", ADA, &[("phone", "+1")]),
        worker("2", BEN, &[("phone", "+1")]),
        worker("3", ("Cy", "Example"), &[("phone", "+3")]),
    ];
    let mut observed = empty();
    account(&mut observed, "x", &[("phone", "+1")]);
    account(&mut observed, "y", &[("phone", "+3")]).state = AccountState::SoftDeleted;
    let found = look(&policy, &hired(&policy, people), observed);
    assert_eq!(
        lines(&found),
        [
            "x ask; Ada Example by attribute phone; it is as surely somebody else's; Ben Example \
             by attribute phone; it is as surely somebody else's",
            "y ask; Cy Example by attribute phone; it is deleted, and only kept by the target",
        ]
    );
}

#[test]
fn without_a_word_of_the_file_likeness_only_asks() {
    let policy = silent();
    let people = vec![
        worker("1", ADA, &[("mail", "ada@x.example")]),
        worker("2", BEN, &[]),
        worker("3", ("Cy", "Example"), &[]),
        worker("4", ("Di", "Example"), &[("login", "dix")]),
    ];
    let mut observed = empty();
    account(&mut observed, "a", &[("mail", "Ada@X.example")]);
    account(&mut observed, "b", &[("givenName", "ben"), ("sn", "EXAMPLE")]);
    account(&mut observed, "c", &[]).anchor = Some("3".to_owned());
    account(&mut observed, "DIX", &[]).anchor = Some(id("4").to_string());
    account(&mut observed, "d2", &[("mail", "ada@x.example")]).anchor = Some(id("4").to_string());
    account(&mut observed, "ada.example", &[]);
    account(&mut observed, "", &[("mail", ""), ("givenName", "Ben")]);
    let found = look(&policy, &hired(&policy, people), observed);
    assert_eq!(
        lines(&found),
        [
            " orphan",
            "DIX ask !second-account; Di Example by anchor",
            "a ask !second-account; Ada Example by attribute mail",
            "ada.example ask !second-account; Ada Example by name",
            "b ask; Ben Example by attributes givenName and sn",
            "c ask; Cy Example by anchor",
            "d2 ask !second-account; Di Example by anchor",
        ]
    );
    assert_eq!(found.targets[0].recognised, Recognised::Likeness);
    assert_eq!(found.without_account, []);
}

#[test]
fn an_account_that_was_declined_is_asked_about_no_more() {
    let policy = silent();
    let assembled = hired(&policy, vec![worker("1", ADA, &[])]);
    let mut observed = empty();
    account(&mut observed, "ada.example", &[]);
    let declined =
        Declined { identity: id("1"), target: named("directory"), account: user("ada.example") };
    observed.declined.insert(declined);
    assert_eq!(lines(&look(&policy, &assembled, observed)), ["ada.example orphan"]);
}

#[test]
fn who_left_or_is_missing_and_is_not_disabled_stands_out() {
    let policy = silent();
    let left = worker("1", ADA, &[("status", "Former employee")]);
    let stays = worker("2", BEN, &[]);
    let known = hired(&policy, vec![worker("3", ("Cy", "Example"), &[])]).identities;
    let assembled = round(&policy, vec![left, stays], &known);
    let mut observed = empty();
    account(&mut observed, "ada.example", &[]);
    account(&mut observed, "ben.example", &[]);
    account(&mut observed, "cy.example", &[]);
    account(&mut observed, "1", &[]).state = AccountState::Disabled;
    let found = look(&policy, &assembled, observed);
    assert_eq!(
        lines(&found),
        [
            "1 ask !second-account; Ada Example by name",
            "ada.example ask !left-but-active !second-account; Ada Example by name",
            "ben.example ask; Ben Example by name",
            "cy.example ask !left-but-active; Cy Example by name",
        ]
    );
    assert_eq!(found.left_but_active(), 2);
}

#[test]
fn an_account_of_somebody_nobody_knows_any_more_was_left() {
    let policy = silent();
    let mut observed = empty();
    account(&mut observed, "x", &[]);
    observed.links.push(Link {
        origin: Origin::Created,
        ..adopted_link(id("9"), &named("directory"), &user("x"))
    });
    let found = look(&policy, &hired(&policy, vec![worker("1", ADA, &[])]), observed);
    assert_eq!(found.targets[0].accounts[0].class, Class::Mine);
    assert_eq!(found.left_but_active(), 1);
}

#[test]
fn what_stands_out_of_grants_and_use() {
    let mut policy = silent();
    let target = policy.targets.get_mut("directory").unwrap();
    target.access.privileged.insert("Domain Admins".to_owned());
    target.access.service = vec![Pattern::new("svc-*")];
    let assembled = hired(&policy, vec![worker("1", ADA, &[])]);
    let mut observed = empty();
    let ago = |days: i64| noon().checked_sub(SignedDuration::from_hours(days * 24)).unwrap();
    account(&mut observed, "ada.example", &[]).last_used = Some(ago(90));
    observed.links.push(adopted_link(id("1"), &named("directory"), &user("ada.example")));
    account(&mut observed, "old", &[]).last_used = Some(ago(91));
    account(&mut observed, "recent", &[]).last_used = Some(ago(89));
    let off = account(&mut observed, "off", &[]);
    (off.state, off.last_used) = (AccountState::Disabled, Some(ago(400)));
    account(&mut observed, "svc-root", &[]);
    account(&mut observed, "ada.admin", &[("mail", "x@x.example")]);
    grant(&mut observed, "ada.example", "Domain Admins", false);
    grant(&mut observed, "svc-root", "root", true);
    grant(&mut observed, "old", "staff", false);
    grant(&mut observed, "off", "staff-2", false);
    let there = observed.targets.get_mut("directory").unwrap();
    let mut admin = there.assignments[0].clone();
    admin.holder = user("ada.admin");
    there.assignments.push(admin);
    let found = look(&policy, &assembled, observed);
    assert_eq!(
        lines(&found),
        [
            "ada.admin orphan !ownerless-admin",
            "ada.example mine !dormant; Ada Example by linked",
            "off orphan !disabled-with-grants",
            "old orphan !dormant",
            "recent orphan",
            "svc-root service !ownerless-admin",
        ]
    );
    assert_eq!(found.targets[0].accounts[0].privileged, ["Domain Admins"]);
}

#[test]
fn a_reading_that_is_not_whole_is_told_and_makes_nothing_sure() {
    let mut policy = silent();
    by_number(&mut policy);
    let assembled = hired(&policy, vec![worker("1", ADA, &[("phone", "+1")])]);
    let mut observed = empty();
    account(&mut observed, "a", &[("phone", "+1")]);
    let there = observed.targets.get_mut("directory").unwrap();
    there.accounts_coverage.kind = CoverageKind::Truncated;
    let (what, why) = ("accounts".to_owned(), "result 4".to_owned());
    there.accounts_coverage.skipped.push(Skipped { what, why, count: Some(3) });
    let found = look(&policy, &assembled, observed);
    assert!(!found.targets[0].whole);
    assert_eq!(found.targets[0].left_out, ["3 accounts: result 4"]);
    assert_eq!(
        lines(&found),
        ["a ask; Ada Example by attribute phone; the accounts were not read wholly"]
    );
}

#[test]
fn a_template_that_fails_for_somebody_makes_their_account_no_orphan() {
    let mut policy = silent();
    by_number(&mut policy);
    let sources: &[(&str, &[&str])] =
        &[("phone", &["{{ phone }}"]), ("mail", &["{{ mail }}"]), ("title", &["{{ nothing }}"])];
    crate::example::attributes(&mut policy, sources);
    let people = vec![worker("1", ADA, &[("mail", "ada@x.example")])];
    let mut observed = empty();
    account(&mut observed, "a", &[("mail", "ada@x.example")]);
    let found = look(&policy, &hired(&policy, people), observed);
    assert_eq!(lines(&found), ["a ask; Ada Example by attribute mail"]);
}

prop_compose! {
    /// An account, or somebody, of few names and marks.
    fn marked()(
        name in 0..4_u8,
        mail in prop::option::of(0..3_u8),
        phone in prop::option::of(0..3_u8),
        state in prop::sample::select(vec![
            AccountState::Active, AccountState::Disabled, AccountState::Unknown,
        ]),
        linked in prop::option::weighted(0.2, 0..4_u8),
    ) -> (u8, Option<u8>, Option<u8>, AccountState, Option<u8>) {
        (name, mail, phone, state, linked)
    }
}

type Marked = (u8, Option<u8>, Option<u8>, AccountState, Option<u8>);

fn attributes_of(marked: Marked) -> Vec<(&'static str, String)> {
    let (_, mail, phone, ..) = marked;
    let mail = mail.map(|it| ("mail", format!("m{it}@x.example")));
    mail.into_iter().chain(phone.map(|it| ("phone", format!("+{it}")))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_account_is_in_exactly_one_class_whatever_order_they_come_in(
        people in prop::collection::vec(marked(), 0..5),
        accounts in prop::collection::vec(marked(), 0..8),
        declared: bool,
    ) {
        let mut policy = silent();
        if declared {
            by_number(&mut policy);
        }
        policy.targets.get_mut("directory").unwrap().access.service = vec![Pattern::new("n3-*")];
        let build = |backwards: bool| {
            let mut records: Vec<Account> = people.iter().enumerate().map(|(number, it)| {
                let more = attributes_of(*it);
                let more: Vec<(&str, &str)> = more.iter().map(|(k, v)| (*k, v.as_str())).collect();
                worker(&number.to_string(), (&format!("N{}", it.0), "Example"), &more)
            }).collect();
            let mut observed = empty();
            for (number, it) in accounts.iter().enumerate() {
                let name = format!("n{}-{number}", it.0);
                let account = account(&mut observed, &name, &[]);
                account.state = it.3;
                account.attributes = attributes_of(*it).into_iter()
                    .map(|(name, value)| Attribute::new(name, vec![Value::Text(value)]))
                    .collect();
                if let Some(owner) = it.4 {
                    let owner = id(&owner.to_string());
                    observed.links.push(adopted_link(owner, &named("directory"), &user(&name)));
                }
            }
            if backwards {
                records.reverse();
                observed.targets.get_mut("directory").unwrap().accounts.reverse();
            }
            look(&policy, &hired(&policy, records), observed)
        };
        let found = build(false);
        prop_assert_eq!(&found, &build(true));
        let target = &found.targets[0];
        let seen: BTreeSet<&str> = target.accounts.iter().map(|it| it.uid.as_str()).collect();
        prop_assert_eq!(seen.len(), accounts.len());
        prop_assert_eq!(target.accounts.len(), accounts.len());
        let sum: usize = Class::ALL.into_iter().map(|class| target.of(class).count()).sum();
        prop_assert_eq!(sum, accounts.len());
        for (number, marked) in accounts.iter().enumerate() {
            let uid = user(&format!("n{}-{number}", marked.0)).uid;
            let account = target.accounts.iter().find(|it| it.uid == uid).unwrap();
            prop_assert_eq!(account.class == Class::Mine, marked.4.is_some());
            prop_assert!(declared || account.class != Class::Sure);
            let owned = !matches!(account.class, Class::Orphan | Class::Service);
            prop_assert_eq!(owned, !account.owners.is_empty());
        }
        // Nobody is surely the owner of two.
        let mut sure = BTreeSet::new();
        for account in target.of(Class::Sure) {
            prop_assert!(sure.insert(account.owners[0].person.identity));
        }
    }
}
