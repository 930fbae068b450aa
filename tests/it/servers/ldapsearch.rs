//! What the directory's own tools say, as independent witnesses.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use base64::Engine as _;

use super::programs;

#[derive(Debug, Clone)]
pub(crate) struct Directory {
    url: String,
}

/// Attributes of an entry and their values; `dn` is one of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry(BTreeMap<String, Vec<String>>);

impl Entry {
    pub(crate) fn all(&self, attribute: &str) -> &[String] {
        self.0.get(attribute).map(Vec::as_slice).unwrap_or_default()
    }

    /// The only value, or nothing.
    pub(crate) fn one(&self, attribute: &str) -> &str {
        match self.all(attribute) {
            [] => "",
            [only] => only,
            several => panic!("{}: {attribute} has the values {several:?}", self.one("dn")),
        }
    }
}

impl Directory {
    pub(crate) const ADMIN: &str = "cn=admin,dc=example,dc=org";
    pub(crate) const ADMIN_PASSWORD: &str = "secret";

    pub(crate) fn at(port: u16) -> Self {
        Self { url: format!("ldap://127.0.0.1:{port}/") }
    }

    /// Whether a server answers LDAP there.
    pub(crate) fn answers(&self) -> bool {
        let mut command = self.tool("ldapsearch");
        command.args(["-LLL", "-s", "base", "-b", "", "namingContexts"]);
        command.stderr(Stdio::null()).output().unwrap().status.success()
    }

    /// The entries of people, with what the server keeps beside them.
    pub(crate) fn people(&self) -> Vec<Entry> {
        let mut command = self.tool("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-b", "ou=people,dc=example,dc=org"]);
        command.args(["(objectClass=inetOrgPerson)", "*", "memberOf", "entryUUID"]);
        command.arg("pwdAccountLockedTime");
        ldif(&programs::run(&mut command))
    }

    /// Distinguished names of the members of each group.
    pub(crate) fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let mut command = self.tool("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-b", "ou=groups,dc=example,dc=org"]);
        command.args(["(objectClass=groupOfNames)", "cn", "member"]);
        ldif(&programs::run(&mut command))
            .into_iter()
            .map(|group| (group.one("cn").to_owned(), group.all("member").to_vec()))
            .collect()
    }

    /// Sets a password as an administrator does at a help desk.
    pub(crate) fn set_password(&self, dn: &str, password: &str) {
        let mut command = self.tool("ldappasswd");
        command.args(["-D", Self::ADMIN, "-w", Self::ADMIN_PASSWORD, "-s", password, dn]);
        programs::run(&mut command);
    }

    /// The result code of a sign-in: 0 is in, 49 is refused.
    pub(crate) fn bind(&self, dn: &str, password: &str) -> i32 {
        let mut command = self.tool("ldapwhoami");
        command.args(["-D", dn, "-w", password]);
        command.output().unwrap().status.code().unwrap()
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(programs::find(name).unwrap());
        // Neither the machine's nor the user's defaults count here.
        command.env("LDAPNOINIT", "1").args(["-x", "-H", &self.url]);
        command
    }
}

/// Entries as `ldapsearch -LLL -o ldif-wrap=no` writes them.
fn ldif(text: &str) -> Vec<Entry> {
    let entries = text.split("\n\n").map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for line in entry.lines() {
                let (name, value) = line.split_once(':').unwrap();
                let value = match value.strip_prefix(": ") {
                    Some(encoded) => {
                        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
                        // Hashes of passwords are bytes, which nobody compares.
                        String::from_utf8_lossy(&bytes.unwrap()).into_owned()
                    }
                    None => value.trim_start().to_owned(),
                };
                attributes.entry(name.to_owned()).or_default().push(value);
            }
            Entry(attributes)
        })
        .collect()
}
