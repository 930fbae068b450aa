//! The customer-relations application as a process.
#![allow(clippy::print_stdout, reason = "its first line tells who started it where it listens")]

use std::path::PathBuf;

use clap::Parser;
use demo_apps::crm::{Crm, Fault, Options};

/// A small application that speaks SCIM 2.0 over HTTP on loopback.
#[derive(Parser)]
struct Arguments {
    /// Port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// File that keeps the application's state.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// File that every write is logged to.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Bearer token that SCIM requests must show.
    #[arg(long, default_value = "demo-token")]
    token: String,
    /// Group that exists from the start; may be given several times.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// A fault as JSON; may be given several times.
    #[arg(long = "fault", value_name = "JSON", value_parser = fault)]
    faults: Vec<Fault>,
}

fn fault(text: &str) -> Result<Fault, serde_json::Error> {
    serde_json::from_str(text)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { port, state, log, token, groups, faults } = Arguments::parse();
    let crm = Crm::start(Options { port, state, log, token, groups, faults }).await?;
    println!("listening on {}", crm.address());
    crm.run().await
}
