//! What a fresh instance for every call costs: the same create natively, on
//! an instance that is kept, on a bare fresh one, and through the whole host.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and one that cannot go on stops where it stands"
)]

mod measure;
#[allow(unreachable_pub, reason = "it is public in the guest it is shared with")]
#[path = "../guests/bench-guest/src/work.rs"]
mod work;

use std::{hint::black_box, path::PathBuf, rc::Rc, sync::Arc, time::Duration};

use async_trait::async_trait;
use lanyard::{
    config::{CallLimits, ConnectorConfig, Role, permissions::Permissions},
    connector::{Connector, Journal, JournalError, Outcome, Status, Write, WriteContext},
    wasm::Sandbox,
};
use lanyard_core::{
    account::{Account, AccountState},
    id::ConnectorName,
    schedule::Pacing,
    value::{Attribute, ObjectRef, Value},
};
use measure::{Case, Measured, interleaved, ratio, say_machine, spread};
use tokio::runtime::Runtime;
use wasmtime::{
    Store, StoreLimits, StoreLimitsBuilder,
    component::{Component, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use bindings::{
    BenchPre,
    exports::lanyard::connector::provisioning::CreateRequest,
    lanyard::connector::{config, types},
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package lanyard:bench;
            world bench {
                import lanyard:connector/config@0.1.0;
                export lanyard:connector/provisioning@0.1.0;
            }
        ",
        world: "lanyard:bench/bench",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

const ROUNDS: usize = 101;
const BATCH: Duration = Duration::from_millis(20);

/// What a store holds when nothing but the instance is measured.
struct Bare {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl Bare {
    fn new() -> Self {
        Self {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(64 << 20).build(),
        }
    }
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl types::Host for Bare {}

impl config::Host for Bare {
    async fn get(&mut self) -> wasmtime::Result<String> {
        Ok("{}".to_owned())
    }
}

struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn mark(&self, _step: &str, _data: &str) -> Result<(), JournalError> {
        Ok(())
    }

    async fn recall(&self, _step: &str) -> Result<Option<String>, JournalError> {
        Ok(None)
    }
}

fn main() {
    let plugin = plugins().join("bench-guest.wasm");
    if !plugin.is_file() {
        println!(
            "not run: calls: `{}` is missing; `cargo xtask bench` builds it",
            plugin.display()
        );
        std::process::exit(1);
    }
    // Everything of a call happens on this thread, whose processor time is
    // what counts.
    let runtime =
        Rc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    let sandbox = Sandbox::new(None, Arc::new(|| jiff::Timestamp::UNIX_EPOCH)).unwrap();
    let connector = runtime.block_on(sandbox.load(&configured(plugin.clone()))).unwrap();
    let component = Component::from_file(sandbox.engine(), &plugin).unwrap();
    let mut linker = Linker::<Bare>::new(sandbox.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    bindings::Bench::add_to_linker::<_, HasSelf<Bare>>(&mut linker, |state| state).unwrap();
    let pre = BenchPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    let write = write();
    let cases = vec![
        native(&write),
        reused(&runtime, &pre, &write),
        fresh(&runtime, &pre, &write),
        whole(&runtime, &connector, &write),
    ];
    println!("calls: one create with 20 attributes (30 values) in and out, no network");
    say_machine();
    say(&interleaved(cases, ROUNDS, BATCH));
}

fn plugins() -> PathBuf {
    std::env::var_os("LANYARD_PLUGINS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/plugins"),
        PathBuf::from,
    )
}

fn configured(plugin: PathBuf) -> ConnectorConfig {
    ConnectorConfig {
        name: ConnectorName::new("bench").unwrap(),
        role: Role::Target,
        plugin,
        config: serde_json::json!({}),
        permissions: Permissions::default(),
        limits: CallLimits::default(),
        pacing: Pacing::default(),
    }
}

/// Half the attributes have two values, which are as long as names and
/// addresses of people are.
fn write() -> Write {
    let attributes = (0..20).map(|index| {
        let value = |which| Value::Text(format!("value {which} of attribute {index}"));
        let values = if index % 2 == 0 { vec![value(1)] } else { vec![value(1), value(2)] };
        Attribute::new(format!("attribute{index}"), values)
    });
    Write::Create {
        object_type: "user".to_owned(),
        name: "Ada.Example".to_owned(),
        anchor: "6c616e79-6172-4400-9d3e-51a41c2b7f60".to_owned(),
        attributes: attributes.collect(),
        state: AccountState::Active,
    }
}

fn native(write: &Write) -> Case<'_> {
    let run = move |times| {
        for _ in 0..times {
            black_box(natively(black_box(write)));
        }
    };
    Case { name: "native Rust", run: Box::new(run) }
}

/// What the guest does, on the host's own types.
fn natively(write: &Write) -> Outcome {
    let Write::Create { object_type, name, anchor, attributes, state } = write else {
        unreachable!("a create is measured")
    };
    let texts: Vec<(&str, Vec<&str>)> = attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.values.iter().map(text).collect()))
        .collect();
    let uid = work::made(name, anchor, *state == AccountState::Active, &texts);
    Outcome {
        status: Status::Applied,
        account: Some(Account {
            reference: ObjectRef { object_type: object_type.clone(), uid },
            revision: None,
            name: name.clone(),
            anchor: Some(anchor.clone()),
            state: *state,
            state_until: None,
            last_used: None,
            attributes: attributes.clone(),
        }),
        side_effects: Vec::new(),
        failed: Vec::new(),
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

/// A store as the host makes them, without what the host puts into it.
fn store(pre: &BenchPre<Bare>) -> Store<Bare> {
    let mut store = Store::new(pre.engine(), Bare::new());
    store.limiter(|state| &mut state.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}

fn reused<'a>(runtime: &Rc<Runtime>, pre: &'a BenchPre<Bare>, write: &Write) -> Case<'a> {
    let runtime = Rc::clone(runtime);
    let (context, request) = (context(), request(write));
    let mut store = store(pre);
    let guest = runtime.block_on(pre.instantiate_async(&mut store)).unwrap();
    let run = move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let create = guest.lanyard_connector_provisioning();
                let made = create.call_create(&mut store, &context, &request).await;
                black_box(made.unwrap().unwrap());
            }
        });
    };
    Case { name: "reused instance", run: Box::new(run) }
}

fn fresh<'a>(runtime: &Rc<Runtime>, pre: &'a BenchPre<Bare>, write: &Write) -> Case<'a> {
    let runtime = Rc::clone(runtime);
    let (context, request) = (context(), request(write));
    let run = move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let mut store = store(pre);
                let guest = pre.instantiate_async(&mut store).await.unwrap();
                let create = guest.lanyard_connector_provisioning();
                let made = create.call_create(&mut store, &context, &request).await;
                black_box(made.unwrap().unwrap());
            }
        });
    };
    Case { name: "fresh instance, bare", run: Box::new(run) }
}

fn whole<'a>(runtime: &Rc<Runtime>, connector: &'a dyn Connector, write: &'a Write) -> Case<'a> {
    let runtime = Rc::clone(runtime);
    let run = move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let context = WriteContext {
                    idempotency_key: "0123456789abcdef0123456789abcdef".to_owned(),
                    attempt: 1,
                    trace_id: "run-1-1".to_owned(),
                    reason: Some("joiner".to_owned()),
                    expect_revision: None,
                    journal: Arc::new(NoJournal),
                };
                black_box(connector.write(context, write).await.unwrap());
            }
        });
    };
    Case { name: "fresh instance, whole host path", run: Box::new(run) }
}

fn context() -> types::OperationContext {
    types::OperationContext {
        idempotency_key: "0123456789abcdef0123456789abcdef".to_owned(),
        attempt: 1,
        trace_id: "run-1-1".to_owned(),
        reason: Some("joiner".to_owned()),
        expect_revision: None,
        mode: types::WriteMode::Commit,
        extra: Vec::new(),
    }
}

fn request(write: &Write) -> CreateRequest {
    let Write::Create { object_type, name, anchor, attributes, .. } = write else {
        unreachable!("a create is measured")
    };
    let attribute = |attribute: &Attribute| types::Attribute {
        name: attribute.name.clone(),
        values: attribute
            .values
            .iter()
            .map(|value| types::Value::Text(text(value).to_owned()))
            .collect(),
        completeness: types::Completeness::Complete,
        effective_from: None,
        effective_until: None,
        extra: Vec::new(),
    };
    CreateRequest {
        type_: object_type.clone(),
        name: name.clone(),
        anchor: anchor.clone(),
        attributes: attributes.iter().map(attribute).collect(),
        initial_state: types::AccountState::Active,
        initial_secret: None,
        extra: Vec::new(),
    }
}

fn say(measured: &[Measured]) {
    println!("{ROUNDS} interleaved rounds; processor time of the calling thread, microseconds:\n");
    println!("{:<34}{:>8}  {:>17}{:>8}", "", "median", "10th .. 90th", "wall");
    for case in measured {
        let (processor, wall) = (spread(&case.processor), spread(&case.wall));
        println!(
            "{:<34}{:>8.1}  {:>7.1} .. {:>6.1}{:>8.1}",
            case.name, processor.median, processor.low, processor.high, wall.median
        );
    }
    println!("\nratios, each of its own round:\n");
    let [native, reused, fresh, whole] = measured else { unreachable!("four cases") };
    for (over, under) in
        [(whole, reused), (whole, native), (fresh, reused), (reused, native), (whole, fresh)]
    {
        let ratio = ratio(&over.processor, &under.processor);
        println!(
            "{:>6.2}  ({:.2} .. {:.2})  {} / {}",
            ratio.median, ratio.low, ratio.high, over.name, under.name
        );
    }
}
