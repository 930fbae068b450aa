//! What is asked of one person.

/// Another time than now.
#[derive(Debug, clap::Args)]
pub struct Then {
    /// As facts count then: a date (its first moment), or an instant.
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
    /// By what was known then (of a date: at its end), and not by what is
    /// known now.
    #[arg(long, value_name = "DATE")]
    pub as_known: Option<String>,
}
