use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{Crm, Options};

const TOKEN: &str = "test-token";

struct Answer {
    status: StatusCode,
    headers: hyper::HeaderMap,
    body: Value,
}

async fn start() -> Crm {
    let groups = vec!["sales".to_owned()];
    Crm::start(Options { token: TOKEN.into(), groups, ..Options::default() }).await.unwrap()
}

async fn try_send(
    crm: &Crm,
    method: &str,
    path: &str,
    body: Value,
) -> Result<Answer, hyper::Error> {
    send_with(crm, method, path, body, &[]).await
}

async fn send_with(
    crm: &Crm,
    method: &str,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> Result<Answer, hyper::Error> {
    let stream = TcpStream::connect(crm.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {TOKEN}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await?;
    let (head, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    driver.abort();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(Answer { status: head.status, headers: head.headers, body })
}

async fn send(crm: &Crm, method: &str, path: &str, body: Value) -> Answer {
    try_send(crm, method, path, body).await.unwrap()
}

async fn create(crm: &Crm, name: &str) -> String {
    let answer = send(crm, "POST", "/Users", json!({"userName": name, "externalId": name})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_created_found_changed_and_deleted() {
    let crm = start().await;
    let id = create(&crm, "ada").await;
    let found = send(&crm, "GET", "/Users?filter=userName%20eq%20%22ADA%22", Value::Null).await;
    assert_eq!(found.body["Resources"][0]["id"], json!(id));
    let operation = json!({"op": "replace", "path": "active", "value": "False"});
    let path = format!("/Users/{id}");
    let changed = send(&crm, "PATCH", &path, json!({"Operations": [operation]})).await;
    assert_eq!(changed.body["active"], json!(false));
    assert_eq!(changed.headers["etag"], "W/\"2\"");
    assert_eq!(send(&crm, "DELETE", &path, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(&crm, "GET", &path, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let crm = start().await;
    create(&crm, "ada").await;
    let answer = send(&crm, "POST", "/Users", json!({"userName": "ADA"})).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.body["scimType"], "uniqueness");
}

#[tokio::test]
async fn only_the_active_can_sign_in() {
    let crm = start().await;
    let id = create(&crm, "ada").await;
    let login = || send(&crm, "POST", "/login", json!({"userName": "ada"}));
    assert_eq!(login().await.status, StatusCode::OK);
    let operation = json!({"op": "replace", "value": {"active": false}});
    send(&crm, "PATCH", &format!("/Users/{id}"), json!({"Operations": [operation]})).await;
    assert_eq!(login().await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_deleted_person_leaves_every_group() {
    let crm = start().await;
    let id = create(&crm, "ada").await;
    let groups = send(&crm, "GET", "/Groups", Value::Null).await;
    let group = format!("/Groups/{}", groups.body["Resources"][0]["id"].as_str().unwrap());
    let operation = json!({"op": "add", "path": "members", "value": [{"value": id}]});
    send(&crm, "PATCH", &group, json!({"Operations": [operation]})).await;
    let user = send(&crm, "GET", &format!("/Users/{id}"), Value::Null).await;
    assert_eq!(user.body["groups"][0]["display"], "sales");
    send(&crm, "DELETE", &format!("/Users/{id}"), Value::Null).await;
    assert_eq!(send(&crm, "GET", &group, Value::Null).await.body["members"], json!([]));
}

#[tokio::test]
async fn both_ways_of_paging_see_everyone_once() {
    let crm = start().await;
    for number in 0..7 {
        create(&crm, &format!("person-{number}")).await;
    }
    let mut by_index = Vec::new();
    for start in [1, 4, 7] {
        let path = format!("/Users?startIndex={start}&count=3");
        by_index.extend(names(&send(&crm, "GET", &path, Value::Null).await.body));
    }
    let (mut by_cursor, mut cursor) = (Vec::new(), Some(String::new()));
    while let Some(at) = cursor {
        let path = format!("/Users?cursor={at}&count=3");
        let answer = send(&crm, "GET", &path, Value::Null).await;
        by_cursor.extend(names(&answer.body));
        cursor = answer.body["nextCursor"].as_str().map(str::to_owned);
    }
    by_index.sort();
    by_cursor.sort();
    assert_eq!(by_index, by_cursor);
    by_index.dedup();
    assert_eq!(by_index.len(), 7);
}

fn names(body: &Value) -> Vec<String> {
    body["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["userName"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_change_on_top_of_another_version_is_refused() {
    let crm = start().await;
    let id = create(&crm, "ada").await;
    let body = json!({"Operations": [{"op": "add", "path": "title", "value": "Chair"}]});
    let headers = [("if-match", "W/\"9\"")];
    let path = format!("/Users/{id}");
    let answer = send_with(&crm, "PATCH", &path, body, &headers).await.unwrap();
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let crm = Crm::start(Options { token: "other".into(), ..Options::default() }).await.unwrap();
    assert_eq!(send(&crm, "GET", "/Users", Value::Null).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_answer_lost_after_applying_leaves_the_person_there() {
    let folder = tempfile::tempdir().unwrap();
    let (state, log) = (folder.path().join("state.json"), folder.path().join("log"));
    let options = |faults: Value| Options {
        token: TOKEN.into(),
        state: Some(state.clone()),
        log: Some(log.clone()),
        faults: serde_json::from_value(faults).unwrap(),
        ..Options::default()
    };
    let crm = Crm::start(options(json!([{"drop": "after-applying"}]))).await.unwrap();
    let body = json!({"userName": "ada", "externalId": "E1"});
    assert!(try_send(&crm, "POST", "/Users", body).await.is_err());
    drop(crm);
    let crm = Crm::start(options(json!([]))).await.unwrap();
    let found = send(&crm, "GET", "/Users?filter=externalId%20eq%20%22E1%22", Value::Null).await;
    assert_eq!(found.body["totalResults"], 1);
    let lines = std::fs::read_to_string(&log).unwrap();
    assert_eq!(
        lines,
        "{\"method\":\"POST\",\"path\":\"/Users\",\"externalId\":\"E1\",\"name\":\"ada\",\"status\":201}\n"
    );
}

#[tokio::test]
async fn faults_are_switched_while_it_runs() {
    let crm = start().await;
    let fault = json!({"status": 429, "retry-after": 1});
    assert_eq!(send(&crm, "POST", "/_faults", fault).await.status, StatusCode::OK);
    let answer = send(&crm, "GET", "/Users", Value::Null).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(send(&crm, "GET", "/Users", Value::Null).await.status, StatusCode::OK);
    send(&crm, "POST", "/_faults", json!({"half": true})).await;
    assert!(try_send(&crm, "GET", "/Users", Value::Null).await.is_err());
    send(&crm, "POST", "/_faults", json!({"html": true})).await;
    let answer = send(&crm, "GET", "/Users", Value::Null).await;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn what_the_application_does_not_know_is_dropped_without_a_word() {
    let crm = start().await;
    let body = json!({"userName": "ada", "shoeSize": 38});
    let answer = send(&crm, "POST", "/Users", body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.body.get("shoeSize"), None);
}
