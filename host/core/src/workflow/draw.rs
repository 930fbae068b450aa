//! A workflow as a picture (Mermaid) and in words.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::SignedDuration;

use super::{
    compile::Workflow,
    definition::{
        AccountVerb, Action, Definition, Offset, On, OnFailure, StepDefinition, TaskDefinition,
        WaitDefinition,
    },
    effect::{Approve, Recipient, Whom},
};
use crate::{
    id::{ConnectorName, FactName},
    operation::CredentialVerb,
};

/// When it begins, as people say it.
pub fn words(on: &On) -> String {
    match on {
        On::State(state) => format!("when somebody is {}", state.word()),
        On::Changed(facts) => {
            let facts: Vec<&str> = facts.iter().map(FactName::as_str).collect();
            format!("when {} changes", facts.join(" or "))
        }
        On::Offset(Offset { by, fact }) => {
            let side = if by.is_negative() { "before" } else { "after" };
            format!("{} {side} {fact}", duration(by.abs()))
        }
        On::Unused(unused) => {
            format!("when an account was not used for {}", duration(unused.after))
        }
        On::Demand => "when a person or another workflow says so".to_owned(),
    }
}

/// A flow chart in the language of Mermaid.
pub fn mermaid(workflow: &Workflow) -> String {
    let Definition { name: _, on, when: _, steps } = &workflow.definition;
    let mut text = String::from("flowchart TD\n");
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "  begin([\"{}\"])", label(&words(on)));
    for step in steps {
        let (open, close) = match &step.task {
            TaskDefinition::Wait(_) => ("{{", "}}"),
            TaskDefinition::Do(_) => ("[", "]"),
        };
        let about = label(&about(step));
        let _infallible = writeln!(text, "  {}{open}\"{}: {about}\"{close}", node(step), step.id);
    }
    for step in steps {
        if step.after.is_empty() {
            let _infallible = writeln!(text, "  begin --> {}", node(step));
        }
        for after in &step.after {
            let _infallible =
                writeln!(text, "  s_{} --> {}", after.as_str().replace('-', "_"), node(step));
        }
    }
    text
}

fn node(step: &StepDefinition) -> String {
    format!("s_{}", step.id.as_str().replace('-', "_"))
}

/// Quotes and line ends would end the label.
fn label(text: &str) -> String {
    text.chars().map(|c| if c == '"' || c.is_control() { '\'' } else { c }).collect()
}

fn about(step: &StepDefinition) -> String {
    let mut text = match &step.task {
        TaskDefinition::Wait(WaitDefinition::For(length)) => format!("wait {}", duration(*length)),
        TaskDefinition::Wait(WaitDefinition::Until(until)) => format!("wait until {until}"),
        TaskDefinition::Wait(WaitDefinition::Facts(facts)) => {
            let names: Vec<&str> = facts.all.iter().map(|(fact, _)| fact.as_str()).collect();
            format!("wait for {}", names.join(", "))
        }
        TaskDefinition::Do(action) => doing(action),
    };
    if !step.when.all.is_empty() || step.when.expr.is_some() {
        text.push_str(", on a condition");
    }
    if let Some(timeout) = step.timeout {
        let then = match step.on_failure {
            OnFailure::Stop => "or stop",
            OnFailure::Continue => "or go on",
            OnFailure::Obligation => "or stay open",
            OnFailure::Ask => "or ask",
        };
        let _infallible = write!(text, ", within {} {then}", duration(timeout));
    }
    text
}

fn doing(action: &Action<String>) -> String {
    let at = |targets: &Option<BTreeSet<ConnectorName>>| {
        targets.as_ref().map_or_else(String::new, |targets| {
            let names: Vec<&str> = targets.iter().map(ConnectorName::as_str).collect();
            format!(" at {}", names.join(", "))
        })
    };
    match action {
        Action::Accounts { verb, targets } => {
            let verb = match verb {
                AccountVerb::Create => "create",
                AccountVerb::Enable => "enable",
                AccountVerb::Disable => "disable",
                AccountVerb::Delete => "delete",
            };
            format!("{verb} accounts{}", at(targets))
        }
        Action::Grant { grants } => format!("grant {}", listed(grants.values().flatten())),
        Action::Revoke { grants } => format!("revoke {}", listed(grants.values().flatten())),
        Action::RevokeAll { targets } => format!("revoke everything{}", at(targets)),
        Action::EndCredentials { verb: CredentialVerb::EndSessions, targets } => {
            format!("end sessions{}", at(targets))
        }
        Action::EndCredentials { verb: CredentialVerb::Revoke, targets } => {
            format!("revoke credentials{}", at(targets))
        }
        Action::Start { workflow } => format!("begin {workflow}"),
        Action::Notify { to, template } => format!("tell {} {template}", all(to)),
        Action::Ticket { to, template } => {
            format!("ask {} for {template}, until a person says it is done", all(to))
        }
        Action::Approve(Approve { stages, expire, .. }) => {
            let stages: Vec<String> = stages.iter().map(|stage| any(stage)).collect();
            format!("approval by {}, within {}", stages.join(", then "), duration(*expire))
        }
        Action::SetFact { fact, value } => format!("{fact} becomes {value}"),
        Action::Request { access, until, reason: _ } => {
            let until = until.map(|it| format!(" for {}", duration(it))).unwrap_or_default();
            format!("request {access}{until}")
        }
        Action::EndRequests { roles, targets } => {
            let roles = roles.iter().flatten().map(|it| format!(" of {it}"));
            format!("end requests{}{}", roles.collect::<String>(), at(targets))
        }
        Action::Credential { target, to, template, .. } => {
            format!("new password at {target}, tell {} {template}", all(to))
        }
        Action::Run { component, .. } => format!("run {component}"),
    }
}

fn all(to: &[Recipient]) -> String {
    to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn any(whom: &[Whom]) -> String {
    whom.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn listed<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    texts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A length of time in its largest whole unit: `30d`, `90m`.
pub fn duration(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    [("d", 86_400), ("h", 3_600), ("m", 60)]
        .into_iter()
        .find(|(_, unit)| seconds != 0 && seconds % unit == 0)
        .map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        condition::Test, example::named, template::Expressions, workflow::ConditionDefinition,
    };

    fn step(id: &str) -> StepDefinition {
        StepDefinition {
            id: named(id),
            task: TaskDefinition::Wait(WaitDefinition::For(SignedDuration::from_hours(24))),
            after: BTreeSet::new(),
            when: ConditionDefinition::default(),
            timeout: None,
            on_failure: OnFailure::Stop,
        }
    }

    #[test]
    fn a_picture_says_which_steps_are_on_a_condition() {
        let mut steps = vec![step("always"), step("by-fact"), step("by-text")];
        steps[1].when.all = vec![(named("department"), Test::Present(true))];
        steps[2].when.expr = Some("department == 'Sales'".to_owned());
        let definition = Definition {
            name: named("joiner"),
            on: On::Demand,
            when: ConditionDefinition::default(),
            steps,
        };
        let workflow = Workflow::compile(&definition, None, &mut Expressions::new()).unwrap();
        let picture = mermaid(&workflow);
        for told in [
            "\"always: wait 1d\"",
            "\"by-fact: wait 1d, on a condition\"",
            "\"by-text: wait 1d, on a condition\"",
        ] {
            assert!(picture.contains(told), "{told} in {picture}");
        }
    }
}
