//! A directory to test against: in memory, or a real slapd behind the same
//! interface.

pub(crate) mod memory;
pub(crate) mod slapd;

use std::{cell::RefCell, rc::Rc};

use bytes::BytesMut;
use lanyard_sdk::{
    NewPassword,
    testing::{Host, Installed},
};
use ldap3_proto::{LdapCodec, proto::*};
use tokio_util::codec::{Decoder as _, Encoder as _};

pub(crate) const BASE: &str = "ou=people,dc=example,dc=org";
pub(crate) const GROUPS: &str = "ou=groups,dc=example,dc=org";
pub(crate) const POLICY: &str = "cn=default,dc=example,dc=org";

/// How a world differs from the usual one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setting {
    /// The server hands out no more entries than this.
    pub(crate) size_limit: Option<usize>,
    /// The password policy says that locked accounts may not sign in.
    pub(crate) lockout: bool,
    /// A lock can be set, but not on adding an entry (in memory only).
    pub(crate) late_lock: bool,
}

type Peer = Rc<RefCell<dyn FnMut(&[u8]) -> Vec<u8>>>;

pub(crate) struct World {
    peer: Peer,
    _keep: Option<Box<dyn std::any::Any>>,
}

impl World {
    pub(crate) fn new(peer: impl FnMut(&[u8]) -> Vec<u8> + 'static) -> Self {
        Self { peer: Rc::new(RefCell::new(peer)), _keep: None }
    }

    pub(crate) fn keeping(self, what: impl std::any::Any) -> Self {
        Self { _keep: Some(Box::new(what)), ..self }
    }

    /// The host of this thread hands out streams to this directory.
    pub(crate) fn host(&self) -> Installed {
        let peer = Rc::clone(&self.peer);
        Host::new().stream("directory", move |bytes| (peer.borrow_mut())(bytes)).install()
    }

    /// The same, with a password that is to be set.
    pub(crate) fn host_with(&self, plain: &str, must_change: bool) -> (Installed, NewPassword) {
        let peer = Rc::clone(&self.peer);
        let host = Host::new().stream("directory", move |bytes| (peer.borrow_mut())(bytes));
        let (host, password) = host.new_password(plain, must_change);
        (host.install(), password)
    }

    /// One request that is none of the connector's.
    pub(crate) fn ask(&self, op: LdapOp) -> Vec<LdapOp> {
        let answer = (self.peer.borrow_mut())(&encode(&[LdapMsg::new(9999, op)]));
        messages(&answer).into_iter().map(|message| message.op).collect()
    }

    pub(crate) fn apply(&self, op: LdapOp) {
        let answers = self.ask(op);
        let code = match answers.first() {
            Some(
                LdapOp::AddResponse(result)
                | LdapOp::ModifyResponse(result)
                | LdapOp::DelResponse(result),
            ) => result.code.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(code, LdapResultCode::Success, "{answers:?}");
    }

    pub(crate) fn add(&self, dn: &str, attributes: &[(&str, &str)]) {
        let attributes = attributes
            .iter()
            .map(|(name, value)| LdapAttribute {
                atype: (*name).to_owned(),
                vals: vec![value.as_bytes().to_vec()],
            })
            .collect();
        self.apply(LdapOp::AddRequest(LdapAddRequest { dn: dn.to_owned(), attributes }));
    }

    pub(crate) fn person(&self, uid: &str) {
        let class = ("objectClass", "inetOrgPerson");
        let anchor = format!("anchor-{uid}");
        let attributes =
            [class, ("uid", uid), ("cn", uid), ("sn", "Example"), ("employeeNumber", &anchor)];
        self.add(&format!("uid={uid},{BASE}"), &attributes);
    }

    pub(crate) fn replace(&self, dn: &str, name: &str, values: &[&str]) {
        let vals = values.iter().map(|value| value.as_bytes().to_vec()).collect();
        self.apply(LdapOp::ModifyRequest(LdapModifyRequest {
            dn: dn.to_owned(),
            changes: vec![LdapModify {
                operation: LdapModifyType::Replace,
                modification: LdapPartialAttribute { atype: name.to_owned(), vals },
            }],
        }));
    }

    /// Values of one attribute of one entry, in order; none if there is no
    /// such entry.
    pub(crate) fn values(&self, dn: &str, name: &str) -> Option<Vec<String>> {
        let answers = self.ask(LdapOp::SearchRequest(LdapSearchRequest {
            base: dn.to_owned(),
            scope: LdapSearchScope::Base,
            aliases: LdapDerefAliases::Never,
            sizelimit: 0,
            timelimit: 0,
            typesonly: false,
            filter: LdapFilter::Present("objectClass".to_owned()),
            attrs: vec![name.to_owned()],
        }));
        let entry = answers.into_iter().find_map(|answer| match answer {
            LdapOp::SearchResultEntry(entry) => Some(entry),
            _ => None,
        })?;
        let values = entry.attributes.into_iter().flat_map(|attribute| attribute.vals);
        let mut values: Vec<String> =
            values.map(|value| String::from_utf8(value).unwrap()).collect();
        values.sort();
        Some(values)
    }

    /// Whether the password opens the account, asked of the server.
    pub(crate) fn can_bind(&self, dn: &str, password: &str) -> bool {
        let answers = self.ask(LdapOp::BindRequest(LdapBindRequest {
            version: 3,
            dn: dn.to_owned(),
            cred: LdapBindCred::Simple(password.to_owned()),
        }));
        let [LdapOp::BindResponse(response)] = answers.as_slice() else { panic!("{answers:?}") };
        response.res.code == LdapResultCode::Success
    }
}

pub(crate) fn encode(messages: &[LdapMsg]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    for message in messages {
        LdapCodec::default().encode(message.clone(), &mut bytes).unwrap();
    }
    bytes.to_vec()
}

pub(crate) fn messages(bytes: &[u8]) -> Vec<LdapMsg> {
    let mut bytes = BytesMut::from(bytes);
    let mut messages = Vec::new();
    let mut codec = LdapCodec::new(Some(1 << 24), Some(16));
    while !bytes.is_empty() {
        messages.push(codec.decode(&mut bytes).unwrap().unwrap());
    }
    messages
}
