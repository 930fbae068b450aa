//! New passwords, by the server's own operation.

use lanyard_sdk::{prelude::*, testing};

use super::{connector, made};
use crate::world::{BASE, POLICY, World};

fn dn() -> String {
    format!("uid=ada,{BASE}")
}

/// Sets a password in a call of its own.
fn set(world: &World, account: &Account, plain: &str, must_change: bool) -> Result<Outcome, Error> {
    let (_host, password) = world.host_with(plain, must_change);
    connector().set_password(&testing::context(1), &account.ref_, &password)
}

fn abilities(world: &World) -> Option<CredentialAbilities> {
    let _host = world.host();
    let schema = connector().discover().unwrap();
    schema.objects[0].capabilities.iter().find_map(|it| match it {
        Capability::Credentials(can) => Some(*can),
        _ => None,
    })
}

pub(crate) fn a_new_password_opens_and_the_one_before_does_not(world: &World) {
    assert_eq!(abilities(world), Some(CredentialAbilities::SET_PASSWORD));
    let account = {
        let _host = world.host();
        made("ada")
    };
    assert_eq!(set(world, &account, "first-word", false).unwrap().status, Status::Applied);
    assert!(world.can_bind(&dn(), "first-word"));
    assert_eq!(set(world, &account, "second-word", false).unwrap().status, Status::Applied);
    assert!(world.can_bind(&dn(), "second-word"));
    assert!(!world.can_bind(&dn(), "first-word"));
    let nobody = Account { ref_: ObjectRef::new("user", "0"), ..account };
    assert_eq!(set(world, &nobody, "word", false).unwrap_err().kind, ErrorKind::NotFound);
}

pub(crate) fn a_locked_account_gets_no_password_which_would_open_it(world: &World) {
    let account = {
        let _host = world.host();
        let account = made("ada");
        connector().disable(&testing::context(1), &account.ref_).unwrap();
        account
    };
    let error = set(world, &account, "first-word", false).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Conflict(_)), "{error:?}");
    assert!(!error.message.contains("first-word"));
    assert!(!world.can_bind(&dn(), "first-word"));
}

pub(crate) fn a_password_has_to_be_changed_where_the_policy_says_so(world: &World) {
    world.replace(POLICY, "pwdMustChange", &["TRUE"]);
    let both = CredentialAbilities::SET_PASSWORD | CredentialAbilities::MUST_CHANGE;
    assert_eq!(abilities(world), Some(both));
    let account = {
        let _host = world.host();
        made("ada")
    };
    assert_eq!(set(world, &account, "first-word", true).unwrap().status, Status::Applied);
    assert_eq!(world.values(&dn(), "pwdReset").unwrap(), ["TRUE"]);
}
