//! What the connector does, as scenarios for any directory.

pub(crate) mod accounts;
pub(crate) mod groups;
pub(crate) mod locks;
pub(crate) mod passwords;
pub(crate) mod reading;

use lanyard_sdk::{prelude::*, testing};
use ldap::Config;

use crate::world::{BASE, GROUPS, POLICY};

fn connector() -> Config {
    serde_json::from_value(serde_json::json!({
        "base": BASE, "groups-base": GROUPS, "policy-dn": POLICY,
    }))
    .unwrap()
}

fn new(name: &str) -> CreateRequest {
    CreateRequest {
        attributes: vec![
            Attribute::one("cn", "Ada Example"),
            Attribute::one("sn", "Example"),
            Attribute::one("mail", "ada@example.org"),
        ],
        ..testing::create("user", name, &format!("anchor-{name}"))
    }
}

fn made(name: &str) -> Account {
    let outcome = connector().create(&testing::context(1), &new(name)).unwrap();
    assert_eq!(outcome.status, Status::Applied, "{outcome:?}");
    outcome.account.unwrap()
}
