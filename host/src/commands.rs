//! The verbs: each parses nothing and decides nothing; it opens what it
//! needs, calls the room that knows, and writes down the answer.

mod account;
mod apply;
mod approval;
mod audit;
mod case;
mod check;
mod connector;
mod defaults;
mod eject;
mod erase;
mod explain;
mod halt;
mod heads;
mod hold;
mod identity;
mod leaver;
mod metrics;
mod moment;
mod named;
mod obligations;
mod output;
mod plan;
mod plugin;
mod request;
mod review;
mod rule;
mod session;
mod sheet;
mod simulate;
mod status;
mod store;
mod stores;
mod suppose;
mod undo;
mod union;
mod who;
mod workflow;
mod xray;

use crate::{
    args::{Args, ConnectorVerb, PluginVerb, RuleVerb, RunVerb, Verb},
    config,
    errors::{AppError, Exit},
    telemetry,
};
use output::Output;

/// Runs one verb and says how it ended.
pub async fn run(args: Args) -> Exit {
    let mut output = Output::standard();
    match telemetry::set_clock() {
        Ok(None) => {}
        Ok(Some(now)) => {
            let note = format!("note: the clock stands at {now}, because LANYARD_NOW says so\n");
            output.error(&note);
        }
        Err(error) => {
            output.error(&AppError::new(Exit::Usage, error).render());
            return Exit::Usage;
        }
    }
    let done = Box::pin(dispatch(args, &mut output)).await;
    match done {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error.render());
            error.exit
        }
    }
}

async fn dispatch(args: Args, output: &mut Output) -> Result<Exit, AppError> {
    let file = args.config.as_path();
    match args.verb {
        Verb::Check { offline } => check::check(file, offline, output).await,
        Verb::Plan { json, against: Some(other), at, .. } => {
            Box::pin(suppose::against(file, &other, at.as_deref(), json, output)).await
        }
        Verb::Plan { json, at: Some(at), .. } => suppose::at(file, &at, json, output).await,
        Verb::Plan { json, out, .. } => plan::plan(file, json, out.as_deref(), output).await,
        Verb::Apply { plan, yes, release } => {
            apply::apply(file, plan.as_deref(), yes, &release, output).await
        }
        Verb::Run(RunVerb::Once) => apply::once(file, output).await,
        Verb::Status => status::status(file, output).await,
        Verb::Identity(verb) => identity::identity(file, verb, output).await,
        Verb::Account(verb) => account::account(file, verb, output).await,
        Verb::Explain(wanted) => Box::pin(explain::explain(file, &wanted, output)).await,
        Verb::Workflow(verb) => workflow::workflow(file, verb, output).await,
        Verb::Audit(verb) => audit::audit(file, verb, output).await,
        Verb::Store(verb) => store::store(file, verb, output).await,
        Verb::Plugin(PluginVerb::Inspect { file, json }) => {
            plugin::inspect(&file, json, output).await
        }
        Verb::Connector(ConnectorVerb::Test { file, config_json, directory, json }) => {
            connector::test(file, config_json.as_deref(), directory, json, output).await
        }
        Verb::Eject { identity, reason, undo, yes } => {
            let reason = reason.as_deref();
            let order = eject::Order { who: &identity, reason, undo, yes };
            Box::pin(eject::eject(file, &order, output)).await
        }
        Verb::Halt { reason } => halt::halt(file, reason.as_deref(), output).await,
        Verb::Resume => halt::resume(file, output).await,
        Verb::Hold(verb) => hold::hold(file, verb, output).await,
        Verb::Expand => {
            output.text(&config::expand(file)?)?;
            Ok(Exit::Ok)
        }
        Verb::Approval(verb) => approval::approval(file, verb, output).await,
        Verb::Review(verb) => review::review(file, verb, output).await,
        Verb::Request(verb) => request::request(file, verb, output).await,
        Verb::Case(verb) => case::case(file, verb, output).await,
        Verb::Simulate(wanted) => simulate::simulate(file, &wanted, output).await,
        Verb::Undo(wanted) => undo::undo(file, &wanted, output).await,
        Verb::Rule(RuleVerb::Test(wanted)) => rule::test(file, &wanted, output).await,
        Verb::Xray(wanted) => xray::xray(file, &wanted, output).await,
        Verb::Obligations(wanted) => obligations::obligations(file, wanted, output).await,
        Verb::Leaver(wanted) => leaver::leaver(file, &wanted, output).await,
        Verb::Metrics(wanted) => metrics::metrics(file, &wanted, output).await,
        Verb::Who(wanted) => who::who(file, &wanted, output).await,
        Verb::Schema => {
            output.text(&config::json_schema())?;
            Ok(Exit::Ok)
        }
    }
}
