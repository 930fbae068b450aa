//! Many worlds, and what is told of them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use libtest_mimic::Failed;

use crate::{
    air::Broken,
    play::{Played, play},
    schedule::Schedule,
    shrink::shrunk,
    throttle::throttled,
    wrong::{SEEDS, Wrong},
};

/// Seeds that failed once, each with a word why.
const KEPT: &str = include_str!("seeds.txt");

/// A world in which hardly anything goes wrong shows nothing.
const LEAST: u64 = 2;

/// Of so many seeds, one is a world with a target that takes so much and no
/// more.
const THROTTLED: u64 = 100;

/// What came of many worlds.
#[derive(Default)]
pub(crate) struct Tally {
    worlds: u64,
    runs: u64,
    counted: BTreeMap<String, u64>,
    failed: Vec<(u64, Broken)>,
    took: Duration,
}

/// Plays so many worlds, so many at once; stops at the fifth that fails.
pub(crate) fn seeds(from: u64, count: u64, at_once: usize) -> Tally {
    let began = Instant::now();
    let (next, failed) = (AtomicU64::new(from), AtomicU64::new(0));
    let part = || {
        let mut tally = Tally::default();
        while failed.load(Ordering::SeqCst) < 5 {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= from.saturating_add(count) {
                break;
            }
            if !tally.add(seed) {
                failed.fetch_add(1, Ordering::SeqCst);
            }
        }
        tally
    };
    let mut tally = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..at_once).map(|_| scope.spawn(part)).collect();
        let parts = parts.into_iter().map(|part| part.join().unwrap());
        parts.reduce(Tally::with).unwrap_or_default()
    });
    tally.failed.sort_by_key(|(seed, _)| *seed);
    tally.took = began.elapsed();
    tally
}

/// Those that failed once.
pub(crate) fn kept() -> Tally {
    let mut tally = Tally::default();
    let lines = KEPT.lines().filter(|line| !line.starts_with('#'));
    for seed in lines.filter_map(|line| line.split_whitespace().next()) {
        tally.add(seed.parse().unwrap());
    }
    tally
}

impl Tally {
    /// Whether it held.
    fn add(&mut self, seed: u64) -> bool {
        // One in so many is about how often a target is called.
        let played = if seed.is_multiple_of(THROTTLED) {
            throttled(seed, false)
        } else {
            play(&Schedule::draw(seed), None, false)
        };
        self.worlds += 1;
        self.runs += u64::from(played.runs);
        for (what, count) in played.counted {
            *self.counted.entry(what).or_default() += u64::from(count);
        }
        if let Some(broken) = played.broken.first() {
            self.failed.push((seed, broken.clone()));
        }
        played.broken.is_empty()
    }

    fn with(mut self, other: Self) -> Self {
        self.worlds += other.worlds;
        self.runs += other.runs;
        self.failed.extend(other.failed);
        for (what, count) in other.counted {
            *self.counted.entry(what).or_default() += count;
        }
        self
    }

    /// A seed gives the same world every time.
    pub(crate) fn same_twice(seed: u64) -> Result<(), String> {
        let schedule = Schedule::draw(seed);
        let [one, other] = [(); 2].map(|()| play(&schedule, None, true).log);
        let differ = one.iter().zip(&other).find(|(one, other)| one != other);
        match differ {
            None if one.len() == other.len() => Ok(()),
            None => Err(format!("seed {seed}: one time more happens than the other")),
            Some((one, other)) => Err(format!("seed {seed}:\n{one}\n{other}")),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (seed, broken) in &self.failed {
            writeln!(text, "seed {seed} fails: {broken}").unwrap();
        }
        let mut failed = self.failed.iter();
        if let Some((seed, broken)) = failed.find(|(seed, _)| !seed.is_multiple_of(THROTTLED)) {
            let small = shrunk(&Schedule::draw(*seed), None, broken);
            let again = play(&small, None, false);
            let what = again.broken.first().unwrap_or(broken);
            writeln!(text, "the shortest of seed {seed} that still does ({what}):\n{small}")
                .unwrap();
            writeln!(text, "`cargo xtask simulate --replay {seed}` tells all of it\n").unwrap();
        }
        for (what, count) in &self.counted {
            writeln!(text, "{count:>8}  {what}").unwrap();
        }
        let mishaps: u64 = self.counted.values().sum();
        let Self { worlds, runs, failed, took, .. } = self;
        let minutes = took.as_secs_f64() / 60.0;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = *worlds as f64 / minutes.max(1e-9);
        writeln!(
            text,
            "{worlds} worlds, {runs} runs, {mishaps} things that went wrong, {} failed; {:.1} s, \
             {rate:.0} worlds a minute",
            failed.len(),
            took.as_secs_f64(),
        )
        .unwrap();
        text
    }

    pub(crate) fn told(&self) -> ExitCode {
        print!("{}", self.text());
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    pub(crate) fn judged(&self) -> Result<(), Failed> {
        let mishaps: u64 = self.counted.values().sum();
        if !self.failed.is_empty() {
            return Err(self.text().into());
        }
        if self.worlds > 20 && mishaps < self.worlds * LEAST {
            return Err(format!("hardly anything went wrong\n{}", self.text()).into());
        }
        Ok(())
    }
}

/// One world, with everything that happens in it.
pub(crate) fn replay(seed: u64) -> ExitCode {
    if seed.is_multiple_of(THROTTLED) {
        let Played { broken, log, .. } = throttled(seed, true);
        println!("{}", log.join("\n"));
        let said: Vec<String> = broken.iter().map(ToString::to_string).collect();
        println!("{}", if said.is_empty() { "it holds".to_owned() } else { said.join("\n") });
        return if said.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let schedule = Schedule::draw(seed);
    let played = play(&schedule, None, true);
    if let Some(broken) = played.broken.first() {
        let small = shrunk(&schedule, None, broken);
        println!("{schedule}\nthe shortest that still fails, and what happens in it:\n{small}");
        println!("{}", play(&small, None, true).log.join("\n"));
        println!("\n{broken}");
        return ExitCode::FAILURE;
    }
    println!("{schedule}\n{}\nit holds", played.log.join("\n"));
    ExitCode::SUCCESS
}

/// Which seed shows what is broken on purpose.
///
/// # Errors
/// None of them does.
pub(crate) fn broken_on_purpose(wrong: Wrong) -> Result<String, String> {
    for seed in 1..=SEEDS {
        let played = play(&Schedule::draw(seed), Some(wrong), false);
        let shows = |it: &&Broken| wrong.breaks().iter().any(|name| it.property.starts_with(name));
        if let Some(broken) = played.broken.iter().find(shows) {
            return Ok(format!("{}: caught by seed {seed}: {broken}", wrong.word()));
        }
    }
    Err(format!("{}: not caught within {} seeds", wrong.word(), SEEDS))
}
