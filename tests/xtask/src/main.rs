//! What a developer runs: `cargo xtask <verb>`.
//!
//! Small on purpose, so that it starts within seconds on a fresh machine and
//! the long builds happen under its eyes, each with its time.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the person who runs it")]

mod build;
mod check;
mod mutants;
mod phase;
mod test;

use std::process::ExitCode;

use anyhow::bail;
use phase::Phases;

const USAGE: &str = "\
usage: cargo xtask <verb>

  demo          build everything, then walk through a company's year
  test          build what the tests need, run all of them
  ci            formatting, clippy, licences and sources of dependencies
  guests        build the components into target/plugins
  bench [NAME]  run the benchmarks, or one of calls, plan, scale,
                simulate, apply
  scenarios [--bless] [NAME]
                play the scenarios of tests/scenarios, one line each;
                `--bless` writes the answers into the files
  simulate [--release] --seeds N [--from S] | --replay SEED | --broken
                play so many worlds in which everything goes wrong; tell
                all that happens in one; or show by which seed each way
                of breaking the engine on purpose is caught
  mutants [N]   make some 230 lines of the core wrong, one at a time, and
                list those that no test of the core and no scenario
                notices (an hour or more); N, 0 to 23, says which lines;
                `--go-on` tries only what an earlier run did not kill,
                after it broke off or when tests were added";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if matches!(arguments.as_slice(), ["help" | "-h" | "--help"]) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let mut phases = Phases::start();
    let result = run(&arguments, &mut phases);
    phases.report();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str], phases: &mut Phases) -> anyhow::Result<()> {
    match arguments {
        ["demo", rest @ ..] => {
            build::programs(phases)?;
            build::guests(phases)?;
            build::demo(phases, rest)
        }
        ["test"] => {
            build::programs(phases)?;
            build::guests(phases)?;
            test::all(phases)
        }
        ["ci"] => check::all(phases),
        ["guests"] => build::guests(phases),
        ["bench", rest @ ..] if rest.len() <= 1 => {
            build::guests(phases)?;
            test::bench(phases, rest.first().copied())
        }
        ["scenarios", rest @ ..] => test::scenarios(phases, rest),
        ["simulate", rest @ ..] => test::simulate(phases, rest),
        ["mutants"] => mutants::run(phases, 0, false),
        ["mutants", sample, rest @ ..] if matches!(rest, [] | ["--go-on"]) => {
            match sample.parse() {
                Ok(sample) => mutants::run(phases, sample, !rest.is_empty()),
                Err(_) => bail!("`{sample}` is not the number of a sample\n\n{USAGE}"),
            }
        }
        [] => bail!("no verb given\n\n{USAGE}"),
        other => bail!("cannot do `{}`\n\n{USAGE}", other.join(" ")),
    }
}
