//! What people say in reviews of access.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ReviewVerb {
    /// Reviews that were opened, the newest first.
    List,
    /// Who is asked about what in the newest review of that name, and what
    /// they said.
    Show {
        /// The name in the file.
        name: String,
        /// Every review of that name.
        #[arg(long)]
        all: bool,
        /// Print a table for a spreadsheet.
        #[arg(long)]
        csv: bool,
    },
    /// Nobody is asked any more in the reviews of that name that were opened;
    /// what silence took in them is given back, and what people said stays.
    Cancel {
        /// The name in the file.
        name: String,
        /// Why; it is kept.
        #[arg(long)]
        reason: String,
    },
    /// Say whether grants are still needed, as the person that `[actors]`
    /// says you are.
    Decide {
        /// Ids of items, or the beginnings of them.
        #[arg(required_unless_present = "all_of")]
        items: Vec<String>,
        /// Everything you are asked about this person, besides.
        #[arg(long, value_name = "WHO")]
        all_of: Option<String>,
        /// They are.
        #[arg(long, conflicts_with = "revoke", required_unless_present = "revoke")]
        keep: bool,
        /// They are not: the next plan takes them away.
        #[arg(long)]
        revoke: bool,
        /// Why; it is kept with the answer.
        #[arg(long, default_value = "")]
        reason: String,
    },
}
