//! One call: a fresh instance, bounded in time, memory and reach; gone after.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use lanyard_core::fault::{Applied, Fault, FaultKind};
use tokio::{sync::SemaphorePermit, time::error::Elapsed};
use wasmtime::{Store, component::ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, p2::pipe::MemoryOutputPipe};
use wasmtime_wasi_http::WasiHttpCtx;

use super::{
    http::Gate,
    load::Component,
    permitted::Purpose,
    script::Heard,
    secrets::Placeholders,
    state::{CallState, Denials, MemoryLimit, Services},
    v0_1::{CallError, Instance, MAX_RESOURCES},
};
use crate::connector::{Journal, Password};

/// Bytes of standard output and of standard error that are kept for the log.
const MAX_OUTPUT: usize = 16 << 10;

/// Bytes a guest may make the host copy in one call (answers, log lines,
/// request bodies).
const HOST_CALL_BYTES: usize = 128 << 20;

/// Characters of the cause of a failed host call that are shown.
const MAX_CAUSE: usize = 200;

/// Bytes of the headers of one request or answer.
const MAX_HEADERS: usize = 64 << 10;

/// Random bytes per request of the guest.
const MAX_RANDOM: u64 = 64 << 10;

/// A call that was begun; holds a turn at its connector until it ends.
pub(super) struct Call<'a> {
    component: &'a Arc<Component>,
    store: Store<CallState>,
    wall_time: Duration,
    denials: Denials,
    output: MemoryOutputPipe,
    _turn: SemaphorePermit<'a>,
}

impl<'a> Call<'a> {
    /// Waits for a turn, then builds the sandbox.  The clock starts here.
    pub(super) async fn begin(
        component: &'a Arc<Component>,
        purpose: Purpose,
        journal: Option<Arc<dyn Journal>>,
        cancelled: Arc<AtomicBool>,
    ) -> Result<Self, Fault> {
        let turn =
            component.parallel.acquire().await.map_err(|_closed| {
                Fault::new(FaultKind::Cancelled, "the connector is being closed")
            })?;
        let config = &component.permitted.config;
        let wall_time = config.limits.wall_time;
        let deadline = Instant::now() + wall_time;
        let denials = Denials::default();
        let output = MemoryOutputPipe::new(MAX_OUTPUT);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MAX_HEADERS);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let state = CallState {
            wasi: wasi(component, purpose, &output)?,
            http,
            gate: Gate {
                permitted: Arc::clone(&component.permitted),
                purpose,
                placeholders: Arc::new(Placeholders::new(Arc::clone(&component.vault))),
                outlet: component.outlet.clone(),
                deadline,
                denials: denials.clone(),
            },
            table,
            memory: MemoryLimit::new(config.limits.memory),
            services: Services::new(
                Arc::clone(component),
                purpose,
                journal,
                deadline,
                denials.clone(),
                cancelled,
            ),
        };
        let mut store = Store::new(component.blueprint.pre.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(HOST_CALL_BYTES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(Self { component, store, wall_time, denials, output, _turn: turn })
    }

    /// A password that this call may ask for, and no other.
    pub(super) fn hand(&mut self, password: Password) {
        self.denials.be_silent();
        self.store.data_mut().services.handed = Some(password);
    }

    pub(super) fn wall_time(&self) -> Duration {
        self.wall_time
    }

    pub(super) async fn instance(&mut self) -> Result<Instance<'_>, CallError> {
        let blueprint = &self.component.blueprint;
        let raw =
            blueprint.pre.instantiate_async(&mut self.store).await.map_err(CallError::Trap)?;
        Ok(Instance { exports: &blueprint.exports, store: &mut self.store, raw })
    }

    /// What came of it, as the domain understands it.
    pub(super) fn end<T>(self, done: Result<Result<T, CallError>, Elapsed>) -> Result<T, Fault> {
        self.tell_script();
        let name = &self.component.permitted.config.name;
        let error = match done {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_elapsed) => {
                let limit = self.wall_time.as_secs_f64();
                return Err(Fault::new(
                    FaultKind::TimedOut,
                    format!("`{name}` did not answer within {limit} s (its limit `wall-time`)"),
                ));
            }
        };
        Err(match error {
            CallError::Guest(fault) => with_denials(*fault, self.denials.text()),
            CallError::Answer(problem) => {
                let message =
                    format!("`{name}` answered what the contract does not allow: {problem}");
                Fault::new(FaultKind::BadAnswer(problem), message)
            }
            CallError::Missing(interface) => Fault::new(
                FaultKind::Unsupported(interface.to_owned()),
                format!("`{name}` does not export the interface `{interface}`"),
            ),
            CallError::Trap(trap) => self.trapped(&trap),
        })
    }

    /// What a call let out beside its answer.
    fn tell_script(&self) {
        let outlet = &self.component.outlet;
        if outlet.script().is_some() {
            outlet.tell(Heard::Said(&String::from_utf8_lossy(&self.output.contents())));
            if let Some(denials) = self.denials.text() {
                outlet.tell(Heard::Refused(&denials));
            }
        }
    }

    fn trapped(self, trap: &wasmtime::Error) -> Fault {
        let name = &self.component.permitted.config.name;
        // What a guest prints may hold anything, so it is not in the error.
        let said = match self.store.data().services.handed {
            Some(_) => b"not shown".to_vec().into(),
            None => self.output.contents(),
        };
        tracing::debug!(connector = %name, said = %String::from_utf8_lossy(&said).escape_debug(), "trapped: {trap:#}");
        if self.store.data().memory.exceeded {
            let bytes = self.component.permitted.config.limits.memory;
            return Fault::new(
                FaultKind::OutOfMemory,
                format!("`{name}` wanted more than {} MiB (its limit `memory`)", bytes >> 20),
            );
        }
        let cause = trap
            .downcast_ref::<wasmtime::Trap>()
            .map_or_else(|| format!("a host call failed: {}", shown(trap)), ToString::to_string);
        Fault::new(FaultKind::Trapped, format!("`{name}` crashed: {cause}"))
    }
}

/// The operator learns what was refused from the error itself.
fn with_denials(mut fault: Fault, denials: Option<String>) -> Fault {
    if let Some(text) = denials {
        // A guest that passes on what it was told loses the line breaks.
        let told = words(&fault.message).contains(&words(&text));
        fault.message = if told { text.clone() } else { format!("{}; {text}", fault.message) };
        if fault.applied() == Applied::No {
            fault.kind = FaultKind::Denied(text);
        }
    }
    fault
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first cause, in one short line.
fn shown(trap: &wasmtime::Error) -> String {
    let cause = trap.root_cause().to_string();
    cause.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CAUSE).collect()
}

/// No environment, no arguments, no network; permitted directories only.
fn wasi(
    component: &Component,
    purpose: Purpose,
    output: &MemoryOutputPipe,
) -> Result<WasiCtx, Fault> {
    let mut wasi = WasiCtx::builder();
    wasi.stdout(output.clone()).stderr(output.clone()).max_random_size(MAX_RANDOM);
    for (name, directory, writable) in component.permitted.directories(purpose) {
        let permissions = if writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        wasi.preopened_dir(&directory.path, format!("/{name}"), permissions).map_err(|error| {
            Fault::new(
                FaultKind::Misconfigured(name.to_owned()),
                format!("cannot open the directory `{}`: {error}", directory.path.display()),
            )
        })?;
    }
    Ok(wasi.build())
}
