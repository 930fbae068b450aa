//! An operator's desk: a folder with a configuration, and the program.

use std::{fs, net::SocketAddr, path::PathBuf, process::Stdio};

use demo_apps::crm::{Crm, Fault, Options};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::built;

pub(crate) const TOKEN: &str = "demo-token";

/// When everything at the desk happens.
const NOW: &str = "2026-06-01T08:00:00Z";

/// A source alone.
pub(crate) const SOURCE: &str = r#"
[source.hr]
plugin = "csv"
config = { file = "people.csv", key = "id" }
permissions = { directories = { data = { path = ".", access = "read" } } }
"#;

/// Three people, as the source above wants them.
pub(crate) const PEOPLE: &str = "id,given_name,family_name,department\n\
     E1,Ada,Example,Sales\n\
     E2,Ben,Beispiel,Sales\n\
     E3,Cleo,Ejemplo,Legal\n";

pub(crate) struct Desk {
    program: PathBuf,
    folder: TempDir,
}

impl Desk {
    /// None when a program or component is not built.
    pub(crate) fn new(test: &str) -> Option<Self> {
        for name in ["csv", "scim"] {
            built::component(test, name)?;
        }
        Some(Self {
            program: built::program(test, "lanyard")?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// `lanyard.toml`, with the folder of components in front.
    pub(crate) fn configure(&self, toml: &str) -> &Self {
        let plugins = built::plugins();
        let plugins = fs::canonicalize(plugins).unwrap();
        let plugins = plugins.display();
        self.write("lanyard.toml", format!("plugin-directory = '{plugins}'\n{toml}"))
    }

    /// What the program says, with everything taken out that differs from
    /// one run to the next.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Said {
        self.run_at(Some(NOW), arguments).await
    }

    /// At a terminal, where a question gets this answer; all it says is on
    /// standard output.
    pub(crate) async fn answer(&self, answer: &str, arguments: &[&str]) -> Said {
        let line = format!("'{}' {}", self.program.display(), arguments.join(" "));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        self.said(Some(NOW), command, &format!("{answer}\n")).await
    }

    /// With the clock standing at another instant, or going.
    pub(crate) async fn run_at(&self, now: Option<&str>, arguments: &[&str]) -> Said {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        self.said(now, command, "").await
    }

    async fn said(&self, now: Option<&str>, mut command: Command, input: &str) -> Said {
        if let Some(now) = now {
            command.env("LANYARD_NOW", now);
        }
        let mut child = command
            .current_dir(self.folder.path())
            .env("LANYARD_CACHE", built::cache())
            .env("CRM_TOKEN", TOKEN)
            .env_remove("LANYARD_LOG")
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        // `script` ends what runs in it when its own input ends.
        let output = child.wait_with_output().await.unwrap();
        drop(stdin);
        Said {
            status: output.status.code(),
            stdout: self.same_everywhere(now.unwrap_or_default(), &output.stdout),
            stderr: self.same_everywhere(now.unwrap_or_default(), &output.stderr),
        }
    }

    fn same_everywhere(&self, now: &str, text: &[u8]) -> String {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let plugins = fs::canonicalize(built::plugins()).unwrap();
        let folder = fs::canonicalize(self.folder.path()).unwrap();
        let text = text
            .replace(&plugins.display().to_string(), "[plugins]")
            .replace(&folder.display().to_string(), "[desk]")
            .replace(&self.folder.path().display().to_string(), "[desk]")
            .replace(
                &format!("note: the clock stands at {now}, because LANYARD_NOW says so\n"),
                "",
            );
        without_digests(&without_ports(&text))
    }
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// Exit status and standard error, for a snapshot.
    pub(crate) fn complaint(&self) -> String {
        format!("exit {}\n{}", self.status.unwrap_or(-1), self.stderr)
    }
}

fn without_ports(text: &str) -> String {
    const LOOPBACK: &str = "127.0.0.1:";
    let mut parts = text.split(LOOPBACK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(LOOPBACK);
        out.push_str("PORT");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// The short form of a digest, twelve hexadecimal digits, stands for itself.
fn without_digests(text: &str) -> String {
    let is_digest = |word: &str| {
        word.len() == 12
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_digit())
    };
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_digest(word) { piece.replace(word, "DIGEST") } else { piece.to_owned() }
        })
        .collect()
}

/// The application of the tests, failing as told.
pub(crate) async fn crm(desk: &Desk, faults: &[&str]) -> Crm {
    let faults = faults.iter().map(|text| serde_json::from_str::<Fault>(text).unwrap());
    let options = Options {
        log: Some(desk.path("crm.log")),
        token: TOKEN.to_owned(),
        faults: faults.collect(),
        ..Options::default()
    };
    Crm::start(options).await.unwrap()
}

/// The source, and a target that gives everybody an account at `address`.
pub(crate) fn with_target(address: SocketAddr, more: &str) -> String {
    format!(
        r#"{SOURCE}
[target.crm]
plugin = "scim"
config = {{ url = "http://{address}" }}
{more}
[target.crm.permissions]
hosts = ["http://{address}"]
secrets = {{ token = {{ env = "CRM_TOKEN" }} }}
authorization = {{ default = {{ bearer = "token" }} }}

[rule.everyone]
accounts = ["crm"]
"#
    )
}
