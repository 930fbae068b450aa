use lanyard_sdk::testing::{Reply, context};

use super::*;

fn edge() -> Edge {
    Edge {
        holder: ObjectRef::new(USER, "7"),
        entitlement: ObjectRef::new(GROUP, "g1"),
        relation: String::new(),
        expires_at: None,
        extra: vec![],
    }
}

fn group(members: &[&str]) -> Json {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "id": "g1", "displayName": "staff", "members": members })
}

fn scripted(before: &Json, after: &Json) -> Host {
    Host::new()
        .reply("GET", "/Groups/g1", Reply::json(200, before))
        .reply("PATCH", "/Groups/g1", Reply::empty(204))
        .reply("GET", "/Groups/g1", Reply::json(200, after))
}

#[test]
fn one_member_is_added_and_removed_by_itself() {
    let (connector, host) = scim(scripted(&group(&["1"]), &group(&["1", "7"])));
    assert_eq!(connector.grant(&context(1), &edge()).unwrap().status, Status::Applied);
    assert_eq!(
        bodies(&host)[0]["Operations"],
        json!([{ "op": "add", "path": "members", "value": [{ "value": "7" }] }])
    );
    drop(host);
    let (connector, host) = scim(scripted(&group(&["1", "7"]), &group(&["1"])));
    assert_eq!(connector.revoke(&context(1), &edge()).unwrap().status, Status::Applied);
    assert_eq!(
        bodies(&host)[0]["Operations"],
        json!([{ "op": "remove", "path": "members[value eq \"7\"]" }])
    );
}

#[test]
fn what_is_already_so_is_unchanged() {
    let one = |reply| scim(Host::new().reply("GET", "/Groups/g1", reply));
    let (connector, host) = one(Reply::json(200, &group(&["7"])));
    assert_eq!(connector.grant(&context(1), &edge()).unwrap().status, Status::Unchanged);
    drop(host);
    let (connector, host) = one(Reply::json(200, &group(&["1"])));
    assert_eq!(connector.revoke(&context(1), &edge()).unwrap().status, Status::Unchanged);
    drop(host);
    let (connector, host) = one(Reply::empty(404));
    assert_eq!(connector.revoke(&context(1), &edge()).unwrap().status, Status::Unchanged);
    drop(host);
    let (connector, _host) = one(Reply::empty(404));
    assert!(connector.grant(&context(1), &edge()).unwrap_err().is_not_found());
}

#[test]
fn a_revoke_that_empties_the_group_is_not_called_applied() {
    let (connector, _host) = scim(scripted(&group(&["1", "2", "7"]), &group(&[])));
    let outcome = connector.revoke(&context(1), &edge()).unwrap();
    assert_eq!(outcome.status, Status::Partial);
    assert_eq!(outcome.failed[0].error.message, "2 other members are gone after this change");
}

#[test]
fn a_grant_that_the_service_forgets_is_partial() {
    let (connector, _host) = scim(scripted(&group(&["1"]), &group(&["1"])));
    let outcome = connector.grant(&context(1), &edge()).unwrap();
    assert_eq!(
        outcome.failed[0].error.message,
        "the service took the change and shows `7` as not a member"
    );
}

#[test]
fn hidden_members_are_asked_about_one_by_one() {
    let hidden = json!({ "id": "g1", "displayName": "staff" });
    let host = Host::new().reply("GET", "/Groups/g1", Reply::json(200, &hidden)).reply(
        "GET",
        "filter=id%20eq%20%22g1%22%20and%20members.value%20eq%20%227%22",
        Reply::json(200, &list(std::slice::from_ref(&hidden))),
    );
    let (connector, _host) = scim(host);
    assert_eq!(connector.grant(&context(1), &edge()).unwrap().status, Status::Unchanged);
}

#[test]
fn assignments_are_edges_of_users_only() {
    let mut shown = group(&["7", "8"]);
    shown["members"][1]["type"] = json!("Group");
    let by_user = list(&[json!({ "id": "g1", "displayName": "staff" })]);
    let host = Host::new()
        .reply("GET", "/Groups/g1", Reply::json(200, &shown))
        .reply("GET", "filter=members.value%20eq%20%227%22", Reply::json(200, &by_user))
        .reply("GET", "/Groups?count=50", Reply::json(200, &by_user))
        .reply("GET", "/Groups/g1", Reply::json(200, &shown));
    let (connector, host) = scim(host);
    for scope in [
        AssignmentScope::OfEntitlement(edge().entitlement),
        AssignmentScope::OfAccount(edge().holder),
        AssignmentScope::Everything,
    ] {
        let page = connector.list_assignments(&scope, None, 50).unwrap();
        assert_eq!(page.items.len(), 1, "{scope:?}");
        assert_eq!(page.items[0].holder.uid, "7");
        assert_eq!(page.items[0].entitlement.uid, "g1");
        assert_eq!(page.coverage.kind, CoverageKind::Exhaustive);
    }
    assert_eq!(host.unused(), 0);
}

#[test]
fn groups_are_listed_without_their_members() {
    let host = Host::new().reply(
        "GET",
        "excludedAttributes=members",
        Reply::json(200, &list(&[json!({ "id": "g1", "displayName": "staff" })])),
    );
    let (connector, _host) = scim(host);
    let page = connector.list_entitlements(GROUP, None, 50).unwrap();
    assert_eq!(page.items[0].name, "staff");
    assert!(connector.list_entitlements("role", None, 50).is_err());
}
