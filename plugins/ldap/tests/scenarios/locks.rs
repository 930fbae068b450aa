//! Keeping people out, and being sure of it.

use lanyard_sdk::{prelude::*, testing};
use ldap::Config;

use super::{connector, made, new};
use crate::world::{self, BASE, POLICY, Setting, World};

pub(crate) fn a_disabled_account_is_born_locked(world: &World) {
    let _host = world.host();
    let request = CreateRequest { initial_state: AccountState::Disabled, ..new("ada") };
    let outcome = connector().create(&testing::context(1), &request).unwrap();
    assert_eq!(outcome.status, Status::Applied, "{outcome:?}");
    let account = outcome.account.unwrap();
    assert_eq!(account.state, AccountState::Disabled);
    // The revision of the add is still the last one: there was no second step.
    let dn = format!("uid=ada,{BASE}");
    assert_eq!(
        account.revision.map(|it| vec![it]).unwrap_or_default(),
        world.values(&dn, "entryCSN").unwrap()
    );
    assert_eq!(world.values(&dn, "pwdAccountLockedTime").unwrap(), ["000001010000Z"]);
}

pub(crate) fn a_lock_that_blocks_is_applied_and_lifted(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let dn = format!("uid=ada,{BASE}");
    world.replace(&dn, "userPassword", &["first"]);
    assert!(world.can_bind(&dn, "first"));
    let (config, context) = (connector(), testing::context(1));

    let disabled = config.disable(&context, &account.ref_).unwrap();
    assert_eq!(disabled.status, Status::Applied);
    assert_eq!(disabled.account.unwrap().state, AccountState::Disabled);
    assert!(!world.can_bind(&dn, "first"));
    assert_eq!(config.disable(&context, &account.ref_).unwrap().status, Status::Unchanged);

    let enabled = config.enable(&context, &account.ref_).unwrap();
    assert_eq!(enabled.status, Status::Applied);
    assert_eq!(enabled.account.unwrap().state, AccountState::Active);
    assert!(world.can_bind(&dn, "first"));
    assert_eq!(config.enable(&context, &account.ref_).unwrap().status, Status::Unchanged);
}

pub(crate) fn a_lock_that_does_not_block_is_never_called_applied(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let dn = format!("uid=ada,{BASE}");
    world.replace(&dn, "userPassword", &["first"]);
    // The second time the lock is there already; that proves nothing either.
    for _ in 0..2 {
        let error = connector().disable(&testing::context(1), &account.ref_).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Misconfigured(_)), "{error:?}");
        assert_eq!(
            error.message,
            "the server accepted the lock, but will still let the account sign in: the password policy `cn=default,dc=example,dc=org` does not say `pwdLockout: TRUE`, so the server lets locked accounts sign in; set `pwdLockout: TRUE` in `cn=default,dc=example,dc=org`"
        );
    }
    assert!(world.can_bind(&dn, "first"), "the trap this is about");
    let schema = connector().discover().unwrap();
    let effects = Capability::DisableEffects(DisableEffects::REVERSIBLE);
    assert!(schema.objects[0].capabilities.contains(&effects));
}

pub(crate) fn a_new_account_that_cannot_be_kept_out_is_only_partly_done(world: &World) {
    let _host = world.host();
    let request = CreateRequest { initial_state: AccountState::Disabled, ..new("ada") };
    let outcome = connector().create(&testing::context(1), &request).unwrap();
    assert_eq!(outcome.status, Status::Partial);
    assert_eq!(outcome.failed[0].part, "state");
    assert!(matches!(outcome.failed[0].error.kind, ErrorKind::Misconfigured(_)));
    let first = outcome.account.unwrap();

    world.replace(POLICY, "pwdLockout", &["TRUE"]);
    let again = connector().create(&testing::context(2), &request).unwrap();
    assert_eq!(again.status, Status::Unchanged, "{again:?}");
    assert_eq!(again.account.unwrap().ref_, first.ref_);
}

pub(crate) fn check_finds_what_is_wrong(world: &World) {
    let _host = world.host();
    let bad = |config: &Config| -> Vec<String> {
        let report = config.check(CheckDepth::Authorize).unwrap();
        let bad = report.findings.into_iter().filter(|finding| !finding.ok);
        bad.map(|finding| finding.subject).collect()
    };
    assert_eq!(bad(&connector()), ["disable"]);
    world.replace(POLICY, "pwdLockout", &["TRUE"]);
    assert!(bad(&connector()).is_empty());
    let elsewhere: Config =
        serde_json::from_value(serde_json::json!({ "base": "ou=nowhere,dc=example,dc=org" }))
            .unwrap();
    assert_eq!(bad(&elsewhere), ["people", "disable"]);
}

pub(crate) fn an_account_nobody_made_here_is_not_locked_by_a_create(world: &World) {
    let _host = world.host();
    world.person("ada");
    let request = CreateRequest { initial_state: AccountState::Disabled, ..new("ada") };
    let error = connector().create(&testing::context(1), &request).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::AlreadyExists(Some(_))), "{error:?}");
    let dn = format!("uid=ada,{BASE}");
    assert!(world.values(&dn, "pwdAccountLockedTime").unwrap().is_empty());
}

pub(crate) fn an_attribute_can_be_the_lock(world: &World) {
    let _host = world.host();
    let flag = serde_json::json!({
        "base": BASE,
        "disable": { "attribute": { "name": "businessCategory", "disabled": "gone", "enabled": "here" } },
    });
    let config: Config = serde_json::from_value(flag).unwrap();
    let context = testing::context(1);
    let flag = || world.values(&format!("uid=ada,{BASE}"), "businessCategory").unwrap();
    let account = config.create(&context, &new("ada")).unwrap().account.unwrap();
    assert_eq!((account.state, flag()), (AccountState::Active, vec!["here".to_owned()]));
    let account = config.disable(&context, &account.ref_).unwrap().account.unwrap();
    assert_eq!((account.state, flag()), (AccountState::Disabled, vec!["gone".to_owned()]));
    assert_eq!(config.enable(&context, &account.ref_).unwrap().status, Status::Applied);
    assert_eq!(flag(), ["here"]);
}

#[test]
fn a_server_that_locks_only_later_is_given_the_lock_later() {
    let setting = Setting { lockout: true, late_lock: true, ..Setting::default() };
    let world = world::memory::world(setting);
    let _host = world.host();
    let request = CreateRequest { initial_state: AccountState::Disabled, ..new("ada") };
    let outcome = connector().create(&testing::context(1), &request).unwrap();
    assert_eq!(outcome.status, Status::Applied, "{outcome:?}");
    let locked = world.values(&format!("uid=ada,{BASE}"), "pwdAccountLockedTime").unwrap();
    assert_eq!(locked, ["000001010000Z"]);
}

#[test]
fn a_lock_cut_off_after_the_add_is_made_up_for() {
    let setting = Setting { lockout: true, late_lock: true, ..Setting::default() };
    let world = world::memory::world(setting);
    let _host = world.host();
    // What an earlier try left: the entry, open.
    world.person("ada");
    let request = CreateRequest { initial_state: AccountState::Disabled, ..new("ada") };
    let again = connector().create(&testing::context(2), &request).unwrap();
    assert_eq!(again.status, Status::Applied);
    assert_eq!(again.account.unwrap().state, AccountState::Disabled);
}
