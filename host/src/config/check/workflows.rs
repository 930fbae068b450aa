//! Workflows: every step does one thing, and everything it names is there.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    id::{ConnectorName, FactName, WorkflowName},
    operation::CredentialVerb,
    workflow::{
        AccountVerb, Action, CompileError, ConditionDefinition, Definition, On, StepDefinition,
        TaskDefinition, WaitDefinition, Workflow,
    },
};

use super::{Check, components, credential, effects, policy::tests_of};
use crate::config::{
    document::{Part, Place},
    element::{
        wait::Wait,
        when::{EXPRESSION, When},
    },
    report::ConfigError,
    written::{File, Step, Verb},
};

/// Keys that belong to any step.
const COMMON: [&str; 5] = ["id", "after", "when", "timeout", "on-failure"];

pub(super) fn workflows(check: &mut Check<'_, '_>, file: &File) -> Vec<Workflow> {
    let mut workflows = Vec::new();
    for (name, written) in file.workflow.iter() {
        let place = Place::of(["workflow", name.as_str()]);
        let before = check.report.errors();
        facts_of_trigger(check, &place.key("on"), &written.on.0);
        let when = condition(check, &place.key("when"), &written.when);
        let mut steps = Vec::new();
        for (index, step) in written.steps.iter().enumerate() {
            let place = place.key("steps").index(index);
            steps.extend(definition(check, file, &place, step));
        }
        credential::not_for_leavers(check, &place, written);
        if written.steps.is_empty() {
            let error = ConfigError::new(format!("workflow `{name}` has no steps"))
                .hint("give it some, or take it out");
            check.value(&place.key("steps"), error);
        }
        if check.report.errors() > before {
            continue;
        }
        let line = check.report.line(&place);
        let definition = Definition { name: name.clone(), on: written.on.0.clone(), when, steps };
        match Workflow::compile(&definition, Some(line), &mut check.expressions) {
            Ok(workflow) => workflows.push(workflow),
            Err(error) => compile_error(check, &place, &definition, &error),
        }
    }
    workflows
}

fn compile_error(
    check: &mut Check<'_, '_>,
    place: &Place,
    definition: &Definition,
    error: &CompileError,
) {
    let step = match error {
        CompileError::UnknownStep { step, .. }
        | CompileError::Twice(step)
        | CompileError::Expression { step, .. } => Some(step),
        CompileError::Circle(steps) => steps.first(),
        CompileError::When(_) | CompileError::Version(_) => None,
    };
    // The last of that name: of two that share one, the second is wrong.
    let index = definition.steps.iter().rposition(|it| Some(&it.id) == step);
    let steps = place.key("steps");
    let place = index.map_or(steps.clone(), |index| steps.index(index));
    let shown = ConfigError::new(error.to_string());
    let shown = match error {
        CompileError::UnknownStep { after, .. } => {
            shown.nearest(after.as_str(), definition.steps.iter().map(|it| it.id.as_str()))
        }
        _ => shown,
    };
    check.value(&place, shown);
}

fn facts_of_trigger(check: &mut Check<'_, '_>, place: &Place, on: &On) {
    let names: Vec<&str> = match on {
        On::Changed(facts) => facts.iter().map(FactName::as_str).collect(),
        On::Offset(offset) => vec![offset.fact.as_str()],
        On::Unused(unused) => {
            for target in unused.targets.iter().flatten() {
                check.target(place, Part::Value, target.as_str());
            }
            Vec::new()
        }
        On::State(_) | On::Demand => Vec::new(),
    };
    for name in names {
        check.fact(name, |check, error| check.value(place, error));
    }
}

/// Compiled once to find its mistakes; kept as text, for episodes keep it.
fn condition(check: &mut Check<'_, '_>, place: &Place, when: &When) -> ConditionDefinition {
    let all = tests_of(check, place, when);
    if let Some(source) = &when.expression {
        check.condition(&place.key(EXPRESSION), source);
    }
    ConditionDefinition { all, expr: when.expression.clone() }
}

fn definition(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    step: &Step,
) -> Option<StepDefinition> {
    let task = match (&step.verb, &step.wait, &step.run) {
        (None, None, Some(component)) => {
            foreign_keys(check, place, "run", &["with"], "run");
            TaskDefinition::Do(components::run(check, place, component, step))
        }
        (Some(verb), None, None) => {
            foreign_keys(check, place, verb.word(), verb.keys(), "do");
            TaskDefinition::Do(action(check, file, place, *verb, step)?)
        }
        (None, Some(wait), None) => {
            foreign_keys(check, place, "wait", &[], "wait");
            TaskDefinition::Wait(waited(check, &place.key("wait"), wait))
        }
        _ => {
            let error =
                ConfigError::new(format!("step `{}` needs one of `do`, `wait` and `run`", step.id))
                    .hint("a step does one thing");
            check.value(place, error);
            return None;
        }
    };
    Some(StepDefinition {
        id: step.id.clone(),
        task,
        after: step.after.iter().cloned().collect(),
        when: condition(check, &place.key("when"), &step.when),
        timeout: step.timeout.map(|timeout| timeout.0),
        on_failure: step.on_failure.into(),
    })
}

/// A key that would do nothing is a mistake.
fn foreign_keys(check: &mut Check<'_, '_>, place: &Place, verb: &str, own: &[&str], marker: &str) {
    let keys: Vec<String> =
        check.report.document.keys(place).into_iter().map(str::to_owned).collect();
    for key in keys {
        let known = COMMON.contains(&key.as_str()) || own.contains(&key.as_str()) || key == marker;
        if !known {
            let error = ConfigError::new(format!("`{key}` does nothing in a step with `{verb}`"));
            let error = match own {
                [] => error,
                own => error.hint(format!("keys of `{verb}`: {}", own.join(", "))),
            };
            check.key(&place.key(&key), error);
        }
    }
}

fn waited(check: &mut Check<'_, '_>, place: &Place, wait: &Wait) -> WaitDefinition {
    match wait {
        Wait::For(duration) => WaitDefinition::For(duration.0),
        Wait::Until(text) => {
            check.template(&place.key("until"), text, &[]);
            WaitDefinition::Until(text.clone())
        }
        Wait::Facts(facts) => WaitDefinition::Facts(condition(check, &place.key("facts"), facts)),
    }
}

fn action(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    verb: Verb,
    step: &Step,
) -> Option<Action<String>> {
    let accounts = |check: &mut Check<'_, '_>, verb| Action::Accounts {
        verb,
        targets: targets(check, place, step),
    };
    Some(match verb {
        Verb::CreateAccounts => accounts(check, AccountVerb::Create),
        Verb::EnableAccounts => accounts(check, AccountVerb::Enable),
        Verb::DisableAccounts => accounts(check, AccountVerb::Disable),
        Verb::DeleteAccounts => accounts(check, AccountVerb::Delete),
        Verb::RevokeAll => Action::RevokeAll { targets: targets(check, place, step) },
        Verb::Grant => Action::Grant { grants: grants(check, place, step)? },
        Verb::Revoke => Action::Revoke { grants: grants(check, place, step)? },
        Verb::Start => {
            let Some(workflow) = &step.workflow else {
                missing(check, place, "start", "`workflow`");
                return None;
            };
            known_workflow(check, file, &place.key("workflow"), workflow);
            Action::Start { workflow: workflow.clone() }
        }
        Verb::Notify => {
            let (to, template) = effects::told(check, file, place, verb.word(), step)?;
            Action::Notify { to, template }
        }
        Verb::Ticket => {
            let (to, template) = effects::told(check, file, place, verb.word(), step)?;
            Action::Ticket { to, template }
        }
        Verb::Approve => effects::approve(check, file, place, step)?,
        Verb::SetFact => effects::set_fact(check, place, step)?,
        Verb::Request => effects::request(check, file, place, step)?,
        Verb::EndRequests => effects::end_requests(check, place, step),
        Verb::EndSessions | Verb::RevokeCredentials => Action::EndCredentials {
            verb: if verb == Verb::EndSessions {
                CredentialVerb::EndSessions
            } else {
                CredentialVerb::Revoke
            },
            targets: targets(check, place, step),
        },
        Verb::Credential => credential::credential(check, file, place, step)?,
    })
}

fn missing(check: &mut Check<'_, '_>, place: &Place, verb: &str, keys: &str) {
    check.value(place, ConfigError::new(format!("a step with `{verb}` needs {keys}")));
}

fn targets(
    check: &mut Check<'_, '_>,
    place: &Place,
    step: &Step,
) -> Option<BTreeSet<ConnectorName>> {
    let names = step.targets.as_ref()?;
    Some(check.target_names(&place.key("targets"), names))
}

fn grants(
    check: &mut Check<'_, '_>,
    place: &Place,
    step: &Step,
) -> Option<BTreeMap<ConnectorName, Vec<String>>> {
    let mut grants = BTreeMap::new();
    for (target, templates) in step.grants.iter() {
        let place = place.key("grants").key(target);
        for (index, template) in templates.iter().enumerate() {
            check.template(&place.index(index), template, &[]);
        }
        if check.target(&place, Part::Key, target)
            && let Ok(target) = ConnectorName::new(target.as_str())
        {
            grants.insert(target, templates.clone());
        }
    }
    if step.grants.iter().next().is_none() {
        missing(check, place, "grant` or `revoke", "`grants`");
        return None;
    }
    Some(grants)
}

fn known_workflow(check: &mut Check<'_, '_>, file: &File, place: &Place, workflow: &WorkflowName) {
    let known: Vec<&str> = file.workflow.iter().map(|(name, _)| name.as_str()).collect();
    if !known.contains(&workflow.as_str()) {
        let error = ConfigError::new(format!("unknown workflow `{workflow}`"))
            .label(format!("no `[workflow.{workflow}]` in this file"))
            .nearest(workflow.as_str(), known);
        check.value(place, error);
    }
}
