use lanyard_sdk::{
    http::Failure,
    testing::{Reply, context, create},
};

use super::*;

fn ada() -> ObjectRef {
    ObjectRef::new(USER, "7/ä")
}

#[test]
fn a_new_user_is_marked_in_the_journal() {
    let mut request = create(USER, "ada", "e1");
    request.initial_state = AccountState::Disabled;
    request.attributes = vec![
        Attribute::one("name.givenName", "Ada"),
        Attribute::many("emails", ["a@example.org".into(), "b@example.org".into()]),
        Attribute::one("department", "Sales"),
        Attribute::many("title", []),
    ];
    let reply = Reply::json(201, &user("7", "ada", "e1", false));
    let (scim, host) = scim(Host::new().reply("POST", "/scim/v2/Users", reply));
    let outcome = scim.create(&context(1), &request).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(host.journal()["uid"], "7");
    assert_eq!(
        bodies(&host)[0],
        json!({
            "schemas": [crate::user::CORE, crate::user::ENTERPRISE],
            "userName": "ada", "externalId": "e1", "active": false,
            "name": { "givenName": "Ada" },
            "emails": [
                { "value": "a@example.org", "type": "work", "primary": true },
                { "value": "b@example.org", "type": "work" },
            ],
            crate::user::ENTERPRISE: { "department": "Sales" },
        })
    );
}

#[test]
fn a_retried_create_finds_what_the_first_try_made() {
    let request = create(USER, "ada", "e1");
    let by_journal = Host::new().marked("uid", "7").reply(
        "GET",
        "/Users/7",
        Reply::json(200, &user("7", "ada", "e1", true)),
    );
    let by_anchor = Host::new().reply(
        "GET",
        "externalId%20eq%20%22e1%22",
        Reply::json(200, &list(&[user("7", "ada", "e1", true)])),
    );
    for host in [by_journal, by_anchor] {
        let (scim, host) = scim(host);
        let outcome = scim.create(&context(2), &request).unwrap();
        assert_eq!(outcome.status, Status::Unchanged);
        assert!(host.requests().iter().all(|r| r.method() == "GET"));
    }
}

#[test]
fn a_taken_name_is_ours_only_with_our_anchor() {
    let taken = || Reply::json(409, &json!({ "status": "409", "scimType": "uniqueness" }));
    let ours = Host::new().reply("POST", "/Users", taken()).reply(
        "GET",
        "externalId",
        Reply::json(200, &list(&[user("7", "ada", "e1", true)])),
    );
    let (connector, installed) = scim(ours);
    let outcome = connector.create(&context(1), &create(USER, "ada", "e1")).unwrap();
    assert_eq!(outcome.status, Status::Unchanged);
    drop(installed);

    let theirs = Host::new()
        .reply("POST", "/Users", taken())
        .reply("GET", "externalId", Reply::json(200, &list(&[])))
        .reply("GET", "userName", Reply::json(200, &list(&[user("9", "ada", "other", true)])));
    let (connector, _host) = scim(theirs);
    let error = connector.create(&context(1), &create(USER, "ada", "e1")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists(Some(ObjectRef::new(USER, "9"))));
    assert_eq!(error.native_code.as_deref(), Some("409"));
}

#[test]
fn a_create_with_a_broken_answer_is_unknown() {
    for reply in [
        Reply::raw(200, "<html>"),
        Reply::raw(201, r#"{"id": "7", "#),
        Reply::empty(502),
        Reply::empty(503),
        Reply::failure(Failure::Unknown("ConnectionTerminated".to_owned())),
    ] {
        let (scim, _host) = scim(Host::new().reply("POST", "/Users", reply));
        let error = scim.create(&context(1), &create(USER, "ada", "e1")).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)), "{error:?}");
    }
    // Taken without being shown, and then it cannot be looked for.
    for reply in [Reply::empty(503), Reply::json(200, &json!({})), Reply::empty(200)] {
        let host = Host::new().reply("POST", "/Users", Reply::empty(200));
        let (scim, _host) = scim(host.reply("GET", "externalId", reply));
        let error = scim.create(&context(1), &create(USER, "ada", "e1")).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)), "{error:?}");
    }
    for reply in [
        Reply::failure(Failure::NotSent("ConnectionRefused".to_owned())),
        Reply::empty(503).header("Retry-After", "5"),
    ] {
        let (scim, _host) = scim(Host::new().reply("POST", "/Users", reply));
        let error = scim.create(&context(1), &create(USER, "ada", "e1")).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Unavailable(_)), "{error:?}");
    }
}

#[test]
fn a_user_made_active_against_the_wish_is_switched_off() {
    let mut request = create(USER, "ada", "e1");
    request.initial_state = AccountState::Disabled;
    let host = Host::new()
        .reply("POST", "/Users", Reply::json(201, &user("7", "ada", "e1", true)))
        .reply("GET", "/Users/7", Reply::json(200, &user("7", "ada", "e1", true)))
        .reply("PATCH", "/Users/7", Reply::empty(204))
        .reply("GET", "/Users/7", Reply::json(200, &user("7", "ada", "e1", false)));
    let (scim, host) = scim(host);
    let outcome = scim.create(&context(1), &request).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(outcome.account.unwrap().state, AccountState::Disabled);
    assert_eq!(host.unused(), 0);
}

#[test]
fn an_update_is_one_patch_with_the_revision() {
    let request = UpdateRequest {
        name: Some("ada.example".to_owned()),
        anchor: None,
        changes: vec![
            AttributeChange { name: "title".into(), change: Change::Replace(vec![]) },
            AttributeChange {
                name: "emails".into(),
                change: Change::Modify(ValueChange {
                    add: vec!["b@example.org".into()],
                    remove: vec!["a\"@example.org".into()],
                }),
            },
            AttributeChange {
                name: "department".into(),
                change: Change::Replace(vec!["HR".into()]),
            },
        ],
        extra: vec![],
    };
    let (scim, host) = scim(Host::new().reply("PATCH", "/Users/7%2F%C3%A4", Reply::empty(204)));
    let mut context = context(1);
    context.expect_revision = Some("W/\"3\"".to_owned());
    assert_eq!(scim.update(&context, &ada(), &request).unwrap().status, Status::Applied);
    assert_eq!(
        bodies(&host)[0]["Operations"],
        json!([
            { "op": "replace", "path": "userName", "value": "ada.example" },
            { "op": "remove", "path": "title" },
            { "op": "remove", "path": "emails[value eq \"a\\\"@example.org\"]" },
            { "op": "add", "path": "emails", "value": [{ "value": "b@example.org", "type": "work" }] },
            {
                "op": "replace",
                "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "value": "HR"
            },
        ])
    );
    let headers =
        host.requests()[0].headers().map(|(n, v)| format!("{n}: {v}")).collect::<Vec<_>>();
    assert!(headers.contains(&"if-match: W/\"3\"".to_owned()), "{headers:?}");
    assert!(headers.contains(&"authorization: <authorization default>".to_owned()));
}

#[test]
fn without_patch_the_whole_user_is_put_with_its_revision() {
    let mut present = user("7/ä", "ada", "e1", true);
    present["emails"] = json!([{ "value": "a@example.org", "type": "home" }]);
    let host = Host::new()
        .reply("PATCH", "/Users", Reply::empty(501))
        .reply("GET", "/Users", Reply::json(200, &present))
        .reply("PUT", "/Users", Reply::json(200, &present));
    let (scim, host) = scim(host);
    let values = vec!["b@example.org".into(), "a@example.org".into()];
    let request = UpdateRequest {
        name: None,
        anchor: None,
        changes: vec![AttributeChange { name: "emails".into(), change: Change::Replace(values) }],
        extra: vec![],
    };
    scim.update(&context(1), &ada(), &request).unwrap();
    let put = &host.requests()[2];
    assert!(put.headers().any(|header| header == ("if-match", "W/\"1\"")));
    assert_eq!(
        bodies(&host)[1]["emails"],
        json!([
            { "value": "b@example.org", "type": "work", "primary": true },
            { "value": "a@example.org", "type": "home" },
        ])
    );
}

#[test]
fn a_success_code_that_disables_nobody_is_partial() {
    let present = || Reply::json(200, &user("7/ä", "ada", "e1", true));
    let host = Host::new()
        .reply("GET", "/Users", present())
        .reply("PATCH", "/Users", Reply::empty(204))
        .reply("GET", "/Users", present());
    let (scim, _host) = scim(host);
    let outcome = scim.disable(&context(1), &ada()).unwrap();
    assert_eq!(outcome.status, Status::Partial);
    assert_eq!(outcome.failed[0].error.message, "the service took `active` = false and shows true");
}

#[test]
fn disabling_the_disabled_and_deleting_the_deleted_change_nothing() {
    let mut off = user("7/ä", "ada", "e1", true);
    off["active"] = json!("False");
    let host = Host::new()
        .reply("GET", "/Users", Reply::json(200, &off))
        .reply("DELETE", "/Users", Reply::empty(404))
        .reply("DELETE", "/Users", Reply::empty(204));
    let (scim, _host) = scim(host);
    assert_eq!(scim.disable(&context(1), &ada()).unwrap().status, Status::Unchanged);
    let delete = || scim.delete(&context(1), &ada(), DeleteMode::Recoverable).unwrap().status;
    assert_eq!(delete(), Status::Unchanged);
    assert_eq!(delete(), Status::Applied);
}

#[test]
fn a_changed_revision_and_a_bad_value_have_their_own_kinds() {
    let request =
        UpdateRequest { name: Some("x".into()), anchor: None, changes: vec![], extra: vec![] };
    let kind = |reply| {
        let (scim, _host) = scim(Host::new().reply("PATCH", "/Users", reply));
        scim.update(&context(1), &ada(), &request).unwrap_err().kind
    };
    assert_eq!(kind(Reply::empty(412)), ErrorKind::Conflict(None));
    let invalid = Reply::json(400, &json!({ "scimType": "invalidValue", "detail": "Ada Example" }));
    assert!(matches!(kind(invalid), ErrorKind::InvalidValue(_)));
    let unique = Reply::json(400, &json!({ "scimType": "uniqueness" }));
    assert_eq!(kind(unique), ErrorKind::AlreadyExists(None));
}

#[test]
fn validating_only_sends_nothing() {
    let (scim, host) = scim(Host::new());
    let mut context = context(1);
    context.mode = WriteMode::ValidateOnly;
    assert!(scim.create(&context, &create(USER, "ada", "e1")).is_err());
    assert!(scim.disable(&context, &ada()).is_err());
    assert!(host.requests().is_empty());
}

#[test]
fn a_password_is_one_patch_and_never_read_back() {
    let reply = Reply::json(200, &user("7/ä", "ada", "e1", true));
    let host = Host::new().reply("PATCH", "/scim/v2/Users/7%2F%C3%A4", reply);
    let (host, password) = host.new_password("Made-Up-7", false);
    let (scim, host) = scim(host);
    let outcome = scim.set_password(&context(1), &ada(), &password).unwrap();
    assert_eq!((outcome.status, outcome.account), (Status::Applied, None));
    assert_eq!(
        bodies(&host)[0]["Operations"],
        json!([{ "op": "replace", "path": "password", "value": "Made-Up-7" }])
    );
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_password_that_must_be_changed_or_put_is_none_of_scim() {
    let (host, password) = Host::new().new_password("Made-Up-7", true);
    let (must_change, host) = scim(host);
    let error = must_change.set_password(&context(1), &ada(), &password).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsupported(_)), "{error:?}");
    let (_, password) = Host::new().new_password("Made-Up-7", false);
    let put = Scim { patch: Some(false), ..must_change };
    let error = put.set_password(&context(1), &ada(), &password).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsupported(_)), "{error:?}");
    assert_eq!(host.requests().len(), 0);
}
