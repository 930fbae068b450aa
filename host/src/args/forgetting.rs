//! Who is to be forgotten.

#[derive(Debug, clap::Args)]
pub struct EraseOrder {
    /// Id, key of a record, label, or login name of an account.
    pub identity: String,
    /// Why; it is kept beside the id, so name nobody.
    #[arg(long)]
    pub reason: String,
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
}
