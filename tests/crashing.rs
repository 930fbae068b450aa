//! `lanyard apply --yes`, killed by its own hand at a named point.
//!
//! `crashing FILE before|after BOUNDARY N` walks the road as the program
//! does, over a store that sends SIGKILL to the process right before or right
//! after the N-th call of BOUNDARY (a method of the store, with dashes).  It
//! ends on its own only when the point was never reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, anyhow, bail};
use async_trait::async_trait;
use jiff::Timestamp;
use lanyard::{
    config::{self, Loaded, Role},
    connector::{Attached, Connectors},
    reconcile::{self, Stop},
    store::{
        Answer, AuditEntry, AuditFilter, AuditRow, Intent, MarkResult, NewRun, RunId, RunRecord,
        SourceRead, Store, StoreError, StoredPlan, Unsettled, sqlite::SqliteStore,
    },
    telemetry,
    wasm::Sandbox,
};
use lanyard_core::{
    fact::Identity,
    id::{ConnectorName, OperationId},
    observed::{Link, ObservedTarget, OwnedGrant},
    run::OperationState,
    value::ObjectRef,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, side, boundary, count] = arguments.as_slice() else {
        bail!("usage: crashing FILE before|after BOUNDARY N");
    };
    let point = (side.clone(), boundary.clone());
    let Loaded { config, .. } = config::load(Path::new(file), &|name| std::env::var(name).ok())
        .map_err(|errors| anyhow!("{}", errors.render()))?;
    let cache = std::env::var_os("LANYARD_CACHE");
    let sandbox = Sandbox::new(cache.as_deref().map(Path::new), telemetry::clock())
        .map_err(|error| anyhow!("{error:#}"))?;
    let mut connectors = Connectors::default();
    for (name, connector) in &config.connectors {
        let loaded = sandbox.load(connector).await.with_context(|| format!("loading {name}"))?;
        let attached = Attached {
            plugin: loaded.digest().clone(),
            permission: loaded.permission_digest().clone(),
            page_size: connector.limits.page_size,
            parallel: connector.limits.parallel,
            connector: Arc::new(loaded),
        };
        match connector.role {
            Role::Source => connectors.sources.insert(name.clone(), attached),
            Role::Target => connectors.targets.insert(name.clone(), attached),
        };
    }
    let inner = SqliteStore::open_exclusive(&config.store)?;
    let store = Mortal { inner, point, left: AtomicUsize::new(count.parse()?) };
    let context = reconcile::Context {
        policy: Arc::new(config.policy),
        config: config.digest,
        store: Arc::new(store),
        connectors,
        actor: "crashing".to_owned(),
        clock: telemetry::clock(),
    };
    reconcile::settle(&context).await?;
    let survey = reconcile::survey(&context, &BTreeSet::new()).await?;
    reconcile::execute(&context, &survey, &BTreeSet::new(), &Stop::default(), &|_progress| {})
        .await?;
    bail!("the point was never reached")
}

/// A store whose process does not outlive one of its calls.
struct Mortal {
    inner: SqliteStore,
    point: (String, String),
    left: AtomicUsize,
}

impl Mortal {
    fn pass(&self, side: &str, boundary: &str) {
        if self.point.0 == side
            && self.point.1 == boundary
            && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            die();
        }
    }

    async fn around<T>(
        &self,
        boundary: &str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.pass("before", boundary);
        let done = call.await;
        self.pass("after", boundary);
        done
    }
}

fn die() {
    // It cannot fail for oneself, and nothing runs after it.
    let _result = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}

#[async_trait]
impl Store for Mortal {
    async fn identities(&self) -> Result<Vec<Identity>, StoreError> {
        self.inner.identities().await
    }

    async fn source_reads(&self) -> Result<BTreeMap<ConnectorName, SourceRead>, StoreError> {
        self.inner.source_reads().await
    }

    async fn record_identities(
        &self,
        identities: &[Identity],
        reads: &BTreeMap<ConnectorName, SourceRead>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.around("record-identities", self.inner.record_identities(identities, reads, at)).await
    }

    async fn links(&self) -> Result<Vec<Link>, StoreError> {
        self.inner.links().await
    }

    async fn ledger(&self) -> Result<BTreeSet<OwnedGrant>, StoreError> {
        self.inner.ledger().await
    }

    async fn record_observation(
        &self,
        target: &ConnectorName,
        observed: &ObservedTarget,
    ) -> Result<(), StoreError> {
        self.around("record-observation", self.inner.record_observation(target, observed)).await
    }

    async fn observations(&self) -> Result<BTreeMap<ConnectorName, ObservedTarget>, StoreError> {
        self.inner.observations().await
    }

    async fn adopt(&self, link: &Link, audit: &AuditEntry) -> Result<(), StoreError> {
        self.inner.adopt(link, audit).await
    }

    async fn claim(&self, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), StoreError> {
        self.around("claim", self.inner.claim(claims)).await
    }

    async fn save_plan(&self, plan: &StoredPlan) -> Result<(), StoreError> {
        self.around("save-plan", self.inner.save_plan(plan)).await
    }

    async fn plan(&self, digest: &str) -> Result<Option<StoredPlan>, StoreError> {
        self.inner.plan(digest).await
    }

    async fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        self.around("begin-run", self.inner.begin_run(run)).await
    }

    async fn end_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.around("end-run", self.inner.end_run(run, at)).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.inner.runs().await
    }

    async fn intend(&self, intent: &Intent) -> Result<(), StoreError> {
        self.around("intend", self.inner.intend(intent)).await
    }

    async fn answer(&self, answer: &Answer) -> Result<(), StoreError> {
        self.around("answer", self.inner.answer(answer)).await
    }

    async fn mark(
        &self,
        key: &str,
        epoch: u64,
        step: &str,
        data: &str,
    ) -> Result<MarkResult, StoreError> {
        self.around("mark", self.inner.mark(key, epoch, step, data)).await
    }

    async fn recall(&self, key: &str, step: &str) -> Result<Option<String>, StoreError> {
        self.inner.recall(key, step).await
    }

    async fn unsettled(&self, current: Option<RunId>) -> Result<Vec<Unsettled>, StoreError> {
        self.inner.unsettled(current).await
    }

    async fn removals_since(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<ConnectorName, BTreeSet<ObjectRef>>, StoreError> {
        self.inner.removals_since(since).await
    }

    async fn operation_states(
        &self,
        run: RunId,
    ) -> Result<BTreeMap<OperationId, OperationState>, StoreError> {
        self.inner.operation_states(run).await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        self.inner.audit(filter).await
    }
}
