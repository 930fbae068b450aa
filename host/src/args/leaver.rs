//! What became of somebody who left, on the command line.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Left {
    #[command(subcommand)]
    pub verb: Option<LeaverVerb>,
    /// Id, key of a record, label, or login name of an account.
    #[arg(required = true)]
    pub identity: Option<String>,
    /// Read every system first; without it, from what is recorded.
    #[arg(long)]
    pub look: bool,
    /// Write a signed document; while something is open it says so at its
    /// top.
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// The form of the document.
    #[arg(long, value_enum, default_value_t = ReceiptForm::Text, requires = "receipt")]
    pub format: ReceiptForm,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReceiptForm {
    Text,
    Json,
    Html,
}

#[derive(Debug, Subcommand)]
pub enum LeaverVerb {
    /// Whether a signed document is as it was signed.  Needs no file of an
    /// operator, no store and no network.
    Verify {
        /// The document, in any of its forms.
        document: PathBuf,
        /// The public key that has to have signed it, as `leaver key` prints
        /// it.
        #[arg(long)]
        key: Option<String>,
    },
    /// Print the public key that documents are signed with.
    Key,
}
