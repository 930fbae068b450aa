//! A real slapd on a socket in a private directory, one for each test.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use ldap3_proto::proto::*;

use super::{BASE, GROUPS, POLICY, Setting, World, encode, messages};

/// Path of the slapd program; without it these tests say that they did not run.
const PROGRAM: &str = "LANYARD_TEST_SLAPD";
const ADMIN: &str = "cn=admin,dc=example,dc=org";
const SIGN_IN: &str = "cn=connector,dc=example,dc=org";

static STARTED: AtomicU32 = AtomicU32::new(0);
static NOT_RUN: Once = Once::new();

/// None when the environment names no slapd.
pub(crate) fn world(setting: Setting) -> Option<World> {
    let Some(program) = std::env::var_os(PROGRAM) else {
        // Not a print macro: those are swallowed where tests pass.
        NOT_RUN.call_once(|| {
            let line = format!("not run: with_slapd::*, {PROGRAM} does not name a slapd program\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        });
        return None;
    };
    let slapd = Slapd::start(Path::new(&program), setting);
    let (socket, mut connection) = (slapd.directory.join("socket"), None);
    Some(World::new(move |bytes| relay(&socket, &mut connection, bytes)).keeping(slapd))
}

struct Slapd {
    directory: PathBuf,
}

impl Slapd {
    fn start(program: &Path, setting: Setting) -> Self {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("lanyard-slapd-{}-{number}", std::process::id()));
        fs::create_dir_all(directory.join("db")).unwrap();
        let conf = directory.join("slapd.conf");
        fs::write(&conf, configuration(&directory, setting)).unwrap();
        let data = directory.join("data.ldif");
        fs::write(&data, entries(setting)).unwrap();
        let conf = conf.to_str().unwrap();
        // One program under several names; the tool is chosen by `-T`.
        run(Command::new(program).args(["-T", "add", "-f", conf, "-l", data.to_str().unwrap()]));
        let socket = directory.join("socket").to_str().unwrap().replace('/', "%2F");
        // It goes to the background once it is up.
        run(Command::new(program).args(["-f", conf, "-h", &format!("ldapi://{socket}")]));
        Self { directory }
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.directory.join("pid")) {
            run(Command::new("kill").arg(pid.trim()));
        }
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn configuration(directory: &Path, setting: Setting) -> String {
    let directory = directory.display();
    let limit = setting.size_limit.map_or("unlimited".to_owned(), |limit| limit.to_string());
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {directory}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
database mdb
suffix dc=example,dc=org
rootdn {ADMIN}
rootpw secret
directory {directory}/db
index objectClass,uid,entryUUID eq
limits dn.exact=\"{SIGN_IN}\" size={limit} size.prtotal={limit}
access to attrs=userPassword by dn.exact=\"{SIGN_IN}\" manage by anonymous auth by * none
access to * by dn.exact=\"{SIGN_IN}\" manage by * read
overlay ppolicy
ppolicy_default {POLICY}
"
    )
}

fn entries(setting: Setting) -> String {
    let lockout = if setting.lockout { "TRUE" } else { "FALSE" };
    format!(
        "dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {BASE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: {POLICY}
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: {lockout}

dn: {SIGN_IN}
objectClass: person
cn: connector
sn: connector
userPassword: secret
"
    )
}

/// The socket is there a moment before slapd listens on it.
fn connect(socket: &Path) -> UnixStream {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < deadline, "slapd does not listen: {error}"),
        }
        std::thread::yield_now();
    }
}

/// Passes one request on and returns everything the server answers to it.
fn relay(socket: &Path, connection: &mut Option<UnixStream>, bytes: &[u8]) -> Vec<u8> {
    let [request] = messages(bytes).try_into().unwrap();
    match request.op {
        LdapOp::UnbindRequest => {
            *connection = None;
            return Vec::new();
        }
        LdapOp::BindRequest(_) => {
            let mut other = connect(socket);
            return exchange(&mut other, bytes);
        }
        _ => {}
    }
    let stream = connection.get_or_insert_with(|| {
        let mut stream = connect(socket);
        let bind = LdapBindRequest {
            version: 3,
            dn: SIGN_IN.to_owned(),
            cred: LdapBindCred::Simple("secret".to_owned()),
        };
        exchange(&mut stream, &encode(&[LdapMsg::new(1, LdapOp::BindRequest(bind))]));
        stream
    });
    exchange(stream, bytes)
}

fn exchange(stream: &mut UnixStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut answers = Vec::new();
    loop {
        let message = read(stream);
        let [LdapMsg { op, .. }] = messages(&message).try_into().unwrap();
        answers.extend(message);
        if !matches!(op, LdapOp::SearchResultEntry(_) | LdapOp::SearchResultReference(_)) {
            return answers;
        }
    }
}

fn read(stream: &mut UnixStream) -> Vec<u8> {
    let mut message = vec![0; 2];
    stream.read_exact(&mut message).unwrap();
    let mut length = usize::from(message[1]);
    if length >= 0x80 {
        let mut digits = vec![0; length - 0x80];
        stream.read_exact(&mut digits).unwrap();
        length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        message.extend(digits);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    message.extend(body);
    message
}
