use std::time::Duration;

use lanyard_sdk::{
    http::Failure,
    testing::{Reply, page},
};

use super::*;

#[test]
fn pages_by_index_end_with_the_announced_total() {
    let host = Host::new()
        .reply(
            "GET",
            "/Users?count=2",
            Reply::json(
                200,
                &json!({ "totalResults": 3, "startIndex": 1, "Resources": [user("1", "a", "x", true), user("2", "b", "y", false)] }),
            ),
        )
        .reply(
            "GET",
            "count=2&startIndex=3",
            Reply::json(
                200,
                &json!({ "totalResults": 3, "startIndex": 3, "Resources": [user("3", "c", "z", true)] }),
            ),
        );
    let (scim, host) = scim(host);
    let first = scim.list(USER, &page(None, 2)).unwrap();
    assert_eq!(first.total_hint, Some(3));
    assert_eq!(first.accounts[0].anchor.as_deref(), Some("x"));
    assert_eq!(first.accounts[0].revision.as_deref(), Some("W/\"1\""));
    assert_eq!(first.accounts[1].state, AccountState::Disabled);
    let last = scim.list(USER, &page(first.next.as_deref(), 2)).unwrap();
    assert_eq!((last.accounts.len(), last.next), (1, None));
    assert_eq!(last.coverage.kind, CoverageKind::Exhaustive);
    assert_eq!(host.unused(), 0);
}

#[test]
fn pages_by_cursor_end_without_a_cursor() {
    let host = Host::new()
        .reply(
            "GET",
            "/Users?count=2",
            Reply::json(
                200,
                &json!({ "nextCursor": "a:b/ü", "Resources": [user("1", "a", "x", true)] }),
            ),
        )
        .reply(
            "GET",
            "count=2&cursor=a%3Ab%2F%C3%BC",
            Reply::json(200, &json!({ "Resources": [user("2", "b", "y", true)] })),
        );
    let (scim, _host) = scim(host);
    let first = scim.list(USER, &page(None, 2)).unwrap();
    let last = scim.list(USER, &page(first.next.as_deref(), 2)).unwrap();
    assert_eq!((last.accounts.len(), last.next), (1, None));
    assert_eq!(last.coverage.kind, CoverageKind::Exhaustive);
}

#[test]
fn a_list_that_breaks_off_proves_no_absence() {
    let kind = |answer: Json, cursor: Option<&str>| {
        let (scim, _host) = scim(Host::new().reply("GET", "/Users", Reply::json(200, &answer)));
        scim.list(USER, &page(cursor, 9)).unwrap().coverage.kind
    };
    let one = || user("1", "a", "x", true);
    let short = json!({ "totalResults": 5, "startIndex": 4, "Resources": [] });
    assert_eq!(kind(short, Some("i:4:3")), CoverageKind::Truncated);
    let more = json!({ "totalResults": 1, "Resources": [one(), one()] });
    assert_eq!(kind(more, None), CoverageKind::Unstable);
    let again = json!({ "totalResults": 9, "startIndex": 1, "Resources": [one()] });
    assert_eq!(kind(again, Some("i:4:3")), CoverageKind::Unstable);
    assert_eq!(kind(json!({ "Resources": [one()] }), None), CoverageKind::Truncated);
    let nameless = json!({ "totalResults": 1, "Resources": [{ "id": "1" }] });
    assert_eq!(kind(nameless, None), CoverageKind::Truncated);
}

#[test]
fn an_answer_that_is_no_list_is_not_an_empty_company() {
    for reply in [
        Reply::raw(200, "<!doctype html><title>Sign in</title>")
            .header("content-type", "text/html"),
        Reply::raw(200, r#"{"totalResults": 1, "Resources": [{"id""#),
        Reply::json(200, &json!({ "message": "hello" })),
        Reply::json(200, &json!([])),
        Reply::failure(Failure::Unknown("the answer broke off".to_owned())),
        Reply::failure(Failure::NotSent("ConnectionRefused".to_owned())),
        Reply::empty(500),
    ] {
        let (scim, _host) = scim(Host::new().reply("GET", "/Users", reply));
        let error = scim.list(USER, &page(None, 9)).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Unavailable(_)), "{error:?}");
    }
}

#[test]
fn what_the_service_refuses_is_told_apart() {
    let error = |reply| {
        let (scim, _host) = scim(Host::new().reply("GET", "/Users", reply));
        scim.list(USER, &page(None, 9)).unwrap_err()
    };
    assert_eq!(error(Reply::empty(401)).kind, ErrorKind::InvalidCredentials);
    assert_eq!(error(Reply::empty(403)).kind, ErrorKind::PermissionDenied(None));
    let limited = Error::rate_limited(Some(Duration::from_secs(7)), "");
    assert_eq!(error(Reply::empty(429).header("Retry-After", "7")).kind, limited.kind);
    let date = Reply::empty(429).header("Retry-After", "Thu, 01 Jan 2026 00:00:07 GMT");
    assert_eq!(error(date).kind, limited.kind);
    let moved = Reply::empty(302).header("Location", "https://login.example.org/a?b=c");
    assert_eq!(
        error(moved).message,
        "GET https://crm.example.org/scim/v2/Users answered 302, a redirect to \
         `https://login.example.org`: put the address it leads to into `url`"
    );
}

#[test]
fn filters_quote_what_a_person_may_be_called() {
    let name = r#"o"hara\ & sons"#;
    let host = Host::new().reply(
        "GET",
        "filter=userName%20eq%20%22o%5C%22hara%5C%5C%20%26%20sons%22",
        Reply::json(200, &list(&[user("1", &name.to_uppercase(), "x", true)])),
    );
    let (scim, _host) = scim(host);
    let found = scim.find(USER, &Lookup::Name(name.to_owned()), &Projection::Default).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn mail_and_extension_are_looked_up_by_their_own_paths() {
    let mut ada = user("1", "ada", "x", true);
    ada["emails"] = json!([{ "value": "ada@example.org", "type": "home" }]);
    ada[crate::user::ENTERPRISE] = json!({ "department": "Sales" });
    let host = Host::new()
        .reply("GET", "filter=emails.value%20eq%20%22ada", Reply::json(200, &list(&[ada.clone()])))
        .reply("GET", "2.0%3AUser%3Adepartment%20eq", Reply::json(200, &list(&[ada])));
    let (scim, _host) = scim(host);
    for (name, value) in [("emails", "ada@example.org"), ("department", "Sales")] {
        let by = AttributeLookup { name: name.to_owned(), value: value.into() };
        let found = scim.find(USER, &Lookup::Attribute(by), &Projection::Default).unwrap();
        assert_eq!(found[0].text(name).as_deref(), Some(value));
    }
}

#[test]
fn a_service_that_ignores_filters_is_not_believed() {
    let all = list(&[user("1", "a", "x", true), user("2", "b", "y", true)]);
    let (scim, _host) = scim(Host::new().reply("GET", "filter=", Reply::json(200, &all)));
    let error = scim.find(USER, &Lookup::Name("b".to_owned()), &Projection::Default).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsupported(_)), "{error:?}");
}

#[test]
fn a_service_that_does_not_describe_itself_gets_the_standard_schema() {
    let host = Host::new()
        .reply("GET", "/ServiceProviderConfig", Reply::empty(404))
        .reply("GET", "/Schemas", Reply::empty(403))
        .reply("GET", "/ResourceTypes", Reply::empty(404));
    let (scim, _host) = scim(host);
    let schema = scim.discover().unwrap();
    assert_eq!(schema.objects.len(), 2);
    assert!(schema.objects[0].attributes.iter().any(|a| a.name == "department"));
    assert!(!schema.objects[0].capabilities.contains(&Capability::Revisions));
}

#[test]
fn the_schema_leaves_out_what_the_service_does_not_have() {
    let core = json!({ "id": crate::user::CORE, "attributes": [
        { "name": "userName", "required": true, "caseExact": true },
        { "name": "name", "subAttributes": [{ "name": "givenName", "mutability": "readOnly" }] },
    ] });
    let features = json!({ "etag": { "supported": true }, "filter": { "supported": false } });
    let host = Host::new()
        .reply("GET", "/ServiceProviderConfig", Reply::json(200, &features))
        .reply("GET", "/Schemas", Reply::json(200, &list(&[core])))
        .reply("GET", "/ResourceTypes", Reply::empty(404));
    let (scim, _host) = scim(host);
    let schema = scim.discover().unwrap();
    let user = &schema.objects[0];
    let names: Vec<_> = user.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["userName", "externalId", "name.givenName"]);
    assert_eq!(user.attributes[0].matching, Matching::Exact);
    assert_eq!(user.attributes[2].mutability, Mutability::ReadOnly);
    assert!(user.capabilities.contains(&Capability::Revisions));
    assert!(!user.capabilities.iter().any(|can| matches!(can, Capability::FindBy(_))));
    assert_eq!(schema.objects.len(), 1, "there is no group schema");
}

#[test]
fn credentials_are_fine_only_when_a_list_of_users_comes() {
    let host = Host::new()
        .reply("GET", "/ServiceProviderConfig", Reply::json(200, &json!({})))
        .reply("GET", "/Users", Reply::json(200, &json!({})));
    let (scim, _host) = scim(host);
    assert!(scim.check(CheckDepth::Authenticate).is_err());
}

#[test]
fn the_last_use_is_read_where_the_file_says_it_is() {
    let usage = "urn:example:params:scim:schemas:Usage:2.0:User";
    let path = format!("{usage}:lastLogin");
    let settings = json!({ "url": "https://crm.example.org/scim/v2/", "last-used": path });
    let mut used = user("1", "a", "x", true);
    used[usage] = json!({ "lastLogin": "2026-03-01T12:00:00+01:00" });
    let mut never = user("2", "b", "y", true);
    never[usage] = json!({ "lastLogin": "never" });
    let reply = Reply::json(200, &list(&[used, never, user("3", "c", "z", true)]));
    let (scim, _host) = scim_with(Host::new().reply("GET", "/Users", reply), &settings);
    let read = scim.list(USER, &page(None, 10)).unwrap().accounts;
    let told: Vec<Option<String>> =
        read.iter().map(|it| it.last_used.map(|at| at.to_string())).collect();
    assert_eq!(told, [Some("2026-03-01T11:00:00Z".to_owned()), None, None]);
}
