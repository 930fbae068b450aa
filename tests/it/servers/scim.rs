//! A real SCIM service, and plain requests to it that are not ours.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value as Json, json};

use super::programs::{self, Server};

pub(crate) const TOKEN: &str = "not-a-token";

pub(crate) struct Scim {
    _server: Server,
    port: u16,
}

impl Scim {
    /// None, after saying so, when the program is not installed.
    pub(crate) fn start(groups: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            programs::not_run("scim2-server is not installed (`LANYARD_SCIM2_SERVER` names it)");
            return None;
        };
        let command = |port: u16| {
            let mut command = Command::new(&program);
            command.args(["--bearer-token", TOKEN, "--port", &port.to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let answers = |port| exchange(port, "GET", "/v2/ServiceProviderConfig", None).is_some();
        let (server, port) = Server::start(command, answers);
        let scim = Self { _server: server, port };
        for group in groups {
            let body = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": group,
            });
            let (status, answer) = exchange(port, "POST", "/v2/Groups", Some(&body)).unwrap();
            assert_eq!(status, 201, "{answer}");
        }
        Some(scim)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn users(&self) -> Vec<Json> {
        self.all("/v2/Users?count=500")
    }

    /// Ids of the members of each group.
    pub(crate) fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let text = |json: &Json| json.as_str().unwrap().to_owned();
        let members = |group: &Json| {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            members.iter().map(|member| text(&member["value"])).collect()
        };
        let groups = self.all("/v2/Groups?count=500");
        groups.iter().map(|group| (text(&group["displayName"]), members(group))).collect()
    }

    fn all(&self, path: &str) -> Vec<Json> {
        let (status, answer) = exchange(self.port, "GET", path, None).unwrap();
        assert_eq!(status, 200, "{answer}");
        let resources = answer["Resources"].as_array().cloned().unwrap_or_default();
        assert_eq!(answer["totalResults"], resources.len(), "{path} has more than one page");
        resources
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LANYARD_SCIM2_SERVER") {
        return Some(PathBuf::from(named)).filter(|named| named.is_file());
    }
    let installed = programs::root().join("target/ci/venv/bin/scim2-server");
    if installed.is_file() { Some(installed) } else { programs::find("scim2-server") }
}

/// One request in HTTP/1.0, so that the answer ends with the connection;
/// none when nobody answers.
fn exchange(port: u16, method: &str, path: &str, body: Option<&Json>) -> Option<(u16, Json)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let body = body.map(Json::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}
