//! The binary: arguments, telemetry, one verb, an exit status.

use std::process::ExitCode;

use clap::Parser as _;
use lanyard::{args::Args, commands, telemetry};

fn main() -> ExitCode {
    let args = Args::parse();
    telemetry::start(&args.log);
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(commands::run(args));
            // A read of a file that never answers (a pipe, a dead network
            // drive) must not keep the program from ending.
            runtime.shutdown_background();
            exit.into()
        }
        Err(error) => {
            tracing::error!(%error, "no asynchronous runtime");
            lanyard::errors::Exit::Bug.into()
        }
    }
}
