//! What is there, on the command line.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Looked {
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
    /// Write one page to show to people, that needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// An account that was not used for so long is dormant.
    #[arg(long, value_name = "DURATION", default_value = "90d")]
    pub dormant: String,
}
