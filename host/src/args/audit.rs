//! What was done, on the command line.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use lanyard_core::id::ConnectorName;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditForm {
    Jsonl,
    Csv,
    /// JSON lines in which what is said of people is sealed with keys that
    /// stay in the store, and go with whoever is erased: to be kept for long.
    Sealed,
}

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// The rows of the record, oldest first.
    List {
        /// Only what was done for this person: id, key of a record, label, or
        /// login name of an account.
        #[arg(long)]
        identity: Option<String>,
        /// Only what was done at this target.
        #[arg(long)]
        target: Option<ConnectorName>,
        /// The newest so many.
        #[arg(long, default_value_t = 50)]
        last: u32,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Whether the record is what was written: names the first row that was
    /// changed, moved or taken out, and, by heads that were kept elsewhere, that
    /// is gone at the end or was written anew.
    Verify {
        /// The file of heads; without it, that of `[audit] heads`.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// The public key that has to have signed them, as `leaver key` prints
        /// it.
        #[arg(long)]
        key: Option<String>,
    },
    /// The record as a whole, or a part of it, row by row: for whoever is to
    /// read it elsewhere.
    Export {
        /// One object of JSON in each line, or a table for a spreadsheet, in
        /// which no cell is a formula.
        #[arg(long, value_enum, default_value_t = AuditForm::Jsonl)]
        format: AuditForm,
        /// From this day on: a date, or an instant.
        #[arg(long, value_name = "DATE")]
        since: Option<String>,
        /// Until this day, with it: a date, or an instant.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Only what was done for this person: id, key of a record, label, or
        /// login name of an account.
        #[arg(long)]
        identity: Option<String>,
        /// Only what was done at this target.
        #[arg(long)]
        target: Option<ConnectorName>,
    },
    /// A sealed record: follows its chain, and prints it as JSON lines, with
    /// what it says of people who were not erased.
    Open {
        /// As `audit export --format sealed` wrote it.
        file: PathBuf,
        /// A file of heads to hold it against.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// The public key that has to have signed them.
        #[arg(long, requires = "heads")]
        key: Option<String>,
    },
    /// What the record comes to by now, signed: for whoever is to hold it
    /// against the record later.
    Head {
        /// Append it to this file of heads; without it, it is printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
