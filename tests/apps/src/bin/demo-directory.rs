//! The company directory as a process.
#![allow(clippy::print_stdout, reason = "its first line tells who started it where it listens")]

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use demo_apps::directory::{Directory, Options};

/// A small directory that speaks LDAP on loopback.
#[derive(Parser)]
struct Arguments {
    /// Port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// File that keeps the directory's entries.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// File that every write is logged to.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The topmost entry.
    #[arg(long, default_value = "dc=example,dc=org")]
    base: String,
    /// Password of `cn=admin,<base>`.
    #[arg(long, default_value = "secret")]
    admin_password: String,
    /// Group below `ou=groups` that exists from the start; may be repeated.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Let the password policy ignore locked accounts.
    #[arg(long)]
    no_lockout: bool,
    /// Entries that a search returns at most.
    #[arg(long, value_name = "N")]
    size_limit: Option<usize>,
    /// Milliseconds between applying a write and answering it.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay_ms: u64,
    /// Apply the Nth write and close the connection instead of answering.
    #[arg(long, value_name = "N")]
    drop_write: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let directory = Directory::start(Options {
        port: arguments.port,
        state: arguments.state,
        log: arguments.log,
        base: arguments.base,
        admin_password: arguments.admin_password,
        groups: arguments.groups,
        lockout: !arguments.no_lockout,
        size_limit: arguments.size_limit,
        delay: Duration::from_millis(arguments.delay_ms),
        drop_write: arguments.drop_write,
    })
    .await?;
    println!("listening on {}", directory.address());
    directory.run().await
}
