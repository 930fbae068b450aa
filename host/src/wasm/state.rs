//! What one call holds: its sandbox, its permissions, its budget.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use wasmtime::{ResourceLimiter, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::{
    engine::MAX_TABLE_ELEMENTS,
    http::Gate,
    load::Component,
    permitted::{Purpose, Refusal},
};
use crate::connector::{Journal, Password};

/// Lines a guest may log in one call; more are counted and dropped.
const MAX_LOG_LINES: u32 = 100;

/// Refusals kept for the message of a failed call.
const MAX_DENIALS: usize = 8;

/// The data of one store.
pub(super) struct CallState {
    pub(super) wasi: WasiCtx,
    pub(super) http: WasiHttpCtx,
    pub(super) gate: Gate,
    pub(super) table: ResourceTable,
    pub(super) memory: MemoryLimit,
    pub(super) services: Services,
}

/// What the host's own interfaces answer from.
pub(super) struct Services {
    pub(super) component: Arc<Component>,
    pub(super) purpose: Purpose,
    /// There during a write, and only then.
    pub(super) journal: Option<Arc<dyn Journal>>,
    pub(super) deadline: Instant,
    pub(super) denials: Denials,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) open_streams: usize,
    /// What is to be set in this call.
    pub(super) handed: Option<Password>,
    log_lines: u32,
}

impl Services {
    pub(super) fn new(
        component: Arc<Component>,
        purpose: Purpose,
        journal: Option<Arc<dyn Journal>>,
        deadline: Instant,
        denials: Denials,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        Self {
            component,
            purpose,
            journal,
            deadline,
            denials,
            cancelled,
            open_streams: 0,
            handed: None,
            log_lines: 0,
        }
    }

    /// Whether one more line may be logged.
    pub(super) fn may_log(&mut self) -> bool {
        self.log_lines = self.log_lines.saturating_add(1);
        if self.log_lines == MAX_LOG_LINES + 1 {
            tracing::warn!(
                connector = %self.component.permitted.config.name,
                "more than {MAX_LOG_LINES} lines in one call; the rest is dropped"
            );
        }
        self.log_lines <= MAX_LOG_LINES
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.gate, table: &mut self.table, ctx: &mut self.http }
    }
}

/// What was refused during a call, for its error.
#[derive(Debug, Clone, Default)]
pub(super) struct Denials {
    noted: Arc<Mutex<Vec<String>>>,
    silent: Arc<AtomicBool>,
}

/// In place of what a guest says that knows a password.
pub(super) const NOT_SHOWN: &str = "not shown";

impl Denials {
    /// From now on nothing is told that a guest gave.
    pub(super) fn be_silent(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    /// What may be told of a refusal.
    pub(super) fn shown(&self, refusal: &Refusal) -> String {
        if self.silent.load(Ordering::Relaxed) {
            format!("a request of the connector is refused ({NOT_SHOWN})")
        } else {
            refusal.to_string()
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, refusal: String) {
        let mut denials = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.len() < MAX_DENIALS && !denials.contains(&refusal) {
            denials.push(refusal);
        }
    }

    /// All of them as one text; none when nothing was refused.
    pub(super) fn text(&self) -> Option<String> {
        let denials = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        (!denials.is_empty()).then(|| denials.join("; "))
    }
}

/// Bounds memory and tables of one instance, and remembers having said no.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    bytes: usize,
    pub(super) exceeded: bool,
}

impl MemoryLimit {
    pub(super) fn new(bytes: u64) -> Self {
        Self { bytes: usize::try_from(bytes).unwrap_or(usize::MAX), exceeded: false }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= self.bytes;
        self.exceeded |= !fits;
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= MAX_TABLE_ELEMENTS;
        self.exceeded |= !fits;
        Ok(fits)
    }
}
