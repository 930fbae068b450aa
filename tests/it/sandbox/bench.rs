//! The misbehaving connector, configured and loaded.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard::{
    config::{
        CallLimits, ConnectorConfig, Role,
        permissions::{Host, Permissions, RequestPermission, Scheme, SecretSource},
    },
    connector::{Connector as _, Journal, JournalError, Page, PageRequest, Write, WriteContext},
    wasm::{Sandbox, WasmConnector},
};
use lanyard_core::{
    account::{Account, AccountState},
    fault::Fault,
    id::ConnectorName,
    schedule::Pacing,
};
use serde_json::json;

use crate::built;

pub(super) const USER: &str = "user";

/// A sandbox and the component; none when that is not built.
pub(super) struct Bench {
    sandbox: Sandbox,
    plugin: PathBuf,
}

impl Bench {
    pub(super) fn new(test: &str) -> Option<Self> {
        let plugin = built::component(test, "misbehaving")?;
        let clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        Some(Self { sandbox: Sandbox::new(Some(&built::cache()), clock).unwrap(), plugin })
    }

    pub(super) async fn load(&self, setting: Setting) -> WasmConnector {
        let Setting { behaviour, url, other, mebibytes, permissions, limits } = setting;
        let mut config = json!({ "behaviour": behaviour, "mebibytes": mebibytes });
        for (key, server) in [("url", url), ("other", other)] {
            if let Some(server) = server {
                config[key] = json!(server);
            }
        }
        let config = ConnectorConfig {
            name: ConnectorName::new("acme").unwrap(),
            role: Role::Target,
            plugin: self.plugin.clone(),
            config,
            permissions,
            limits,
            pacing: Pacing::default(),
        };
        self.sandbox.load(&config).await.unwrap()
    }
}

/// What the connector is told, permitted, and bounded by.
pub(super) struct Setting {
    behaviour: &'static str,
    url: Option<String>,
    other: Option<String>,
    mebibytes: u32,
    pub(super) permissions: Permissions,
    pub(super) limits: CallLimits,
}

impl Setting {
    pub(super) fn of(behaviour: &'static str) -> Self {
        Self {
            behaviour,
            url: None,
            other: None,
            mebibytes: 0,
            permissions: Permissions::default(),
            limits: CallLimits::default(),
        }
    }

    /// A server it knows, asks for, and is permitted.
    pub(super) fn permitted(mut self, server: SocketAddr) -> Self {
        self.url = Some(format!("http://{server}"));
        self.permissions.requests.push(to(server));
        self
    }

    /// A server it knows, asks for, and is not permitted.
    pub(super) fn forbidden(mut self, server: SocketAddr) -> Self {
        self.other = Some(format!("http://{server}"));
        self
    }

    /// A server it knows by name; the name is permitted.
    pub(super) fn named(mut self, name: &str, server: SocketAddr) -> Self {
        self.other = Some(format!("http://{name}:{}", server.port()));
        let host = Host::Name(name.to_owned());
        self.permissions.requests.push(RequestPermission { host, ..to(server) });
        self
    }

    pub(super) fn wanting(mut self, mebibytes: u32) -> Self {
        self.mebibytes = mebibytes;
        self
    }

    pub(super) fn secret(mut self, name: &str, file: &Path) -> Self {
        let source = SecretSource::File(file.to_owned());
        self.permissions.secrets.insert(name.to_owned(), source);
        self
    }
}

/// Every request to that very server.
pub(super) fn to(server: SocketAddr) -> RequestPermission {
    RequestPermission {
        scheme: Scheme::Http,
        host: Host::Address(server.ip()),
        port: server.port(),
        methods: None,
        path: "/".to_owned(),
    }
}

pub(super) fn page(cursor: Option<&str>) -> PageRequest {
    PageRequest { cursor: cursor.map(str::to_owned), limit: 10 }
}

pub(super) async fn list(connector: &WasmConnector) -> Result<Page<Account>, Fault> {
    connector.list(USER, page(None)).await
}

/// Kind and message, for a snapshot.
pub(super) fn told(fault: &Fault) -> String {
    format!("{}: {}", fault.kind.word(), fault.message)
}

pub(super) struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn mark(&self, _step: &str, _data: &str) -> Result<(), JournalError> {
        Ok(())
    }

    async fn recall(&self, _step: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
}

/// One journaled write, as the executor makes it.
pub(super) async fn create(
    connector: &WasmConnector,
) -> Result<lanyard::connector::Outcome, Fault> {
    let context = WriteContext {
        idempotency_key: "key".to_owned(),
        attempt: 1,
        trace_id: "trace".to_owned(),
        reason: None,
        expect_revision: None,
        journal: Arc::new(NoJournal),
    };
    let write = Write::Create {
        object_type: USER.to_owned(),
        name: "ada".to_owned(),
        anchor: "E1".to_owned(),
        attributes: Vec::new(),
        state: AccountState::Active,
    };
    connector.write(context, &write).await
}
