//! Two running applications, a file of people, and the program.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, PipeWriter, Write as _},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
};

use demo_apps::{
    crm::{self, Crm},
    directory::{self, Directory},
};
use lanyard_core::id::{ConnectorName, IdentityId};
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    sync::watch,
};

/// Where the programs and components are that `cargo xtask` built.
fn built(variable: &str, default: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(default);
    std::env::var_os(variable).map_or(here, PathBuf::from)
}

/// Whether a test can run; says what is missing when it cannot.
#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
pub(super) fn ready(name: &str) -> bool {
    let plugins = built("LANYARD_PLUGINS", "plugins");
    let wanted = ["csv", "scim", "ldap"].map(|name| plugins.join(format!("{name}.wasm")));
    let program = built("LANYARD_PROGRAMS", "debug").join("lanyard");
    let Some(missing) = wanted.iter().chain([&program]).find(|path| !path.is_file()) else {
        return true;
    };
    let why = format!("{name}: `{}` is missing", missing.display());
    assert!(std::env::var_os("LANYARD_REQUIRE_SERVERS").is_none(), "{why}");
    eprintln!("not run: {why}");
    false
}

/// Every write an application was sent, as it comes in.
struct Log {
    lines: Arc<Mutex<Vec<Value>>>,
    /// Ours, so that the end can be marked.
    writer: PipeWriter,
    marks: watch::Receiver<usize>,
}

impl Log {
    /// The path is one for this process only.
    fn new(count: &watch::Sender<usize>) -> (Self, PathBuf) {
        let (reader, writer) = std::io::pipe().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", writer.as_raw_fd()));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (mark, marks) = watch::channel(0);
        let (kept, count) = (Arc::clone(&lines), count.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if line == "mark" {
                    mark.send_modify(|marks| *marks += 1);
                    continue;
                }
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
                count.send_modify(|count| *count += 1);
            }
        });
        (Self { lines, writer, marks }, path)
    }

    /// Everything up to now.
    async fn all(&mut self) -> Vec<Value> {
        let next = *self.marks.borrow() + 1;
        self.writer.write_all(b"mark\n").unwrap();
        self.marks.wait_for(|marks| *marks >= next).await.unwrap();
        self.lines.lock().unwrap().clone()
    }
}

pub(super) struct World {
    folder: tempfile::TempDir,
    crm_log: Log,
    directory_log: Log,
    /// Writes that reached either application.
    pub(super) writes: watch::Receiver<usize>,
    _crm: Crm,
    _directory: Directory,
}

impl World {
    pub(super) async fn start(faults: &[&str], drop_write: Option<u64>, limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (count, writes) = watch::channel(0);
        let (crm_log, crm_path) = Log::new(&count);
        let (directory_log, directory_path) = Log::new(&count);
        let crm = Crm::start(crm::Options {
            state: Some(folder.path().join("crm.json")),
            log: Some(crm_path),
            token: "demo-token".to_owned(),
            groups: vec!["sales".to_owned()],
            faults: faults.iter().map(|fault| serde_json::from_str(fault).unwrap()).collect(),
            ..crm::Options::default()
        })
        .await
        .unwrap();
        let directory = Directory::start(directory::Options {
            state: Some(folder.path().join("directory.json")),
            log: Some(directory_path),
            groups: vec!["staff".to_owned(), "sales".to_owned()],
            drop_write,
            ..directory::Options::default()
        })
        .await
        .unwrap();
        let file = FILE
            .replace("{plugins}", built("LANYARD_PLUGINS", "plugins").to_str().unwrap())
            .replace("{crm}", &crm.address().to_string())
            .replace("{port}", &directory.address().port().to_string())
            .replace("{limits}", limits);
        fs::write(folder.path().join("lanyard.toml"), file).unwrap();
        Self { folder, crm_log, directory_log, writes, _crm: crm, _directory: directory }
    }

    pub(super) fn people(&self, text: &str) {
        fs::write(self.folder.path().join("people.csv"), text).unwrap();
    }

    /// From now on, leavers are deleted at once.
    pub(super) fn delete_leavers(&self) {
        let path = self.folder.path().join("lanyard.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace("delete-after = \"30d\"", "delete-after = \"0s\"")).unwrap();
    }

    /// From now on the file names the source and nothing else.
    pub(super) fn forget_targets(&self) {
        let path = self.folder.path().join("lanyard.toml");
        let text = fs::read_to_string(&path).unwrap();
        let (source, _) = text.split_once("[target.").unwrap();
        fs::write(path, source).unwrap();
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("CRM_TOKEN", "demo-token")
            .env("LDAP_PASSWORD", "secret")
            .env("LANYARD_CACHE", built("LANYARD_PROGRAMS", "debug").join("test-cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(super) fn lanyard(&self, arguments: &[&str]) -> Command {
        let program = built("LANYARD_PROGRAMS", "debug").join("lanyard");
        let mut command = self.command(&program);
        command.args(["-c", "lanyard.toml"]).args(arguments);
        command
    }

    pub(super) fn begin_apply(&self) -> Child {
        self.lanyard(&["apply", "--yes"]).spawn().unwrap()
    }

    pub(super) async fn apply(&self) -> Output {
        self.lanyard(&["apply", "--yes"]).output().await.unwrap()
    }

    /// Runs until it kills itself, which it must.
    pub(super) async fn crash(&self, point: &str) {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_crashing")));
        command.arg("lanyard.toml").args(point.split(' '));
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(killed(output.status), "{point}: {}: {said}", output.status);
    }

    /// Applies once, after which there must be nothing left to do.
    pub(super) async fn recover(&self, case: &str) {
        let output = self.apply().await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{case}: {said}");
        let plan = self.lanyard(&["plan", "--json"]).output().await.unwrap();
        assert!(plan.stderr.is_empty(), "{case}: {}", String::from_utf8_lossy(&plan.stderr));
        assert_eq!(plan.status.code(), Some(0), "{case}: {said}");
        let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
        for part in ["operations", "adoptions", "claims"] {
            let left = plan["plan"][part].as_array().unwrap();
            assert!(left.is_empty(), "{case}: {said}{part} left: {left:#?}");
        }
    }

    fn state(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join(file)).unwrap()).unwrap()
    }

    /// Whether the directory was asked to rename anybody.
    pub(super) fn has_renamed(&self) -> bool {
        self.directory_log.lines.lock().unwrap().iter().any(|line| line["op"] == "rename")
    }

    /// What the applications themselves hold of everybody, and that nobody is
    /// there twice or was made twice.
    pub(super) async fn truth(&mut self) -> String {
        let mut text = self.crm_truth() + &self.directory_truth();
        let made = self.crm_log.all().await;
        let made = made
            .iter()
            .filter(|line| line["path"] == "/Users" && line["status"] == 201)
            .map(|line| person(line["externalId"].as_str().unwrap()));
        twice("crm", made, &mut text);
        let made = self.directory_log.all().await;
        let made = made.iter().filter(|line| line["op"] == "add" && line["code"] == 0);
        twice("directory", made.map(|line| line["dn"].as_str().unwrap().to_owned()), &mut text);
        text
    }

    fn crm_truth(&self) -> String {
        let state = self.state("crm.json");
        let sales =
            members(&state["groups"].as_object().unwrap().values().next().unwrap()["members"]);
        let mut lines: Vec<String> = Vec::new();
        let mut who = Vec::new();
        for (id, user) in state["users"].as_object().unwrap() {
            let person = person(user["externalId"].as_str().unwrap());
            let active = if user["active"] == true { "active" } else { "off" };
            let group = if sales.contains(id) { " sales" } else { "" };
            lines.push(format!("crm {person} {} {active}{group}\n", user["userName"]));
            who.push(person);
        }
        lines.sort();
        let mut text = lines.concat();
        twice("crm account", who.into_iter(), &mut text);
        text
    }

    fn directory_truth(&self) -> String {
        let state = self.state("directory.json");
        let entries = state["entries"].as_object().unwrap();
        let holders = |group: &str| {
            members(
                &entries[&format!("cn={group},ou=groups,dc=example,dc=org")]["attributes"]["member"],
            )
        };
        let groups = [("staff", holders("staff")), ("sales", holders("sales"))];
        let (mut lines, mut who) = (Vec::new(), Vec::new());
        for entry in entries.values() {
            let attributes = &entry["attributes"];
            let Some(number) = attributes["employeeNumber"][0].as_str() else { continue };
            let person = person(number);
            let off = !attributes["pwdAccountLockedTime"].is_null();
            let mut line = format!("directory {person} {}", attributes["uid"][0]);
            line.push_str(if off { " off" } else { " active" });
            for (group, members) in &groups {
                if members.iter().any(|dn| *dn == *entry["dn"].as_str().unwrap()) {
                    write!(line, " {group}").unwrap();
                }
            }
            lines.push(line + "\n");
            who.push(person);
        }
        // Who comes under such a name later would be in the group at once.
        for (group, members) in &groups {
            for dn in members.iter().filter(|dn| dn.contains("ou=people")) {
                if !entries.values().any(|entry| *entry["dn"].as_str().unwrap() == **dn) {
                    lines.push(format!("directory {group} holds {dn}, which is nobody\n"));
                }
            }
        }
        lines.sort();
        let mut text = lines.concat();
        twice("directory account", who.into_iter(), &mut text);
        text
    }
}

fn members(value: &Value) -> Vec<String> {
    let members = value.as_array().into_iter().flatten();
    members.map(|it| it["value"].as_str().or(it.as_str()).unwrap().to_owned()).collect()
}

/// The key of the person an account carries the id of.
fn person(anchor: &str) -> String {
    let source = ConnectorName::new("hr").unwrap();
    let mut keys = (1..=9).map(|number| format!("E{number}"));
    keys.find(|key| IdentityId::first_seen(&source, key).to_string() == anchor)
        .unwrap_or_else(|| anchor.to_owned())
}

fn twice(what: &str, made: impl Iterator<Item = String>, text: &mut String) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for one in made {
        *count.entry(one).or_default() += 1;
    }
    for (one, times) in count.into_iter().filter(|(_, times)| *times > 1) {
        writeln!(text, "{what} {one} {times} times").unwrap();
    }
}

pub(super) fn killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(9)
}

const FILE: &str = r#"plugin-directory = "{plugins}"

[source.hr]
plugin = "csv"
config = { file = "people.csv", key = "key" }
permissions = { directories = { data = { path = ".", access = "read" } } }

[target.crm]
plugin = "scim"
config = { url = "http://{crm}" }
permissions = { hosts = ["http://{crm}"], secrets = { token = { env = "CRM_TOKEN" } }, authorization = { default = { bearer = "token" } } }
{limits}
[target.crm.account]
name = "{{ (given_name ~ '.' ~ family_name) | ascii | slug }}"

[target.directory]
plugin = "ldap"
config = { base = "ou=people,dc=example,dc=org", groups-base = "ou=groups,dc=example,dc=org", policy-dn = "cn=default,ou=policies,dc=example,dc=org" }
[target.directory.permissions]
secrets = { password = { env = "LDAP_PASSWORD" } }
streams = { directory = { host = "127.0.0.1", port = {port}, protocol = "ldap", tls = "off", sign-in = { ldap-simple = { dn = "cn=admin,dc=example,dc=org", secret = "password" } } } }
[target.directory.account]
name = "{{ (given_name ~ '.' ~ family_name) | ascii | slug }}"
attributes = { cn = "{{ given_name }} {{ family_name }}", sn = "{{ family_name }}", givenName = "{{ given_name }}" }

[rule.everyone]
accounts = ["directory"]
grants = { directory = ["staff"] }

[rule.sales]
when = { department = ["Sales"] }
accounts = ["crm"]
grants = { crm = ["sales"], directory = ["sales"] }

[lifecycle]
status = { active = ["Active"], departed = ["Former"] }

[leaver]
delete-after = "30d"
"#;
