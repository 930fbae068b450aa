//! What people ask, on the command line.

use lanyard_core::{
    asking::What,
    id::{ConnectorName, FactName},
};

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
    /// Who had it then: a date (its beginning), or an instant; by the record
    /// of what was done.
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
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

#[derive(Debug, clap::Args)]
pub struct Undone {
    /// The digest of the plan, or its beginning.
    pub plan: String,
    /// Undo as well what was done because somebody was ejected.
    #[arg(long)]
    pub eject: bool,
    /// Print the whole plan as JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum RuleVerb {
    /// A rule, or the mapping of a target, against one person: each condition
    /// and template with the values it reads.
    Test(Tried),
}

#[derive(Debug, clap::Args)]
pub struct Tried {
    /// The name of a rule, and who: id, key of a record, label, or login name
    /// of an account; with `--target`, only who.
    #[arg(value_name = "RULE WHO", num_args = 1..=2, required = true)]
    pub words: Vec<String>,
    /// The mapping of this target, and no rule.
    #[arg(long)]
    pub target: Option<ConnectorName>,
    /// As if a fact were so; without a value, as if there were none.
    #[arg(long, value_name = "FACT=VALUE", value_parser = fact)]
    pub set: Vec<(FactName, String)>,
    /// As it would be then.
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

fn fact(text: &str) -> Result<(FactName, String), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write it as FACT=VALUE, for example department=Sales".to_owned());
    };
    Ok((name.parse().map_err(|error| format!("{error}"))?, value.to_owned()))
}

#[derive(Debug, clap::Args)]
pub struct Simulated {
    /// The last day: a date, or an instant.
    #[arg(long, value_name = "DATE")]
    pub until: String,
    /// Show nothing before this day; without it, from now on.
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Show one person: id, key of a record, label, or login name of an
    /// account.
    #[arg(long)]
    pub who: Option<String>,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}
