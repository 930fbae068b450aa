//! `lanyard case`, as types.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum CaseVerb {
    /// Those that wait for somebody.
    List {
        /// Those that were decided as well.
        #[arg(long)]
        all: bool,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// One of them: what is equal, and what was said of it.
    Show {
        /// Its id, or the beginning of it.
        id: String,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Say whose it is.
    #[command(group(clap::ArgGroup::new("answer").required(true)))]
    Decide {
        /// Its id, or the beginning of it.
        id: String,
        /// Of a record: whose it is, by id, key of a record, label, or login
        /// name.  Of somebody's account: its key or login name.
        #[arg(long, value_name = "WHO", group = "answer")]
        link: Option<String>,
        /// Of a record: it is somebody who was not known before.
        #[arg(long, group = "answer")]
        new: bool,
        /// Of the record of somebody who was erased: it is still theirs.
        #[arg(long, group = "answer")]
        erased: bool,
        /// Of somebody's account: it is none of those suggested.
        #[arg(long, group = "answer")]
        none: bool,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take a decision back, and ask again.
    Reopen {
        /// Its id, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct MergeOrder {
    /// Who stays: id, key of a record, label, or login name of an account.
    pub keep: String,
    /// Who is the same person, and goes over with records and accounts.
    pub other: String,
    /// Why; it is kept.
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, clap::Args)]
pub struct SplitOrder {
    /// Who it is taken from: id, key of a record, label, or login name.
    pub identity: String,
    /// The key of the record that is somebody else's.
    pub record: String,
    /// The source of the record, where several have one of that key.
    #[arg(long)]
    pub source: Option<lanyard_core::id::ConnectorName>,
    /// Why.
    #[arg(long)]
    pub reason: String,
}
