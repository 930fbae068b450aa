//! What people say about access that they ask for.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum RequestVerb {
    /// Ask for access, for yourself or for somebody else.
    Add {
        /// For whom: id, key of a record, label, or login name of an account.
        identity: String,
        /// A role, or an entitlement as TARGET/ENTITLEMENT.
        access: String,
        /// The first day, or an instant; without it from now on.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The last day, or the first instant after it.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why; those who are asked read it.
        #[arg(long)]
        reason: String,
    },
    /// Requests that stand, the oldest first.
    List {
        /// Those that have ended as well.
        #[arg(long)]
        all: bool,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// One request: who asked, who agreed, what it waits for.
    Show {
        /// The id, or its beginning.
        id: String,
    },
    /// End a request: what it gave is taken with the next plan.
    Remove {
        /// The id, or its beginning.
        id: String,
        /// Why; it is kept with the request.
        #[arg(long)]
        reason: String,
    },
}
