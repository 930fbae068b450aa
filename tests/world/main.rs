//! Worlds that are drawn from a seed: a small firm, model targets that
//! remember every effect, the real planner, guard, executor and store, and
//! everything that goes wrong between them, in virtual time and one thread.
//!
//! `cargo xtask simulate --seeds N [--from S]` plays many, `--replay SEED` one
//! with all that happens, `--broken` shows that what is broken on purpose is
//! caught.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on fails where it stands, and tells a person why"
)]

mod air;
mod beside;
mod disk;
mod feed;
mod held;
mod node;
mod oracle;
mod play;
mod post;
mod record;
mod report;
mod rng;
mod schedule;
mod schema;
mod shrink;
mod target;
mod throttle;
mod truth;
mod writes;
mod wrong;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::{
    report::{Tally, broken_on_purpose, kept, replay, seeds},
    wrong::Wrong,
};

/// Worlds that every run of the tests plays.
const SEEDS: u64 = 300;
/// In so many tests, which may run at once.
const PARTS: u64 = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no seed"));
    match words.as_slice() {
        ["--seeds", count] => seeds(1, number(count), cores()).told(),
        ["--seeds", count, "--from", from] => seeds(number(from), number(count), cores()).told(),
        ["--replay", seed] => replay(number(seed)),
        ["--broken"] => Wrong::ALL.into_iter().fold(ExitCode::SUCCESS, |code, wrong| {
            match broken_on_purpose(wrong) {
                Ok(line) => println!("{line}"),
                Err(line) => {
                    println!("{line}");
                    return ExitCode::FAILURE;
                }
            }
            code
        }),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn trials() -> Vec<Trial> {
    let part = SEEDS / PARTS;
    let parts = (0..PARTS).map(|number| {
        let name = format!("worlds_hold_{}", number + 1);
        Trial::test(name, move || seeds(1 + number * part, part, 1).judged())
    });
    let wrong = Wrong::ALL.into_iter().map(|wrong| {
        let name = format!("caught_{}", wrong.word().replace('-', "_"));
        Trial::test(name, move || broken_on_purpose(wrong).map(|_line| ()).map_err(Into::into))
    });
    let rest = [
        Trial::test("worlds_that_once_failed_hold", || kept().judged()),
        Trial::test("a_seed_plays_the_same_twice", || {
            (1..20).try_for_each(Tally::same_twice).map_err(Into::into)
        }),
    ];
    parts.chain(wrong).chain(rest).collect()
}
