//! `lanyard apply --yes`, killed by its own hand at a named point.
//!
//! `crashing FILE before|after BOUNDARY N` walks the road as the program
//! does, over a store that sends SIGKILL to the process right before or right
//! after the N-th call of BOUNDARY (a method of the store, with dashes).  It
//! ends on its own only when the point was never reached.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, anyhow, bail};
use lanyard::{
    config::{self, Loaded, Role, store::StoreConfig},
    connector::{Attached, Connectors},
    messenger::Post,
    reconcile::{self, Stop},
    store::sqlite::SqliteStore,
    telemetry,
    wasm::Sandbox,
};
use lanyard_tests::around::Around;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, side, boundary, count] = arguments.as_slice() else {
        bail!("usage: crashing FILE before|after BOUNDARY N");
    };
    let (side, boundary) = (side.clone(), boundary.clone());
    let left = AtomicUsize::new(count.parse()?);
    let Loaded { config, .. } = config::load(Path::new(file), &|name| std::env::var(name).ok())
        .map_err(|errors| anyhow!("{}", errors.render()))?;
    let cache = std::env::var_os("LANYARD_CACHE");
    let sandbox = Sandbox::new(cache.as_deref().map(Path::new), telemetry::clock())
        .map_err(|error| anyhow!("{error:#}"))?;
    let mut connectors = Connectors::default();
    for (name, connector) in &config.connectors {
        let loaded = sandbox.load(connector).await.with_context(|| format!("loading {name}"))?;
        if connector.role == Role::Component {
            connectors.components.insert(name.clone(), Arc::new(loaded));
            continue;
        }
        let attached = Attached {
            plugin: loaded.digest().clone(),
            permission: loaded.permission_digest().clone(),
            page_size: connector.limits.page_size,
            parallel: connector.limits.parallel,
            gate: loaded.gate(),
            connector: Arc::new(loaded),
        };
        let places = match connector.role {
            Role::Source => &mut connectors.sources,
            Role::Target | Role::Component => &mut connectors.targets,
        };
        places.insert(name.clone(), attached);
    }
    let StoreConfig::File(path) = &config.store else { bail!("the store is in no file") };
    let store = Around {
        inner: Arc::new(SqliteStore::open_exclusive(path)?),
        beside: Box::new(move |here_side, here| {
            if here_side == side && here == boundary && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                die();
            }
            Ok(())
        }),
    };
    let context = reconcile::Context {
        policy: Arc::new(config.policy),
        config: config.digest,
        store: Arc::new(store),
        connectors,
        messenger: Arc::new(Post::new(&config.notify)?),
        actor: "crashing".to_owned(),
        clock: telemetry::clock(),
        stop: Stop::default(),
    };
    reconcile::settle(&context, reconcile::Settling::Finishing).await?;
    let survey = reconcile::survey(&context).await?;
    reconcile::execute(&context, &survey, &BTreeSet::new(), &|_progress| {}).await?;
    bail!("the point was never reached")
}

fn die() {
    let _never_fails =
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}
