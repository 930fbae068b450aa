//! A real slapd in a private folder on a loopback port.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    ldapsearch::Directory,
    programs::{self, Server},
    tls::Certificates,
};

/// The member of a group that has none.
pub(crate) const NOBODY: &str = "cn=empty-membership-placeholder";
/// What the connector signs in with; the operator's file names it.
const SIGN_IN: &str = "cn=lanyard,dc=example,dc=org";
pub(crate) const PASSWORD: &str = "not-a-secret";

pub(crate) struct Slapd {
    program: PathBuf,
    folder: TempDir,
    server: Option<Server>,
    port: u16,
    /// Where TLS begins with the first byte.
    tls_port: u16,
    certificates: Option<Certificates>,
}

impl Slapd {
    /// None, after saying so, when the programs are not installed.
    pub(crate) fn start(groups: &[String], certificates: Option<Certificates>) -> Option<Self> {
        let Some(program) = programs::find("slapd") else {
            programs::not_run("slapd is not installed");
            return None;
        };
        if programs::find("ldapsearch").is_none() {
            programs::not_run("ldapsearch is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("db")).unwrap();
        let mut slapd = Self { program, folder, server: None, port: 0, tls_port: 0, certificates };
        slapd.configure("unlimited");
        let data = slapd.folder.path().join("data.ldif");
        fs::write(&data, entries(groups)).unwrap();
        // One program under several names; the tool is chosen by `-T`.
        let mut add = Command::new(&slapd.program);
        programs::run(add.args(["-T", "add", "-f"]).arg(slapd.conf()).arg("-l").arg(&data));
        slapd.serve();
        Some(slapd)
    }

    /// Restarts it with a limit of entries that one search shows.
    pub(crate) fn limit(&mut self, entries: u32) {
        drop(self.server.take());
        self.configure(&entries.to_string());
        self.serve();
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The directory as its own tools see it.
    pub(crate) fn directory(&self) -> Directory {
        Directory::at(self.port)
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("slapd.conf")
    }

    fn configure(&self, limit: &str) {
        let text = configuration(self.folder.path(), limit, self.certificates.as_ref());
        fs::write(self.conf(), text).unwrap();
    }

    fn serve(&mut self) {
        let (program, conf) = (self.program.clone(), self.conf());
        let encrypted = self.certificates.is_some();
        let mut tls_port = 0;
        let command = |port| {
            tls_port = programs::free_port();
            let mut listen = format!("ldap://127.0.0.1:{port}/");
            if encrypted {
                write!(listen, " ldaps://127.0.0.1:{tls_port}/").unwrap();
            }
            let mut command = Command::new(&program);
            // With a level of debugging it stays in the foreground.
            command.args(["-d", "0", "-h", &listen, "-f"]).arg(&conf);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let (server, port) = Server::start(command, |port| Directory::at(port).answers());
        self.server = Some(server);
        self.port = port;
        self.tls_port = tls_port;
    }
}

/// Everybody may look, as in most directories; the sign-in of the connector
/// is no administrator, so that limits and policies hold for it.
fn configuration(folder: &Path, limit: &str, certificates: Option<&Certificates>) -> String {
    let folder = folder.display();
    let mut text = "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
moduleload refint
sizelimit unlimited
"
    .to_owned();
    if let Some(certificates) = certificates {
        let (certificate, key) = (certificates.certificate(), certificates.key());
        writeln!(text, "TLSCertificateFile {}", certificate.display()).unwrap();
        writeln!(text, "TLSCertificateKeyFile {}", key.display()).unwrap();
    }
    write!(
        text,
        "database mdb
suffix dc=example,dc=org
rootdn {}
rootpw {}
directory {folder}/db
lastbind on
index objectClass,uid,entryUUID,employeeNumber,member eq
limits dn.exact=\"{SIGN_IN}\" size={limit} size.prtotal={limit}
access to attrs=userPassword by dn.exact=\"{SIGN_IN}\" manage by anonymous auth by * none
access to * by dn.exact=\"{SIGN_IN}\" manage by * read
overlay memberof
overlay refint
refint_attributes member
refint_nothing {NOBODY}
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=example,dc=org
",
        Directory::ADMIN,
        Directory::ADMIN_PASSWORD
    )
    .unwrap();
    text
}

fn entries(groups: &[String]) -> String {
    let mut text = "dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example
"
    .to_owned();
    for unit in ["people", "groups", "policies"] {
        write!(
            text,
            "\ndn: ou={unit},dc=example,dc=org\nobjectClass: organizationalUnit\nou: {unit}\n"
        )
        .unwrap();
    }
    write!(
        text,
        "
dn: cn=default,ou=policies,dc=example,dc=org
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE

dn: {SIGN_IN}
objectClass: person
cn: lanyard
sn: lanyard
userPassword: {PASSWORD}

dn: cn=looks,dc=example,dc=org
objectClass: person
cn: looks
sn: looks
userPassword: {PASSWORD}
"
    )
    .unwrap();
    for group in groups {
        write!(
            text,
            "\ndn: cn={group},ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\n\
             cn: {group}\nmember: {NOBODY}\n"
        )
        .unwrap();
    }
    text
}
