use insta::assert_snapshot;

use super::{account, reference, types};

fn object(type_: &str, uid: String) -> types::ObjectRef {
    types::ObjectRef { type_: type_.to_owned(), uid }
}

fn called(name: String) -> types::Account {
    types::Account {
        ref_: object("user", "u1".to_owned()),
        revision: None,
        name,
        anchor: None,
        state: types::AccountState::Active,
        state_until: None,
        last_used: None,
        attributes: Vec::new(),
        extra: Vec::new(),
    }
}

#[test]
fn what_no_store_keeps_as_a_key_is_a_bad_answer() {
    assert!(reference(object("user", "u".repeat(1000))).is_ok());
    let refused = |type_: &str, uid: String| reference(object(type_, uid)).unwrap_err();
    assert_snapshot!(refused("user", String::new()), @"an object of type `user` has an empty uid");
    assert_snapshot!(refused("user", "u".repeat(1001)), @"the uid of an object of type `user` is longer than 1000 bytes");
    assert_snapshot!(refused("user", "u\0".to_owned()), @"the uid of an object of type `user` has a NUL character in it");
    assert_snapshot!(refused(&"t".repeat(201), "u".to_owned()), @"the type of an object is longer than 200 bytes");
    assert!(account(called("n".repeat(1000))).is_ok());
    let refused = |name: String| account(called(name)).unwrap_err();
    assert_snapshot!(refused("a\0b".to_owned()), @"user u1: its name has a NUL character in it");
    assert_snapshot!(refused("n".repeat(1001)), @"user u1: its name is longer than 1000 bytes");
}
