//! What is asked of the store itself.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum StoreVerb {
    /// Bring it up to date with this Lanyard, as whatever uses it does too.
    Migrate,
    /// A copy of the file as it is now, whoever uses it meanwhile.
    Backup {
        /// The file to write; it must not be there.
        file: PathBuf,
    },
    /// Check the file, the journal and the audit from their beginnings on.
    Verify,
    /// Everything in it into another one, which must be empty; with counts
    /// and the audit compared afterwards.
    Copy {
        /// The configuration file whose `[store]` it is copied to.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}
