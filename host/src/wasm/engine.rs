//! The one engine: every component is compiled, inspected and run by it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a running guest gives other tasks a turn and lets its deadline
/// be noticed.  Ten milliseconds cost a busy guest under a fifth of its
/// speed; the deadline itself is an outer timer.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Instances alive at the same time, over all connectors.
pub(super) const MAX_INSTANCES: u32 = 256;

/// The largest linear memory an operator can permit; every pool slot
/// reserves address space for it.
pub(super) const MAX_MEMORY: usize = 1 << 30;

/// Entries of one table.  Guests built from Rust need some hundred.
pub(super) const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Memory of a slot kept resident between two instances where the kernel can
/// tell which pages were touched: saves a third of a call (measured; a guest
/// rarely touches more).
const KEEP_RESIDENT: usize = 512 << 10;

/// An engine with the thread that ticks its epoch; the thread ends with it.
pub(super) struct Engine {
    inner: wasmtime::Engine,
    stop: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
    allocation: Allocation,
}

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allocation {
    /// A pool whose slots are cleaned page by page (Linux 6.7 or newer).
    PoolWithPagemap,
    Pool,
    /// Where not enough address space can be reserved.
    OnDemand,
}

impl Engine {
    /// The best allocation that this kernel and process offer.
    ///
    /// # Errors
    /// When no engine at all can be made, or no thread be started.
    pub(super) fn new() -> wasmtime::Result<Self> {
        let (engine, allocation) = [Allocation::PoolWithPagemap, Allocation::Pool]
            .into_iter()
            .find_map(|allocation| {
                wasmtime::Engine::new(&config(allocation)).ok().map(|engine| (engine, allocation))
            })
            .map_or_else(
                || {
                    wasmtime::Engine::new(&config(Allocation::OnDemand))
                        .map(|engine| (engine, Allocation::OnDemand))
                },
                Ok,
            )?;
        let stop = Arc::new(AtomicBool::new(false));
        let ticker = spawn_ticker(engine.clone(), Arc::clone(&stop))?;
        Ok(Self { inner: engine, stop, ticker: Some(ticker), allocation })
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }

    pub(super) fn allocation(&self) -> Allocation {
        self.allocation
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            // A ticker that panicked has nothing left to clean up.
            let _joined = ticker.join();
        }
    }
}

fn config(allocation: Allocation) -> Config {
    let mut config = Config::new();
    // One call at a time per store: the contract is synchronous, and without
    // it a call costs about a microsecond less.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    match allocation {
        Allocation::OnDemand => {}
        Allocation::Pool | Allocation::PoolWithPagemap => {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(allocation)));
        }
    }
    config
}

fn pool(allocation: Allocation) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MAX_INSTANCES)
        // A component built by wit-component has up to four core instances.
        .total_core_instances(MAX_INSTANCES * 6)
        .total_memories(MAX_INSTANCES)
        .total_tables(MAX_INSTANCES * 2)
        .total_stacks(MAX_INSTANCES)
        .max_tables_per_module(2)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(MAX_MEMORY)
        // A whole firm's plan uses few slots at once; the rest gives its
        // pages back.
        .max_unused_warm_slots(16);
    if allocation == Allocation::PoolWithPagemap {
        pool.linear_memory_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Yes);
    } else {
        // Without pagemap every kept byte is cleared by hand: keep less.
        pool.linear_memory_keep_resident(256 << 10);
    }
    pool
}

/// On a thread of its own: a guest that spins must not keep the tick from
/// coming.
fn spawn_ticker(inner: wasmtime::Engine, stop: Arc<AtomicBool>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(TICK);
            inner.increment_epoch();
        }
    })
}
