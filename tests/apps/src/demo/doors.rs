//! Trying the doors: signing in as a person would, and a server that nobody
//! should call.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use bytes::BytesMut;
use ldap3_proto::{
    LdapCodec,
    proto::{
        LdapBindCred, LdapBindRequest, LdapModify, LdapModifyRequest, LdapModifyType, LdapMsg,
        LdapOp, LdapPartialAttribute, LdapResultCode as Code,
    },
};
use tokio_util::codec::{Decoder as _, Encoder as _};

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Whether the crm lets somebody in.
pub(super) fn crm_lets_in(crm: SocketAddr, user_name: &str) -> anyhow::Result<bool> {
    let body = serde_json::json!({ "userName": user_name }).to_string();
    let mut stream = connect(crm)?;
    write!(
        stream,
        "POST /login HTTP/1.1\r\nhost: {crm}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(true),
        Some("401" | "403") => Ok(false),
        other => bail!("the crm answered a sign-in with {}", other.unwrap_or("nothing")),
    }
}

/// Whether the directory lets somebody in.
pub(super) fn directory_lets_in(
    directory: SocketAddr,
    dn: &str,
    password: &str,
) -> anyhow::Result<bool> {
    match Ldap::connect(directory)?.bind(dn, password)? {
        Code::Success => Ok(true),
        Code::InvalidCredentials => Ok(false),
        other => bail!("the directory answered a sign-in with {other:?}"),
    }
}

/// What an administrator does who is no business of Lanyard's: gives somebody
/// a password.
pub(super) fn set_password(
    directory: SocketAddr,
    admin: (&str, &str),
    dn: &str,
    password: &str,
) -> anyhow::Result<()> {
    let mut ldap = Ldap::connect(directory)?;
    if ldap.bind(admin.0, admin.1)? != Code::Success {
        bail!("the directory does not know its administrator");
    }
    let vals = vec![password.as_bytes().to_vec()];
    let modification = LdapPartialAttribute { atype: "userPassword".into(), vals };
    let change = LdapModify { operation: LdapModifyType::Replace, modification };
    let request = LdapModifyRequest { dn: dn.into(), changes: vec![change] };
    match ldap.ask(LdapOp::ModifyRequest(request))? {
        LdapOp::ModifyResponse(result) if result.code == Code::Success => Ok(()),
        other => bail!("the password of `{dn}` was not set: {other:?}"),
    }
}

struct Ldap {
    stream: TcpStream,
    read: BytesMut,
}

impl Ldap {
    fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { stream: connect(address)?, read: BytesMut::new() })
    }

    fn bind(&mut self, dn: &str, password: &str) -> anyhow::Result<Code> {
        let cred = LdapBindCred::Simple(password.into());
        let request = LdapBindRequest { version: 3, dn: dn.into(), cred };
        match self.ask(LdapOp::BindRequest(request))? {
            LdapOp::BindResponse(response) => Ok(response.res.code),
            other => bail!("not an answer to a bind: {other:?}"),
        }
    }

    fn ask(&mut self, op: LdapOp) -> anyhow::Result<LdapOp> {
        let mut codec = LdapCodec::default();
        let mut bytes = BytesMut::new();
        codec.encode(LdapMsg::new(1, op), &mut bytes)?;
        self.stream.write_all(&bytes)?;
        let mut chunk = [0_u8; 4096];
        loop {
            if let Some(message) = codec.decode(&mut self.read)? {
                return Ok(message.op);
            }
            let count = self.stream.read(&mut chunk)?;
            if count == 0 {
                bail!("the directory closed the connection instead of answering");
            }
            self.read.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
    }
}

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream =
        TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    Ok(stream)
}

/// A server somewhere else, that counts who calls and answers nobody.
pub(super) struct Stranger {
    pub(super) address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Stranger {
    pub(super) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        // Ends with the process: nobody waits for it.
        std::thread::spawn(move || {
            for call in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                drop(call);
            }
        });
        Ok(Self { address, calls })
    }

    /// Connections that were made until now.
    ///
    /// # Errors
    /// When it does not count at all, which a call of our own shows.
    pub(super) fn calls(&self) -> anyhow::Result<usize> {
        let mut own = connect(self.address)?;
        // The end of the answer comes after the call was counted, and all
        // who connected before were taken before.
        let _bytes = own.read(&mut [0_u8; 1])?;
        let calls = self.calls.load(Ordering::SeqCst);
        calls.checked_sub(1).context("the server that nobody should call counts nothing")
    }
}
