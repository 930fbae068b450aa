//! A step of a workflow as a real component, against an application that
//! knows nothing of Lanyard.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    built,
    desk::{Desk, TOKEN, crm, with_target},
};

const PEOPLE: &str = "id,given_name,family_name,mail,manager,end\n\
     E1,Ada,Example,ada@example.org,E3,2026-06-30\n\
     E2,Ben,Beispiel,ben@example.org,E1,\n\
     E3,Cleo,Ejemplo,cleo@example.org,,\n";

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const WORKFLOW: &str = r#"
[workflow.leaver]
on = "departed"
steps = [
  { id = "hand", run = "handover", with = { from = "{{ accounts.crm }}", to = "{{ manager.mail }}" } },
]
"#;

fn component(address: SocketAddr) -> String {
    format!(
        r#"{WORKFLOW}
[component.handover]
plugin = "handover"
config = {{ url = "http://{address}" }}
permissions = {{ hosts = ["http://{address}"], secrets = {{ token = {{ env = "CRM_TOKEN" }} }}, authorization = {{ default = {{ bearer = "token" }} }} }}
"#
    )
}

/// What the application answers to one request.
fn asked(address: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn users(address: SocketAddr) -> Vec<Value> {
    let list = asked(address, "GET", "/Users", &Value::Null);
    list["Resources"].as_array().unwrap().clone()
}

fn id(users: &[Value], name: &str) -> Value {
    users.iter().find(|user| user["userName"] == name).unwrap()["id"].clone()
}

/// The user name of somebody's manager there.
fn manager(address: SocketAddr, name: &str) -> String {
    let users = users(address);
    let user = users.iter().find(|user| user["userName"] == name).unwrap();
    let manager = &user[ENTERPRISE]["manager"]["value"];
    let found = users.iter().find(|user| user["id"] == *manager).unwrap();
    found["userName"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reported_to_a_leaver_reports_to_the_leavers_manager() {
    let test = "who_reported_to_a_leaver_reports_to_the_leavers_manager";
    if built::component(test, "handover").is_none() {
        return;
    }
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let address = crm.address();
    desk.configure(&format!("{}{}", with_target(address, ""), component(address)));
    desk.write("people.csv", PEOPLE);
    let checked = desk.run(&["check"]).await;
    assert_eq!(checked.status, Some(0), "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains("ok    handover: SCIM handover"), "{}", checked.stdout);
    let made = desk.run(&["apply", "--yes"]).await;
    assert_eq!(made.status, Some(0), "{}{}", made.stdout, made.stderr);
    let there = users(address);
    let ada = id(&there, "ada.example");
    let ben = id(&there, "ben.beispiel");
    let path = format!("/Users/{}", ben.as_str().unwrap());
    let operation = json!({ "op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": { "value": ada } });
    let change = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
    asked(address, "PATCH", &path, &change);
    assert_eq!(manager(address, "ben.beispiel"), "ada.example");

    let after = Some("2026-07-01T08:00:00Z");
    let plan = desk.run_at(after, &["plan"]).await;
    assert_snapshot!(plan.stdout, @r"
    Ada Example (53878fad) — leaver
      ! disable crm `ada.example`
          because state departed: end 2026-06-30 has passed

    Ada Example (53878fad): workflow `leaver` begins

    Ada Example (53878fad): step `hand`
      ! handover carries it out
        from = ada.example
        to = cleo@example.org
        in its own words:
          | ben.beispiel will report to cleo.ejemplo
          because workflow `leaver`, step `hand` (line 20)

    plan DIGEST: 1 operation (1 disable), 1 episode of workflows, 1 step
    ");
    assert_eq!(manager(address, "ben.beispiel"), "ada.example", "a plan hands nothing over");
    let done = desk.run_at(after, &["run", "once"]).await;
    assert_eq!(done.status, Some(0), "{}{}", done.stdout, done.stderr);
    assert_eq!(manager(address, "ben.beispiel"), "cleo.ejemplo");
    assert_eq!(desk.run_at(after, &["plan"]).await.stdout, "nothing to do\n");
    let audit = desk.run(&["audit", "list", "--identity", "E1"]).await.stdout;
    assert!(audit.contains("step") && audit.contains("done"), "{audit}");
    let rows = desk.run(&["audit", "list", "--identity", "E1", "--json"]).await.stdout;
    assert!(rows.contains("\"component\": \"handover\""), "{rows}");
    assert!(!audit.contains("cleo@example.org"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_carries_out_no_steps_is_no_component() {
    let test = "a_plugin_that_carries_out_no_steps_is_no_component";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let address = crm.address();
    let file = format!("{}{}", with_target(address, ""), component(address));
    desk.configure(&file.replace("plugin = \"handover\"", "plugin = \"scim\""));
    desk.write("people.csv", PEOPLE);
    let checked = desk.run(&["check", "--offline"]).await;
    assert_eq!(checked.status, Some(67), "{}{}", checked.stdout, checked.stderr);
    let line = checked.stdout.lines().find(|line| line.contains("FAIL")).unwrap();
    assert!(line.contains("does not export `lanyard:connector/step`"), "{line}");
}
