//! What a connector computes for one create, without any system behind it.
//!
//! Compiled into the component and, from this very file, into the benchmark.

use serde_json::{Map, Value as Json, json};

/// The body of a request as a SCIM service wants it, and what such a service
/// would answer, read again: its id of the new account.
pub fn made(name: &str, anchor: &str, active: bool, attributes: &[(&str, Vec<&str>)]) -> String {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
    body.insert("userName".to_owned(), json!(name.trim().to_lowercase()));
    body.insert("externalId".to_owned(), json!(anchor));
    body.insert("active".to_owned(), json!(active));
    for (attribute, values) in attributes {
        let value = match values.as_slice() {
            [] => Json::Null,
            [only] => json!(only.trim()),
            many => many.iter().map(|value| json!({ "value": value.trim() })).collect(),
        };
        body.insert((*attribute).to_owned(), value);
    }
    let sent = Json::Object(body).to_string();
    let answered: Map<String, Json> = serde_json::from_str(&sent).unwrap_or_default();
    let login = answered.get("userName").and_then(Json::as_str).unwrap_or_default();
    format!("{login}-{:016x}", fingerprint(sent.as_bytes()))
}

/// FNV-1a.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
