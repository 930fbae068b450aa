//! Measuring side by side: rounds in which every case has its turn, so that
//! whatever else the machine does meets all of them alike.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this thread, in seconds.
pub(crate) fn thread_seconds() -> f64 {
    seconds(ClockId::ThreadCPUTime)
}

/// Processor time of all threads, in seconds.
pub(crate) fn process_seconds() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
        .as_secs_f64()
}

/// Something to be measured: does its work so many times.
pub(crate) struct Case<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut(u32) + 'a>,
}

/// One number per round.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Microseconds of processor time of the calling thread per piece of work.
    pub(crate) processor: Vec<f64>,
    /// Microseconds of wall time per piece of work.
    pub(crate) wall: Vec<f64>,
}

/// Runs every case once per round, in batches of about `batch`.
pub(crate) fn interleaved(
    mut cases: Vec<Case<'_>>,
    rounds: usize,
    batch: Duration,
) -> Vec<Measured> {
    let sizes: Vec<u32> = cases.iter_mut().map(|case| batch_size(case, batch)).collect();
    let mut measured: Vec<Measured> = cases
        .iter()
        .map(|case| Measured { name: case.name, processor: Vec::new(), wall: Vec::new() })
        .collect();
    for _ in 0..rounds {
        for ((case, size), measured) in cases.iter_mut().zip(&sizes).zip(&mut measured) {
            let (start, wall) = (thread_seconds(), Instant::now());
            (case.run)(*size);
            let per_piece = 1e6 / f64::from(*size);
            measured.processor.push((thread_seconds() - start) * per_piece);
            measured.wall.push(wall.elapsed().as_secs_f64() * per_piece);
        }
    }
    measured
}

/// By processor time, for a moment without the processor must not make a
/// batch small.
fn batch_size(case: &mut Case<'_>, batch: Duration) -> u32 {
    let mut size: u32 = 1;
    loop {
        let start = thread_seconds();
        (case.run)(size);
        if thread_seconds() - start > batch.as_secs_f64() / 2.0 || size > 1 << 20 {
            return size;
        }
        size *= 2;
    }
}

/// Of the values in rounds: the middle, and the tenth and ninetieth of a
/// hundred.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

pub(crate) fn spread(values: &[f64]) -> Spread {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Outwards, so that few rounds do not look calmer than they were.
    let last = sorted.len() - 1;
    Spread {
        median: sorted[last / 2],
        low: sorted[last * 10 / 100],
        high: sorted[(last * 90).div_ceil(100)],
    }
}

/// Of each round on its own, so that both sides met the same weather.
pub(crate) fn ratio(over: &[f64], under: &[f64]) -> Spread {
    let ratios: Vec<f64> = over.iter().zip(under).map(|(over, under)| over / under).collect();
    spread(&ratios)
}

/// Memory of this process, in MiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    /// The most there was since the last [`forget_peak`].
    pub(crate) peak: u64,
}

pub(crate) fn memory() -> Memory {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let kibibytes = line.trim_start_matches(':').trim().trim_end_matches(" kB");
        kibibytes.parse::<u64>().unwrap_or_default() >> 10
    };
    Memory { now: of("VmRSS"), peak: of("VmHWM") }
}

/// Makes the peak what there is now.
pub(crate) fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}

/// What the numbers were measured on.
pub(crate) fn say_machine() {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    let kernel = read("/proc/sys/kernel/osrelease");
    println!("machine: {cores} cores, {model}; Linux {}; load {load} at the start", kernel.trim());
}

/// The type of the file system a folder is on.
pub(crate) fn file_system(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(at, _)| folder.starts_with(at))
        .max_by_key(|(at, _)| at.len())
        .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}
