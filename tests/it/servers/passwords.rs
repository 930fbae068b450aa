//! A password of our own making in a real directory: what is told opens the
//! account, what was told before does not, and nothing of it is left behind.

use std::{fs, path::Path, process::Command};

use demo_apps::mail::{MailServer, Manner};
use tempfile::TempDir;

use super::{
    ldapsearch::Directory,
    slapd::{self, Slapd},
    world::{Said, World, program, setting},
};

const PEOPLE: &str = "key,given_name,family_name,mail,manager\n\
    1001,Ada,Example,ada@example.org,1003\n\
    1003,Grace,Example,grace@example.org,\n";

fn file(ldap: u16, smtp: u16) -> String {
    let plugins = setting("LANYARD_PLUGINS", "target/plugins");
    format!(
        r#"
plugin-directory = "{}"
[source.hr]
plugin = "csv"
config = {{ file = "people.csv", key = "key" }}
permissions = {{ directories = {{ data = {{ path = "hr", access = "read" }} }} }}
[target.directory]
plugin = "ldap"
config = {{ base = "ou=people,dc=example,dc=org", groups-base = "ou=groups,dc=example,dc=org", policy-dn = "cn=default,ou=policies,dc=example,dc=org" }}
[target.directory.permissions]
secrets = {{ password = {{ env = "LDAP_PASSWORD" }} }}
[target.directory.permissions.streams.directory]
host = "127.0.0.1"
port = {ldap}
protocol = "ldap"
tls = "off"
sign-in = {{ ldap-simple = {{ dn = "cn=lanyard,dc=example,dc=org", secret = "password" }} }}
[target.directory.account.attributes]
cn = "{{{{ given_name }}}} {{{{ family_name }}}}"
sn = "{{{{ family_name }}}}"
mail = "{{{{ login }}}}@example.org"
[rule.everyone]
accounts = ["directory"]
[notify]
from = "lanyard@example.org"
smtp = {{ host = "127.0.0.1", port = {smtp}, tls = "off" }}
[message.pass]
subject = "A password"
body = "{{{{ login }}}} {{{{ credential }}}}"
[workflow.pass]
on = "demand"
steps = [
  {{ id = "make", do = "credential", targets = ["directory"], to = ["manager"], template = "pass", must-change = false }},
]
"#,
        plugins.display()
    )
}

struct Firm {
    folder: TempDir,
    said: std::cell::RefCell<String>,
}

impl Firm {
    fn lanyard(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(program());
        command.arg("--config").arg(self.folder.path().join("lanyard.toml")).args(arguments);
        command.env("LDAP_PASSWORD", slapd::PASSWORD).env("LANYARD_LOG", "trace");
        command.env("LANYARD_CACHE", self.folder.path().join("cache"));
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap();
        let said = Said { status, out: text(output.stdout), error: text(output.stderr) };
        self.said.borrow_mut().extend([said.out.as_str(), "\n", said.error.as_str(), "\n"]);
        said
    }

    /// The password that was told since `before` mails were.
    fn told(&self, mail: &MailServer, before: usize) -> String {
        // What was begun before is seen to have ended.
        self.lanyard(&["apply", "--yes"]).ok();
        self.lanyard(&["workflow", "run", "pass", "1001"]).ok();
        let plan = self.lanyard(&["plan", "--json"]).ok();
        assert!(plan.out.contains("\"credential\""), "{}", plan.out);
        self.lanyard(&["apply", "--yes"]).ok();
        let taken = mail.taken();
        assert_eq!(taken.len(), before + 1);
        let mail = taken.last().unwrap();
        assert_eq!(mail.recipient, "grace@example.org");
        let body = mail.text.split_once("\r\n\r\n").unwrap().1;
        body.trim().strip_prefix("ada.example ").unwrap().to_owned()
    }

    /// Everything that is on the disk, and everything that was printed.
    fn left_behind(&self) -> Vec<u8> {
        let mut bytes = self.said.borrow().clone().into_bytes();
        everything(self.folder.path(), &mut bytes);
        bytes
    }
}

fn everything(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything(&path, bytes);
        } else {
            bytes.extend(fs::read(&path).unwrap());
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_told_opens_the_account_and_is_left_nowhere() {
    if !World::is_built() {
        return;
    }
    let Some(slapd) = Slapd::start(&["staff".to_owned()], None) else { return };
    let mail = MailServer::start(Manner::Takes).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("hr")).unwrap();
    fs::write(folder.path().join("hr/people.csv"), PEOPLE).unwrap();
    fs::write(folder.path().join("lanyard.toml"), file(slapd.port(), mail.address().port()))
        .unwrap();
    let firm = Firm { folder, said: std::cell::RefCell::default() };
    firm.lanyard(&["check"]).ok();
    firm.lanyard(&["apply", "--yes"]).ok();

    let directory: Directory = slapd.directory();
    let dn = "uid=ada.example,ou=people,dc=example,dc=org";
    directory.set_password(dn, "set-by-hand");
    assert_eq!(directory.bind(dn, "set-by-hand"), 0);
    let first = firm.told(&mail, 0);
    assert_eq!(directory.bind(dn, &first), 0);
    assert_eq!(directory.bind(dn, "set-by-hand"), super::INVALID_CREDENTIALS);
    // The server keeps it as a hash.
    let kept = directory.people().into_iter().flat_map(|it| it.all("userPassword").to_vec());
    assert!(kept.into_iter().all(|it| it.starts_with("{SSHA}")));

    // Whoever has one of ours keeps it, whatever is begun anew.
    firm.lanyard(&["apply", "--yes"]).ok();
    firm.lanyard(&["workflow", "run", "pass", "1001"]).ok();
    let plan = firm.lanyard(&["plan"]).ok();
    assert!(plan.out.contains("got a password of ours before"), "{}", plan.out);
    firm.lanyard(&["apply", "--yes"]);
    assert_eq!(mail.taken().len(), 1);
    assert_eq!(directory.bind(dn, &first), 0);

    firm.lanyard(&["audit", "list", "--json"]).ok();
    firm.lanyard(&["status", "--json"]);
    firm.lanyard(&["explain", "1001"]).ok();
    let left = firm.left_behind();
    assert!(holds(&left, "ada.example"), "it was looked at");
    assert!(!holds(&left, &first), "a password was left behind");
    assert!(!holds(&left, first.replace('-', "").as_str()));

    let more =
        "[workflow.out]\non = \"demand\"\nsteps = [{ id = \"end\", do = \"end-sessions\" }]\n";
    let file = file(slapd.port(), mail.address().port());
    fs::write(firm.folder.path().join("lanyard.toml"), format!("{file}{more}")).unwrap();
    let check = firm.lanyard(&["check"]);
    assert_eq!(check.status, 64, "{}", check.out);
    let told = "FAIL  workflow `out`, step `end`: no target of it can end sessions";
    assert_eq!(check.lines("FAIL"), told);
}
