//! What somebody still has to lose, on the command line.

use std::path::PathBuf;

use clap::Subcommand;
use lanyard_core::id::ConnectorName;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Owed {
    #[command(subcommand)]
    pub verb: Option<OwedVerb>,
    /// Only what is to be lost at this target.
    #[arg(long)]
    pub target: Option<ConnectorName>,
    /// Closed ones as well.
    #[arg(long)]
    pub all: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum OwedVerb {
    /// Say that somebody has lost it, after looking at the target; not about
    /// yourself.
    Close {
        /// The numbers of obligations, as the list shows them.
        #[arg(required = true)]
        numbers: Vec<i64>,
        /// What was seen, and where; it is kept.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Measured {
    /// Write them to a file that is replaced at once, for the textfile
    /// collector of a node exporter.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
