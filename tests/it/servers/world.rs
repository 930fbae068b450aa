//! The product between an HR file and real servers.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::{
    ldapsearch::Entry,
    programs,
    scim::{self, Scim},
    slapd::{self, Slapd},
    staff::{Row, Seen},
};

const CONFIGURATION: &str = include_str!("../../config/hris.toml");

/// How the directory is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Tls<'a> {
    #[default]
    Off,
    Start(&'a Path),
    FromTheFirstByte(&'a Path),
}

pub(crate) struct World {
    pub(crate) slapd: Slapd,
    pub(crate) scim: Scim,
    folder: TempDir,
    password: &'static str,
}

/// What one command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Said {
    /// Lines that begin with `start`.
    pub(crate) fn lines(&self, start: &str) -> String {
        let lines = self.out.lines().chain(self.error.lines());
        lines.filter(|line| line.starts_with(start)).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{}\n{}", self.out, self.error);
        self
    }
}

impl World {
    /// Whether the product is built; says so when it is not.
    pub(crate) fn is_built() -> bool {
        let plugins = setting("LANYARD_PLUGINS", "target/plugins");
        let components = ["csv", "ldap", "scim"].map(|name| plugins.join(format!("{name}.wasm")));
        let missing = [program()].into_iter().chain(components).find(|path| !path.is_file());
        if let Some(missing) = &missing {
            programs::not_run(&format!("`{}` is not built", missing.display()));
        }
        missing.is_none()
    }

    pub(crate) fn new(slapd: Slapd, scim: Scim, file: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { slapd, scim, folder, password: slapd::PASSWORD };
        world.configure(file, Tls::Off);
        world
    }

    /// Points the product at a file where it lies, and at the servers.
    pub(crate) fn configure(&self, file: &Path, tls: Tls<'_>) {
        let (mode, port, authority) = match tls {
            Tls::Off => ("off", self.slapd.port(), None),
            Tls::Start(authority) => ("start-tls", self.slapd.port(), Some(authority)),
            Tls::FromTheFirstByte(authority) => ("tls", self.slapd.tls_port(), Some(authority)),
        };
        let ca = authority.map(|path| format!("ca = \"{}\"", path.display())).unwrap_or_default();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let plugins = setting("LANYARD_PLUGINS", "target/plugins");
        let origin = self.scim.origin();
        let filled = [
            ("@plugins@", text(&plugins)),
            ("@hr-folder@", text(file.parent().unwrap())),
            ("@hr-file@", file.file_name().unwrap().to_str().unwrap().to_owned()),
            ("@ldap-port@", port.to_string()),
            ("@tls@", mode.to_owned()),
            ("@ca@", ca),
            ("@scim-url@", format!("{origin}/v2")),
            ("@scim-origin@", origin),
        ]
        .iter()
        .fold(CONFIGURATION.to_owned(), |text, (mark, value)| text.replace(mark, value));
        fs::write(self.folder.path().join("lanyard.toml"), filled).unwrap();
    }

    /// The next version of the file, beside the configuration.
    pub(crate) fn write(&self, rows: &[Row]) {
        let file = self.folder.path().join("hr/people.csv");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, super::staff::write(rows)).unwrap();
        self.configure(&file, Tls::Off);
    }

    pub(crate) fn sign_in_with(&mut self, password: &'static str) {
        self.password = password;
    }

    pub(crate) fn lanyard(&self, arguments: &[&str]) -> Said {
        self.lanyard_with("lanyard.toml", arguments)
    }

    /// A path beside the configuration.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With another file beside the usual one.
    pub(crate) fn lanyard_with(&self, file: &str, arguments: &[&str]) -> Said {
        let mut command = Command::new(program());
        command.arg("--config").arg(self.beside(file)).args(arguments);
        command.env("LDAP_PASSWORD", self.password).env("SCIM_TOKEN", scim::TOKEN);
        command.env_remove("LANYARD_LOG");
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap();
        Said { status, out: text(output.stdout), error: text(output.stderr) }
    }

    /// Applies, and has every write verified and nothing left to do.
    #[track_caller]
    pub(crate) fn apply(&self) -> Said {
        self.lanyard(&["plan"]).ok();
        let applied = self.lanyard(&["apply", "--yes"]).ok();
        let last = applied.out.lines().last().unwrap();
        let verified = last.strip_prefix("done: ").and_then(|it| it.strip_suffix(" verified"));
        assert!(verified.is_some(), "{last}\n{}", applied.error);
        let again = self.lanyard(&["plan"]).ok();
        assert_eq!(again.out, "nothing to do\n");
        applied
    }

    /// Every account of the directory as `ldapsearch` sees it.
    pub(crate) fn directory(&self) -> Vec<Seen> {
        let people = self.slapd.directory().people();
        let logins: BTreeSet<&str> = people.iter().map(|it| it.one("uid")).collect();
        assert_eq!(logins.len(), people.len(), "two people have one login");
        let mut seen: Vec<Seen> = people.iter().map(in_directory).collect();
        seen.sort();
        self.members_agree(&people);
        seen
    }

    /// `memberOf` is the server's own view; groups must say the same.
    fn members_agree(&self, people: &[Entry]) {
        for (group, members) in self.slapd.directory().groups() {
            let dn = format!("cn={group},ou=groups,dc=example,dc=org");
            let mut found: Vec<&str> = people
                .iter()
                .filter(|it| it.all("memberOf").contains(&dn))
                .map(|it| it.one("dn"))
                .collect();
            let mut named: Vec<&str> = members.iter().map(String::as_str).collect();
            named.retain(|member| *member != slapd::NOBODY);
            found.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, found, "{group}");
        }
    }

    /// Every account of the service as plain GETs see it.
    pub(crate) fn crm(&self) -> Vec<Seen> {
        let groups = self.scim.groups();
        let in_groups = |id: &str| {
            let mine = groups.iter().filter(|(_, members)| members.iter().any(|it| it == id));
            mine.map(|(group, _)| group.clone()).collect()
        };
        let mut seen: Vec<Seen> = self
            .scim
            .users()
            .iter()
            .map(|user| in_crm(user, in_groups(user["id"].as_str().unwrap())))
            .collect();
        seen.sort();
        seen
    }

    /// The entry of a person with that name and title.
    #[track_caller]
    pub(crate) fn entry(&self, row: &Row) -> Entry {
        let mut found = self.slapd.directory().people();
        found.retain(|entry| {
            entry.one("sn") == row.get("surname")
                && entry.one("givenName") == row.get("firstname")
                && entry.one("ou") == row.get("locality")
                && entry.one("title") == row.title()
        });
        assert_eq!(found.len(), 1, "{row:?}: {found:?}");
        found.remove(0)
    }
}

fn in_directory(entry: &Entry) -> Seen {
    let login = entry.one("uid");
    assert_eq!(entry.one("mail"), format!("{login}@example.org"));
    let groups = entry.all("memberOf").iter().map(|dn| {
        let name = dn.strip_prefix("cn=").and_then(|it| it.split(',').next());
        name.unwrap().to_owned()
    });
    let attributes = ["sn", "givenName", "title", "employeeType", "ou", "description"];
    Seen {
        name: entry.one("cn").to_owned(),
        enabled: entry.all("pwdAccountLockedTime").is_empty(),
        attributes: attributes.map(|name| (name, entry.one(name).to_owned())).into(),
        groups: groups.collect(),
    }
}

fn in_crm(user: &Json, groups: BTreeSet<String>) -> Seen {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let enterprise = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    let login = text(&user["userName"]);
    assert_eq!(user["emails"].as_array().map(Vec::len), Some(1), "{login}");
    assert_eq!(user["emails"][0]["value"], format!("{login}@example.org"));
    Seen {
        name: text(&user["displayName"]),
        enabled: user["active"].as_bool().unwrap(),
        attributes: [
            ("familyName", text(&user["name"]["familyName"])),
            ("givenName", text(&user["name"]["givenName"])),
            ("title", text(&user["title"])),
            ("userType", text(&user["userType"])),
            ("department", text(&enterprise["department"])),
        ]
        .into(),
        groups,
    }
}

pub(super) fn program() -> PathBuf {
    setting("LANYARD_PROGRAMS", "target/debug").join("lanyard")
}

/// A folder named in the environment, else below the root of the repository.
pub(super) fn setting(variable: &str, default: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| programs::root().join(default), PathBuf::from)
}
