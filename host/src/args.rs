//! The command line, as types; no logic.

mod asking;
mod audit;
mod case;
mod forgetting;
mod leaver;
mod obligations;
mod parts;
pub mod people;
mod requests;
mod reviews;
mod store;
mod xray;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use lanyard_core::id::{ConnectorName, StepName, WorkflowName};

pub use self::{
    asking::{Explained, Holding, RuleVerb, Simulated, Tried, Undone},
    audit::{AuditForm, AuditVerb},
    leaver::{LeaverVerb, Left, ReceiptForm},
    obligations::{Measured, Owed, OwedVerb},
    parts::{Held, Stepped},
    requests::RequestVerb,
    reviews::ReviewVerb,
    store::StoreVerb,
    xray::Looked,
};
pub use case::{CaseVerb, MergeOrder, SplitOrder};
pub use forgetting::EraseOrder;

/// The right accounts for every person, in every system, for exactly as long
/// as they should have them.
///
/// Exit status: 0 done; 2 wrong arguments; 64 configuration not valid;
/// 65 findings block operations; 66 operations failed, drifted or are
/// uncertain, or access that has to go stays; 67 a connector or source cannot be used; 69 the store cannot be
/// used; 70 a defect; 75 the world changed since the plan was made; 76 everything
/// is halted; 130 ended at once by a second Ctrl-C.
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
        /// Print the whole plan as JSON, for programs.
        #[arg(long)]
        json: bool,
        /// Write the plan to a file, for `apply FILE`.
        #[arg(long)]
        out: Option<PathBuf>,
        /// What would be different with this file in place of the present
        /// one; from what is recorded, with no system called.
        #[arg(long, value_name = "OTHER.toml", conflicts_with = "out")]
        against: Option<PathBuf>,
        /// As it would be then, if nothing but the time changes; from what is
        /// recorded, with no system called.  It cannot be applied.
        #[arg(long, value_name = "DATE", conflicts_with = "out")]
        at: Option<String>,
    },
    /// Carry out a plan, after asking.
    Apply {
        /// A plan's digest (or its beginning), or a file from `plan --out`;
        /// none: plan now.
        plan: Option<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Release a finding of this plan by its word, for example `mass-removal`.
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
    Explain(Explained),
    /// What happens, in order, when something changes in somebody's life.
    #[command(subcommand)]
    Workflow(WorkflowVerb),
    /// What was done.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// What is remembered, as a whole: up to date, saved, checked, moved.
    #[command(subcommand)]
    Store(StoreVerb),
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
    /// Somebody goes now, whatever sources say: everything of theirs is closed
    /// everywhere, past every limit but its own.
    Eject {
        /// Id, key of a record, label, or login name of an account.
        identity: String,
        /// Why; it is kept, and shown in the plan.
        #[arg(long, required_unless_present = "undo")]
        reason: Option<String>,
        /// Take it back: facts count again.
        #[arg(long, conflicts_with = "reason")]
        undo: bool,
        /// Carry out what the plan has for them, and nothing else.
        #[arg(short, long)]
        yes: bool,
    },
    /// No system is called any more, by any process, whatever is under way:
    /// runs end between two calls, and none begins until `resume`.
    Halt {
        /// Why; it is kept, and shown to whoever is stopped by it.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ends `halt`: the next run goes on with what is left.
    Resume,
    /// Legal holds: nothing of these people is deleted.
    #[command(subcommand)]
    Hold(HoldVerb),
    /// Questions to people that workflows ask.
    #[command(subcommand)]
    Approval(ApprovalVerb),
    /// Access that people ask for, beside what rules give.
    #[command(subcommand)]
    Request(RequestVerb),
    /// Reviews of access: who is asked whether something is still needed.
    #[command(subcommand)]
    Review(ReviewVerb),
    /// What will happen by time alone, as a calendar; from what is recorded,
    /// with no system called.
    Simulate(Simulated),
    /// Whose a record of a source or an account at a target is, where only a
    /// person can tell.
    #[command(subcommand)]
    Case(CaseVerb),
    /// Who has an account, an entitlement or a role, since when and why; who
    /// should and has not; accounts of nobody.  From what is recorded.
    Who(Holding),
    /// A plan that goes back from one that was carried out: shown and kept,
    /// for `apply DIGEST`.
    Undo(Undone),
    /// Every account that is there: whose it is or may be, and what stands
    /// out.  Reads everything, writes nothing, and needs no rules.
    Xray(Looked),
    /// Who still has access they had to lose: to what, for how long, why, and
    /// what is tried next.  From what is recorded.
    Obligations(Owed),
    /// What became of everything that somebody who left had, and the signed
    /// document that says so.
    Leaver(Left),
    /// Numbers in the text format of Prometheus; from what is recorded.
    Metrics(Measured),
    /// Rules and mappings, tried on people.
    #[command(subcommand)]
    Rule(RuleVerb),
}

#[derive(Debug, Subcommand)]
pub enum HoldVerb {
    /// Nothing of these people is deleted from now on; they are disabled as
    /// ever.
    Add {
        /// What to call it.
        name: String,
        /// Id, key of a record, label, or login name of an account.
        #[arg(long, required = true, num_args = 1..)]
        who: Vec<String>,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The date to look whether it is still needed.
        #[arg(long, value_name = "DATE")]
        review: jiff::civil::Date,
    },
    /// Those that stand, by command and in the file.
    List,
    /// End one: what is due is deleted by the next run.
    Release {
        /// What it is called.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ApprovalVerb {
    /// Those that are open, and until when.
    List,
    /// One of them: who agreed, and whose answer is waited for.
    Show {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Agree, as the person that `[actors]` says you are.
    Approve {
        /// Its id, or the beginning of it.
        id: String,
        /// Why, for the audit.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have a question about a plan asked anew that was denied, or answered by
    /// nobody in time.
    Ask {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Say no.
    Deny {
        /// Its id, or the beginning of it.
        id: String,
        /// Why, for the audit.
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum RunVerb {
    /// Read, plan, guard, and apply what is allowed: for cron.
    Once,
}

#[derive(Debug, Subcommand)]
pub enum IdentityVerb {
    /// Everybody, with id, state, key and label.
    List {
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// One person: state, records and facts.
    Show {
        /// Id, key of a record, label, or login name of an account.
        identity: String,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        then: people::Then,
    },
    /// Say that two are one person: records, accounts and decisions go over,
    /// and the next plan shows what follows.
    Merge(MergeOrder),
    /// Say that a record is somebody else's; one that came by a merge takes
    /// everything along that came with it.
    Split(SplitOrder),
    /// Erase everything that is known of somebody who has left, for good.
    Erase(EraseOrder),
}

#[derive(Debug, Subcommand)]
pub enum AccountVerb {
    /// What targets last reported, and whose it is.
    List {
        /// Only the accounts at this target.
        target: Option<ConnectorName>,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Say that an existing account is a person's, so that it is managed
    /// from now on.
    Adopt {
        /// The target that has the account.
        target: ConnectorName,
        /// The account's key at the target, as `plan` shows it.
        #[arg(required_unless_present = "sure", requires = "identity")]
        uid: Option<String>,
        /// Whose it is: id, key of a record, label, or login name of another
        /// account.
        #[arg(long, requires = "uid")]
        identity: Option<String>,
        /// Every account there that is surely somebody's by `match`, as
        /// `xray` shows them, after asking.
        #[arg(long, conflicts_with_all = ["uid", "identity"])]
        sure: bool,
        /// Do not ask.
        #[arg(short, long, requires = "sure")]
        yes: bool,
    },
    /// Say that an existing account is not a person's: it is not suggested
    /// for them any more, and its name is somebody else's.
    Decline {
        /// The target that has the account.
        target: ConnectorName,
        /// The account's key at the target, as `plan` shows it.
        uid: String,
        /// Whose it is not: id, key of a record, label, or login name of
        /// another account.
        #[arg(long)]
        identity: String,
    },
    /// Undo an adoption: the account is nobody's again, and stays as it is
    /// at the target.
    Release {
        /// The target that has the account.
        target: ConnectorName,
        /// The account's key at the target.
        uid: String,
    },
    /// Say what became of an operation whose answer was lost, after looking
    /// at the target.
    #[command(group(clap::ArgGroup::new("outcome").required(true)))]
    Settle {
        /// The target it was sent to.
        target: ConnectorName,
        /// Whose account it is about: id, key of a record, label, or login
        /// name of another account.
        #[arg(long)]
        identity: String,
        /// It had its effect.
        #[arg(long, group = "outcome")]
        applied: bool,
        /// It had none, and the next plan has it again where still wanted.
        #[arg(long, group = "outcome")]
        not_applied: bool,
        /// Which one, where several are open: as `status` shows it.
        #[arg(long, value_name = "RUN#NUMBER")]
        operation: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum WorkflowVerb {
    /// The workflows of the file, and how many people are in each.
    List,
    /// One of them, as a flow chart in the language of Mermaid.
    Show {
        /// Its name in the file.
        workflow: WorkflowName,
    },
    /// Who is in a workflow, and what is waited for.
    Status,
    /// Begin a workflow for somebody, whatever it begins by itself.
    Run {
        /// Its name in the file.
        workflow: WorkflowName,
        /// Who: id, key of a record, label, or login name of an account.
        identity: String,
    },
    /// End somebody's way through a workflow; what it asked for no longer
    /// counts.
    Cancel {
        /// Its name in the file.
        workflow: WorkflowName,
        /// Who: id, key of a record, label, or login name of an account.
        identity: String,
    },
    /// Say that a step is done, which failed or waits for that.
    Done {
        /// The workflow's name in the file.
        workflow: WorkflowName,
        /// Who: id, key of a record, label, or login name of an account.
        identity: String,
        /// The step's `id` in the file.
        step: StepName,
        /// How it was done, for the audit.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have a step that failed tried anew.
    Retry {
        /// The workflow's name in the file.
        workflow: WorkflowName,
        /// Who: id, key of a record, label, or login name of an account.
        identity: String,
        /// The step's `id` in the file.
        step: StepName,
    },
    /// Have what comes after a step that failed go on without it.
    Skip {
        /// The workflow's name in the file.
        workflow: WorkflowName,
        /// Who: id, key of a record, label, or login name of an account.
        identity: String,
        /// The step's `id` in the file.
        step: StepName,
    },
    /// Print workflows to copy: their names, or one of them.
    Default {
        /// Which one.
        name: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum PluginVerb {
    /// What a component imports, exports and asks for.
    Inspect {
        /// The component, a `.wasm` file.
        file: PathBuf,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConnectorVerb {
    /// Try the laws of the contract on a component, in its sandbox, against
    /// scripted systems.  Needs no file and touches no network.
    Test {
        /// The component, a `.wasm` file.
        file: PathBuf,
        /// The connector's configuration as JSON; without it, one is made up
        /// from what its schema requires.
        #[arg(long, value_name = "JSON")]
        config_json: Option<String>,
        /// A directory with real content, under a name of the manifest.
        #[arg(long, value_name = "NAME=PATH", value_parser = named_path)]
        directory: Vec<(String, PathBuf)>,
        /// Print JSON, for programs.
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

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::Args;

    #[test]
    fn every_verb_and_every_argument_has_a_help_text() {
        fn silent(command: &Command, path: &str) -> Vec<String> {
            let path = format!("{path} {}", command.get_name());
            let own = command.get_about().is_none().then(|| path.clone());
            let arguments = command
                .get_arguments()
                .filter(|argument| argument.get_help().is_none())
                .map(|argument| format!("{path}: {}", argument.get_id()));
            let below = command.get_subcommands().flat_map(|verb| silent(verb, &path));
            own.into_iter().chain(arguments).chain(below).collect()
        }
        let mut program = Args::command();
        program.build();
        assert_eq!(silent(&program, ""), Vec::<String>::new());
    }
}
