//! Applied operations per second when every intent and every answer is
//! durable, beside what the same disk does at the same time.
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a benchmark prints, and one that cannot go on stops where it stands"
)]

mod company;
mod measure;
mod system;

use std::{
    collections::BTreeSet,
    fs::File,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use lanyard::{
    connector::{Attached, Connectors, Gate},
    reconcile::{Context, Progress, Stop, execute, survey},
    store::sqlite::SqliteStore,
};
use lanyard_core::{
    id::{ConnectorName, Digest},
    schedule::Pacing,
};
use measure::{file_system, process_seconds, ratio, say_machine, spread};
use system::System;

const PARALLEL: [u32; 3] = [1, 16, 64];
const ROUNDS: usize = 11;
const PEOPLE: usize = 3_000;
/// How long operations are carried out, and how long the disk is measured
/// alone before and after.
const APPLY: Duration = Duration::from_secs(2);
const RAW: Duration = Duration::from_millis(400);

fn main() {
    // Below the build folder, which is on a disk; a temporary folder may not
    // be.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("apply: creates and grants at one target that answers at once");
    say_machine();
    println!("file system: {}; store: SQLite, WAL, synchronous=FULL", file_system(folder.path()));
    println!(
        "{ROUNDS} rounds of {} s per row, each between two samples of the raw disk\n",
        APPLY.as_secs()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut measured = PARALLEL.map(|parallel| (parallel, Vec::new(), Vec::new(), Vec::new()));
    for round in 0..ROUNDS {
        for (parallel, applied, processor, raw) in &mut measured {
            let place = folder.path().join(format!("{round}-{parallel}"));
            std::fs::create_dir(&place).unwrap();
            let before = raw_syncs(&place);
            let (rate, microseconds) = runtime.block_on(apply(&place, *parallel));
            applied.push(rate);
            processor.push(microseconds);
            raw.push(f64::midpoint(before, raw_syncs(&place)));
            std::fs::remove_dir_all(&place).unwrap();
        }
    }
    println!(
        "{:>8}{:>9} {:>15}{:>10} {:>15}{:>7} {:>14}{:>9}",
        "parallel", "op/s", "10th .. 90th", "raw/s", "10th .. 90th", "ratio", "", "cpu us"
    );
    for (parallel, applied, processor, raw) in &measured {
        let (rate, disk, share) = (spread(applied), spread(raw), ratio(applied, raw));
        println!(
            "{parallel:>8}{:>9.0} {:>6.0} .. {:>5.0}{:>10.0} {:>6.0} .. {:>5.0}{:>7.2} ({:.2} .. {:.2}){:>9.0}",
            rate.median,
            rate.low,
            rate.high,
            disk.median,
            disk.low,
            disk.high,
            share.median,
            share.low,
            share.high,
            spread(processor).median
        );
    }
    println!(
        "\nraw: 4 KiB overwritten and fdatasync, one after the other; ratio: operations applied per \
         raw sync, of each round.  An operation makes two \
         transactions durable, its intent before the call and its answer after the read-back; \
         with more in parallel, several share one sync.  \
         cpu: processor time of all threads for one operation."
    );
}

/// Overwrites of 4 KiB, each with its fdatasync, per second.
fn raw_syncs(folder: &Path) -> f64 {
    const BLOCK: [u8; 4096] = [7; 4096];
    const BLOCKS: u64 = 256;
    let file = File::create(folder.join("raw")).unwrap();
    for block in 0..BLOCKS {
        file.write_all_at(&BLOCK, block * 4096).unwrap();
    }
    file.sync_all().unwrap();
    let start = Instant::now();
    let mut syncs: u32 = 0;
    while start.elapsed() < RAW {
        file.write_all_at(&BLOCK, u64::from(syncs) % BLOCKS * 4096).unwrap();
        file.sync_data().unwrap();
        syncs += 1;
    }
    f64::from(syncs) / start.elapsed().as_secs_f64()
}

/// Operations per second from the first one's intent to the last one's
/// answer, and microseconds of processor time, of all threads, for each.
async fn apply(folder: &Path, parallel: u32) -> (f64, f64) {
    let context = context(folder, parallel);
    let survey = survey(&context).await.unwrap();
    let stop = context.stop.clone();
    // Operations done, and when the first began and the last was done.
    let clock: Mutex<(u32, Option<(Instant, Instant)>)> = Mutex::new((0, None));
    let report = |progress| {
        let mut clock = clock.lock().unwrap();
        let now = Instant::now();
        match (progress, &mut *clock) {
            (Progress::Began { .. }, (_, span)) => *span = Some((now, now)),
            (Progress::Done { .. }, (done, Some((began, last)))) => {
                *done += 1;
                *last = now;
                if now.duration_since(*began) >= APPLY {
                    stop.ask();
                }
            }
            _ => {}
        }
    };
    let processor = process_seconds();
    let summary = execute(&context, &survey, &BTreeSet::new(), &report).await.unwrap();
    let processor = process_seconds() - processor;
    let unwell = summary.failed + summary.drifted + summary.unverifiable + summary.uncertain;
    assert_eq!(unwell, 0, "every operation is verified: {summary:?}");
    let (done, span) = clock.into_inner().unwrap();
    let (began, last) = span.unwrap();
    let done = f64::from(done);
    (done / last.duration_since(began).as_secs_f64(), processor * 1e6 / done)
}

fn context(folder: &Path, parallel: u32) -> Context {
    let mut config = company::configured(folder);
    let name = ConnectorName::new("directory").unwrap();
    config.policy.targets.retain(|target, _| *target == name);
    let attached = |system: System| Attached {
        connector: Arc::new(system),
        plugin: Digest::of("plugin"),
        permission: Digest::of("permission"),
        page_size: u32::MAX,
        parallel,
        gate: Gate::new(Pacing::default(), Arc::new(|| Timestamp::UNIX_EPOCH)),
    };
    let hr = ConnectorName::new("hr").unwrap();
    // Time goes on a little whenever it is asked for.
    let now = Mutex::new("2026-06-01T06:00:00Z".parse::<Timestamp>().unwrap());
    Context {
        policy: Arc::new(config.policy),
        config: config.digest,
        store: Arc::new(SqliteStore::open_exclusive(&folder.join("lanyard.db")).unwrap()),
        connectors: Connectors {
            components: std::collections::BTreeMap::new(),
            sources: [(hr, attached(System::source(company::records(PEOPLE))))].into(),
            targets: [(name, attached(System::target()))].into(),
        },
        messenger: Arc::new(lanyard::messenger::Nowhere),
        actor: "bench".to_owned(),
        clock: Arc::new(move || {
            let mut now = now.lock().unwrap();
            *now = now.checked_add(SignedDuration::from_millis(1)).unwrap();
            *now
        }),
        stop: Stop::default(),
    }
}
