//! Making and changing accounts.

use lanyard_sdk::{prelude::*, testing};

use super::{connector, made, new, reading::everybody};
use crate::world::{self, BASE, Setting, World};

fn update(changes: Vec<(&str, Change)>) -> UpdateRequest {
    let changes = changes
        .into_iter()
        .map(|(name, change)| AttributeChange { name: name.to_owned(), change })
        .collect();
    UpdateRequest { name: None, anchor: None, changes, extra: vec![] }
}

pub(crate) fn a_new_account_is_read_back_and_a_second_try_finds_it(world: &World) {
    let host = world.host();
    let account = made("ada");
    assert_eq!(account.name, "ada");
    assert_eq!(account.anchor.as_deref(), Some("anchor-ada"));
    assert_eq!(account.state, AccountState::Active);
    assert_eq!(account.text("mail").as_deref(), Some("ada@example.org"));
    assert!(account.attribute("uid").is_none() && account.attribute("employeeNumber").is_none());
    assert_eq!(host.journal()["added"], format!("uid=ada,{BASE}"));

    for attempt in [1, 2] {
        let again = connector().create(&testing::context(attempt), &new("ada")).unwrap();
        assert_eq!(again.status, Status::Unchanged);
        assert_eq!(again.account.unwrap().ref_, account.ref_);
    }
    let config = connector();
    let by_anchor = Lookup::Anchor("anchor-ada".into());
    let by_name = Lookup::Name("ADA".into());
    let by_mail =
        Lookup::Attribute(AttributeLookup { name: "mail".into(), value: "ada@example.org".into() });
    for lookup in [by_anchor, by_name, by_mail] {
        let found = config.find("user", &lookup, &Projection::Default).unwrap();
        assert_eq!(found.len(), 1, "{lookup:?}");
        assert_eq!(found[0].ref_, account.ref_);
    }
    assert_eq!(config.get(&account.ref_, &Projection::All).unwrap(), account);
    let nobody = ObjectRef::new("user", "00000000-0000-0000-0000-000000000000");
    assert!(config.get(&nobody, &Projection::All).unwrap_err().is_not_found());
}

pub(crate) fn a_taken_name_is_refused_with_the_account_that_holds_it(world: &World) {
    let _host = world.host();
    world.person("ada");
    let other = Lookup::Name("ada".into());
    let holder = connector().find("user", &other, &Projection::Default).unwrap().remove(0);
    let mut request = new("ada");
    request.anchor = "another".into();
    let error = connector().create(&testing::context(1), &request).unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists(Some(holder.ref_)));
}

pub(crate) fn a_rename_keeps_the_key_and_changes_come_with_it(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let (config, context) = (connector(), testing::context(1));
    let request = UpdateRequest {
        name: Some("ada.example".into()),
        anchor: Some("another".into()),
        ..update(vec![("title", Change::Replace(vec!["Engineer".into()]))])
    };
    let outcome = config.update(&context, &account.ref_, &request).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    let renamed = outcome.account.unwrap();
    assert_eq!(renamed.ref_, account.ref_);
    assert_eq!(renamed.name, "ada.example");
    assert_eq!(renamed.anchor.as_deref(), Some("another"));
    assert_eq!(renamed.text("title").as_deref(), Some("Engineer"));
    assert_eq!(world.values(&format!("uid=ada,{BASE}"), "uid"), None);
    assert_eq!(config.update(&context, &account.ref_, &request).unwrap().status, Status::Unchanged);

    world.person("grace");
    let taken = UpdateRequest { name: Some("grace".into()), ..request };
    let error = config.update(&context, &account.ref_, &taken).unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists(None));
    assert_eq!(error.native_code.as_deref(), Some("68"));
}

pub(crate) fn only_what_differs_is_written(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let (config, context) = (connector(), testing::context(1));
    let change = |add: &[&str], remove: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| Value::text(*text)).collect();
        update(vec![(
            "mail",
            Change::Modify(ValueChange { add: texts(add), remove: texts(remove) }),
        )])
    };
    let both = change(&["ADA@example.org", "second@example.org"], &["gone@example.org"]);
    let status =
        |request: &UpdateRequest| config.update(&context, &account.ref_, request).unwrap().status;
    assert_eq!(status(&both), Status::Applied);
    assert_eq!(status(&both), Status::Unchanged);
    assert_eq!(status(&change(&[], &["ada@EXAMPLE.org"])), Status::Applied);
    let dn = format!("uid=ada,{BASE}");
    assert_eq!(world.values(&dn, "mail").unwrap(), ["second@example.org"]);
    assert_eq!(status(&update(vec![("mail", Change::Replace(vec![]))])), Status::Applied);
    assert!(world.values(&dn, "mail").unwrap().is_empty());
}

pub(crate) fn what_the_schema_forbids_names_the_attribute(world: &World) {
    let _host = world.host();
    let account = made("ada");
    let (config, context) = (connector(), testing::context(1));
    let blamed = |request: &UpdateRequest| {
        let error = config.update(&context, &account.ref_, request).unwrap_err();
        let ErrorKind::InvalidValue(problems) = error.kind else { panic!("{error:?}") };
        problems.into_iter().next().unwrap().attribute
    };
    assert_eq!(blamed(&update(vec![("sn", Change::Replace(vec![]))])), "sn");
    assert_eq!(blamed(&update(vec![("shoeSize", Change::Replace(vec!["42".into()]))])), "shoeSize");
    assert_eq!(blamed(&update(vec![("title", Change::Replace(vec!["".into()]))])), "title");
}

#[test]
fn a_change_whose_answer_is_lost_is_uncertain_and_found_again() {
    let world = world::memory::world(Setting { lockout: true, ..Setting::default() });
    let _host = world.host();
    world.add(world::memory::MUTE, &[]);
    let error = connector().create(&testing::context(1), &new("ada")).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)), "{error:?}");
    let again = connector().create(&testing::context(2), &new("ada")).unwrap();
    assert_eq!(again.status, Status::Unchanged);
    assert_eq!(everybody(10).0.len(), 1);
}
