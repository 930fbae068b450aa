use lanyard_sdk::{
    config,
    testing::{Host, Installed, Reply, context, step},
};

use super::*;

fn handover(host: Host) -> (Handover, Installed) {
    let host = host.config(&json!({ "url": "https://crm.example.org/scim/v2/" })).install();
    (config::load().unwrap(), host)
}

fn user(id: &str, manager: Option<&str>) -> Json {
    let mut user = json!({
        "id": id, "userName": format!("{id}.example"), "active": true,
        "emails": [{ "value": format!("{id}@example.org") }],
    });
    if let Some(manager) = manager {
        user[ENTERPRISE] = json!({ "manager": { "value": manager } });
    }
    user
}

fn list(users: &[Json]) -> Reply {
    Reply::json(200, &json!({ "totalResults": users.len(), "Resources": users }))
}

fn firm() -> Vec<Json> {
    vec![user("ada", None), user("ben", Some("ada")), user("cleo", None), user("dan", Some("cleo"))]
}

fn from_ada_to_cleo() -> StepRequest {
    step(&json!({ "from": "ADA.example", "to": "cleo@example.org" }))
}

#[test]
fn whoever_reports_to_the_one_who_goes_reports_to_the_other_and_nobody_else_does() {
    let host = Host::new().reply("GET", "/Users?startIndex=1", list(&firm())).reply(
        "PATCH",
        "/Users/ben",
        Reply::json(200, &user("ben", Some("cleo"))),
    );
    let (handover, host) = handover(host);
    let outcome = handover.run(&context(1), &from_ada_to_cleo()).unwrap();
    assert_eq!(outcome.status, Status::Applied);
    let sent = host.requests();
    assert_eq!(sent.len(), 2, "{}", host.transcript());
    let body: Json = serde_json::from_slice(sent[1].body_bytes()).unwrap();
    assert_eq!(body["Operations"][0]["value"]["value"], "cleo");
}

#[test]
fn a_plan_says_who_is_moved_and_writes_nothing() {
    let (handover, host) = handover(Host::new().reply("GET", "/Users", list(&firm())));
    let lines = handover.plan(&from_ada_to_cleo()).unwrap();
    assert_eq!(lines, ["ben.example will report to cleo.example"]);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn nothing_is_done_twice_and_nothing_for_whom_nobody_knows() {
    let mut moved = firm();
    moved[1] = user("ben", Some("cleo"));
    let (handover, _host) = handover(Host::new().reply("GET", "/Users", list(&moved)).reply(
        "GET",
        "/Users",
        list(&[]),
    ));
    for _ in 0..2 {
        let outcome = handover.run(&context(2), &from_ada_to_cleo()).unwrap();
        assert_eq!(outcome.status, Status::Unchanged);
    }
}

#[test]
fn what_was_not_moved_is_told_and_what_nobody_knows_is_unknown() {
    let reply =
        |reply| Host::new().reply("GET", "/Users", list(&firm())).reply("PATCH", "/ben", reply);
    {
        let (handover, _host) = handover(reply(Reply::empty(403)));
        let outcome = handover.run(&context(1), &from_ada_to_cleo()).unwrap();
        assert_eq!(outcome.status, Status::Partial);
        assert_eq!(outcome.failed[0].part, "ben");
    }
    let (handover, _host) = handover(reply(Reply::raw(500, "")));
    let error = handover.run(&context(1), &from_ada_to_cleo()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::OutcomeUnknown(_)), "{error:?}");
}

#[test]
fn nobody_is_handed_to_an_account_that_is_disabled_missing_or_not_the_only_one() {
    let mut disabled = firm();
    disabled[2]["active"] = json!(false);
    let mut twice = firm();
    twice[3]["emails"][0]["value"] = json!("cleo@example.org");
    for users in [disabled, twice, firm()[..2].to_vec()] {
        let (handover, _host) = handover(Host::new().reply("GET", "/Users", list(&users)));
        assert!(handover.run(&context(1), &from_ada_to_cleo()).is_err());
    }
}

#[test]
fn a_list_that_ends_early_moves_nobody() {
    let short = Reply::json(200, &json!({ "totalResults": 9, "Resources": firm() }));
    let empty = Reply::json(200, &json!({ "totalResults": 9, "Resources": [] }));
    let (handover, _host) = handover(Host::new().reply("GET", "startIndex=1&", short).reply(
        "GET",
        "startIndex=5",
        empty,
    ));
    let error = handover.run(&context(1), &from_ada_to_cleo()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unavailable(_)), "{error:?}");
}
