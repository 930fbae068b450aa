//! The demo as a program.
#![allow(clippy::print_stderr, reason = "it talks to the person who runs it")]

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use demo_apps::demo::{Places, run};

/// Walks a company through Lanyard and two applications on this machine, and
/// checks every claim against the applications' own state.
#[derive(Parser)]
struct Arguments {
    /// Folder with `lanyard`, `demo-crm` and `demo-directory`.
    #[arg(long, value_name = "DIR", default_value = "target/debug")]
    programs: PathBuf,
    /// Folder with the components.
    #[arg(long, value_name = "DIR", default_value = "target/plugins")]
    plugins: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { programs, plugins } = Arguments::parse();
    let start = Instant::now();
    let mut out = std::io::stdout().lock();
    let ended = run(&Places { programs, plugins }, &mut out)
        .and_then(|totals| Ok(writeln!(out, "demo ok: {totals}")?));
    eprintln!("the walk took {:.1} s", start.elapsed().as_secs_f64());
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
