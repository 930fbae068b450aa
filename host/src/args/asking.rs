//! What people ask, on the command line.

use lanyard_core::{asking::What, id::ConnectorName};

use super::parts::{Held, Stepped};

#[derive(Debug, clap::Args)]
pub struct Explained {
    /// Id, key of a record, label, or login name of an account.
    pub identity: String,
    /// Only the account at this target: why there is one, or none.
    #[arg(long, value_name = "TARGET", group = "one")]
    pub account: Option<ConnectorName>,
    /// Only this entitlement: why they hold it, or do not.
    #[arg(long, value_name = "TARGET/NAME", group = "one")]
    pub entitlement: Option<Held>,
    /// Only this step of a workflow: how far it is, and why.
    #[arg(long, value_name = "WORKFLOW/STEP", group = "one")]
    pub step: Option<Stepped>,
    /// As it would be then, if nothing but the time changes.
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Holding {
    /// A target, an entitlement as TARGET/NAME, or role:NAME.
    #[arg(value_name = "TARGET | TARGET/NAME | role:NAME", value_parser = what)]
    pub what: What,
    /// Print JSON, for programs.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print a table for a spreadsheet.
    #[arg(long)]
    pub csv: bool,
}

fn what(text: &str) -> Result<What, String> {
    if let Some(role) = text.strip_prefix("role:") {
        return Ok(What::Role(role.parse().map_err(|error| format!("{error}"))?));
    }
    if text.contains('/') {
        let Held { target, entitlement } = text.parse()?;
        return Ok(What::Entitlement { target, entitlement });
    }
    Ok(What::Target(text.parse().map_err(|error| format!("{error}"))?))
}
