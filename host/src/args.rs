//! The command line, as types; no logic.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use lanyard_core::id::{ConnectorName, IdentityId};

/// The right accounts for every person, in every system, for exactly as long
/// as they should have them.
///
/// Exit status: 0 done; 2 wrong arguments; 64 configuration not valid;
/// 65 findings block operations; 66 operations failed, drifted or are
/// uncertain, or access that has to go stays; 67 a connector or source cannot be used; 69 the store cannot be
/// used; 70 a defect; 75 the world changed since the plan was made; 130 ended
/// at once by a second Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "lanyard", version, max_term_width = 100)]
pub struct Args {
    /// The operator's file.
    #[arg(short, long, global = true, default_value = "lanyard.toml")]
    pub config: PathBuf,
    /// What to log to standard error, for example `info` or `lanyard=debug`.
    #[arg(long, global = true, env = "LANYARD_LOG", default_value = "error")]
    pub log: String,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check the file, its tests, plugins, permissions, and every system.
    Check {
        /// Check the file alone; call no connector.
        #[arg(long)]
        offline: bool,
    },
    /// Show what would be done, and why.  Changes nothing.
    Plan {
        #[arg(long)]
        json: bool,
        /// Write the plan to a file, for `apply FILE`.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Carry out a plan, after asking.
    Apply {
        /// A plan's digest (or its beginning), or a file from `plan --out`;
        /// none: plan now.
        plan: Option<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Release a finding of this plan, for example `mass-removal` or `mass-enable`.
        #[arg(long, value_name = "FINDING")]
        release: Vec<String>,
    },
    /// Run the whole road without asking.
    #[command(subcommand)]
    Run(RunVerb),
    /// What is known, what is open, what went on last.
    Status,
    /// The people.
    #[command(subcommand)]
    Identity(IdentityVerb),
    /// The accounts at targets.
    #[command(subcommand)]
    Account(AccountVerb),
    /// Every account and grant of a person, back to rule and source.
    Explain {
        /// Id, source key, or label of the identity.
        identity: String,
    },
    /// What was done.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// Component files.
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// Connectors, for those who write them.
    #[command(subcommand)]
    Connector(ConnectorVerb),
    /// Print the file with every default written out.
    Expand,
    /// Print the JSON Schema of the file, for editors.
    Schema,
}

#[derive(Debug, Subcommand)]
pub enum RunVerb {
    /// Read, plan, guard, and apply what is allowed: for cron.
    Once,
}

#[derive(Debug, Subcommand)]
pub enum IdentityVerb {
    List {
        #[arg(long)]
        json: bool,
    },
    Show {
        identity: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum AccountVerb {
    /// What targets last reported, and whose it is.
    List {
        target: Option<ConnectorName>,
        #[arg(long)]
        json: bool,
    },
    /// Say that an existing account is a person's, so that it is managed
    /// from now on.
    Adopt {
        target: ConnectorName,
        /// The account's key at the target, as `plan` shows it.
        uid: String,
        #[arg(long)]
        identity: IdentityId,
    },
}

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    List {
        #[arg(long)]
        identity: Option<IdentityId>,
        #[arg(long)]
        target: Option<ConnectorName>,
        /// The newest so many.
        #[arg(long, default_value_t = 50)]
        last: u32,
        #[arg(long)]
        json: bool,
    },
    /// Whether the chain of rows is unbroken.
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum PluginVerb {
    /// What a component imports, exports and asks for.
    Inspect {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConnectorVerb {
    /// Try the laws of the contract on a component, in its sandbox, against
    /// scripted systems.  Needs no file and touches no network.
    Test {
        file: PathBuf,
        /// The connector's configuration as JSON; without it, one is made up
        /// from what its schema requires.
        #[arg(long, value_name = "JSON")]
        config_json: Option<String>,
        /// A directory with real content, under a name of the manifest.
        #[arg(long, value_name = "NAME=PATH", value_parser = named_path)]
        directory: Vec<(String, PathBuf)>,
        #[arg(long)]
        json: bool,
    },
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err("write it as NAME=PATH, for example data=people".to_owned()),
    }
}
