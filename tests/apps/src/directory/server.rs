//! The directory as a server on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use ldap3_proto::{
    LdapCodec,
    proto::{LdapMsg, LdapOp, LdapPartialAttribute},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinHandle,
};
use tokio_util::codec::Framed;

use super::{
    entry::Refusal,
    request::{Session, respond},
    tree::Tree,
};
use crate::state::{StateFile, WriteLog};

/// How the directory is started.
#[derive(Debug)]
pub struct Options {
    /// Port on loopback; 0 takes a free one.
    pub port: u16,
    pub state: Option<PathBuf>,
    pub log: Option<PathBuf>,
    /// The topmost entry, whose name starts with `dc=`.
    pub base: String,
    /// The password of `cn=admin,<base>`, who alone may write.
    pub admin_password: String,
    /// Groups below `ou=groups` that exist from the start.
    pub groups: Vec<String>,
    /// Whether the password policy lets a locked time block anybody.
    pub lockout: bool,
    /// Entries that a search returns at most, over all its pages.
    pub size_limit: Option<usize>,
    /// Time between applying a write and answering it.
    pub delay: Duration,
    /// The write (counted from 1) that is applied and never answered.
    pub drop_write: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            state: None,
            log: None,
            base: "dc=example,dc=org".into(),
            admin_password: "secret".into(),
            groups: Vec::new(),
            lockout: true,
            size_limit: None,
            delay: Duration::ZERO,
            drop_write: None,
        }
    }
}

/// The running directory; it stops when this is dropped.
#[derive(Debug)]
pub struct Directory {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Directory {
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let file = StateFile::new(options.state.clone());
        let mut tree: Tree = file.load()?.unwrap_or_default();
        if tree.is_empty() {
            furnish(&mut tree, &options).map_err(|refusal| {
                anyhow::anyhow!("cannot start with `{}`: {}", options.base, refusal.message)
            })?;
        }
        file.save(&tree).context("cannot write the state")?;
        let log = WriteLog::open(options.log.as_deref())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("cannot listen on port {}", options.port))?;
        let address = listener.local_addr()?;
        let world = World { tree, file, log, writes: 0 };
        let shared = Arc::new(Shared { options, world: Mutex::new(world) });
        let task = tokio::spawn(accept(listener, shared));
        Ok(Self { address, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until the process ends.
    pub async fn run(mut self) -> anyhow::Result<()> {
        (&mut self.task).await.context("the directory stopped")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) world: Mutex<World>,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) tree: Tree,
    pub(super) file: StateFile,
    pub(super) log: WriteLog,
    /// Writes sent since the start.
    pub(super) writes: u64,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the application is a world of its own, with a clock"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// A message larger than this closes the connection.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&shared)));
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut framed = Framed::new(stream, LdapCodec::new(Some(MESSAGE_BYTES_MAX), None));
    let mut session = Session::default();
    // What cannot be read as LDAP ends the connection.
    while let Some(Ok(message)) = framed.next().await {
        let Some(answers) = respond(&shared, &mut session, message).await else { return };
        for answer in answers {
            if framed.send(answer).await.is_err() {
                return;
            }
        }
    }
}

/// The entries a fresh directory has: its base, the usual units, the
/// administrator, the password policy and the groups asked for.
fn furnish(tree: &mut Tree, options: &Options) -> Result<(), Refusal> {
    let base = &options.base;
    let dc = base.split([',', '=']).nth(1).unwrap_or_default();
    let mut add = |dn: &str, attributes: &[(&str, &[&str])]| {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(name, values)| LdapPartialAttribute {
                atype: (*name).to_owned(),
                vals: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
            })
            .collect();
        tree.add(dn, &attributes, now())
    };
    let classes = ["top", "dcObject", "organization"];
    add(base, &[("objectClass", &classes), ("dc", &[dc]), ("o", &["Example"])])?;
    for unit in ["people", "groups", "policies"] {
        let dn = format!("ou={unit},{base}");
        add(&dn, &[("objectClass", &["organizationalUnit"]), ("ou", &[unit])])?;
    }
    let admin = format!("cn=admin,{base}");
    let password = options.admin_password.as_str();
    let person: &[(&str, &[&str])] = &[
        ("objectClass", &["person"]),
        ("cn", &["admin"]),
        ("sn", &["Administrator"]),
        ("userPassword", &[password]),
    ];
    add(&admin, person)?;
    let lockout = if options.lockout { "TRUE" } else { "FALSE" };
    let policy: &[(&str, &[&str])] = &[
        ("objectClass", &["device", "pwdPolicy"]),
        ("cn", &["default"]),
        ("pwdAttribute", &["userPassword"]),
        ("pwdLockout", &[lockout]),
    ];
    add(&format!("cn=default,ou=policies,{base}"), policy)?;
    for group in &options.groups {
        let attributes: &[(&str, &[&str])] =
            &[("objectClass", &["groupOfNames"]), ("cn", &[group]), ("member", &[&admin])];
        add(&format!("cn={group},ou=groups,{base}"), attributes)?;
    }
    Ok(())
}

impl Shared {
    /// Whether this write is the one whose answer gets lost.
    pub(super) fn loses(&self, write: u64) -> bool {
        self.options.drop_write == Some(write)
    }

    pub(super) fn admin(&self) -> String {
        format!("cn=admin,{}", self.options.base)
    }
}

/// An answer to a message.
pub(super) fn answer(to: &LdapMsg, op: LdapOp) -> LdapMsg {
    LdapMsg::new(to.msgid, op)
}
