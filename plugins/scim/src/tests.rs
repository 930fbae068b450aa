mod groups;
mod reading;
mod writing;

use lanyard_sdk::{
    config,
    testing::{Host, Installed},
};
use serde_json::{Value as Json, json};

use super::*;

/// The connector as configured by default, talking to this script.
fn scim(host: Host) -> (Scim, Installed) {
    scim_with(host, &json!({ "url": "https://crm.example.org/scim/v2/" }))
}

fn scim_with(host: Host, settings: &Json) -> (Scim, Installed) {
    let host = host.config(settings).install();
    (config::load().unwrap(), host)
}

fn user(id: &str, name: &str, anchor: &str, active: bool) -> Json {
    json!({
        "schemas": [crate::user::CORE],
        "id": id, "userName": name, "externalId": anchor, "active": active,
        "meta": { "version": "W/\"1\"" },
    })
}

fn list(resources: &[Json]) -> Json {
    json!({ "totalResults": resources.len(), "startIndex": 1, "Resources": resources })
}

fn bodies(host: &Installed) -> Vec<Json> {
    host.requests().iter().filter_map(|r| serde_json::from_slice(r.body_bytes()).ok()).collect()
}
