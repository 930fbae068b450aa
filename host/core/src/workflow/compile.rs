//! From what was written to what can be asked: templates compiled, names of
//! steps resolved, circles refused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::definition::{
    Action, ConditionDefinition, Definition, On, OnFailure, StepDefinition, TaskDefinition,
    WaitDefinition,
};
use super::effect::Approve;
use crate::{
    condition::Condition,
    id::{Digest, StepName, WorkflowName},
    template::{ExpressionError, Expressions, Template},
};

/// A workflow that can be walked.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub name: WorkflowName,
    /// Line in the operator's file, from 1; none for one that an episode
    /// kept and the file no longer has.
    pub line: Option<u32>,
    pub version: Digest,
    /// As it was written.
    pub definition: Definition,
    pub on: On,
    pub when: Condition,
    /// Every step after those it waits for.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub id: StepName,
    pub task: Task,
    pub after: BTreeSet<StepName>,
    pub when: Condition,
    pub timeout: Option<SignedDuration>,
    pub on_failure: OnFailure,
}

/// What a step is, with its templates compiled.
#[derive(Debug, Clone)]
pub enum Task {
    Wait(Wait),
    Do(Action<Template>),
}

#[derive(Debug, Clone)]
pub enum Wait {
    For(SignedDuration),
    Until(Template),
    Facts(Condition),
}

/// Why a workflow is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    #[error("step `{step}` comes after `{after}`, which this workflow does not have")]
    UnknownStep { step: StepName, after: StepName },
    #[error("two steps are called `{0}`")]
    Twice(StepName),
    #[error("steps wait for each other in a circle: {}", circle(.0))]
    Circle(Vec<StepName>),
    #[error("step `{step}`: {error}")]
    Expression { step: StepName, error: ExpressionError },
    #[error("`when`: {0}")]
    When(ExpressionError),
    #[error("it cannot be written down: {0}")]
    Version(String),
}

fn circle(steps: &[StepName]) -> String {
    let names: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
    names.join(" after ")
}

impl Workflow {
    /// # Errors
    /// The first thing that is wrong with the definition.
    pub fn compile(
        definition: &Definition,
        line: Option<u32>,
        expressions: &mut Expressions,
    ) -> Result<Self, CompileError> {
        let Definition { name, on, when, steps } = definition;
        let version =
            definition.version().map_err(|error| CompileError::Version(error.to_string()))?;
        let compiled = ordered(steps)?
            .into_iter()
            .map(|step| compile_step(step, expressions))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.clone(),
            line,
            version,
            definition: definition.clone(),
            on: on.clone(),
            when: condition(when, expressions).map_err(CompileError::When)?,
            steps: compiled,
        })
    }

    pub fn step(&self, id: &StepName) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// Each after those it waits for, else in the order of the file.
fn ordered(steps: &[StepDefinition]) -> Result<Vec<&StepDefinition>, CompileError> {
    let mut names = BTreeSet::new();
    for step in steps {
        if !names.insert(&step.id) {
            return Err(CompileError::Twice(step.id.clone()));
        }
    }
    for step in steps {
        if let Some(after) = step.after.iter().find(|after| !names.contains(after)) {
            return Err(CompileError::UnknownStep { step: step.id.clone(), after: after.clone() });
        }
    }
    let mut placed: BTreeSet<&StepName> = BTreeSet::new();
    let mut order: Vec<&StepDefinition> = Vec::with_capacity(steps.len());
    let mut left: Vec<&StepDefinition> = steps.iter().collect();
    while !left.is_empty() {
        let ready = |step: &&StepDefinition| step.after.iter().all(|it| placed.contains(it));
        let Some(place) = left.iter().position(ready) else {
            return Err(CompileError::Circle(circle_among(&left)));
        };
        let step = left.remove(place);
        placed.insert(&step.id);
        order.push(step);
    }
    Ok(order)
}

/// One circle among steps that all wait for another of them.
fn circle_among(steps: &[&StepDefinition]) -> Vec<StepName> {
    let by_name: BTreeMap<&StepName, &StepDefinition> =
        steps.iter().map(|step| (&step.id, *step)).collect();
    let mut way: Vec<StepName> = Vec::new();
    let mut next = steps.first().map(|step| &step.id);
    while let Some(name) = next {
        if let Some(start) = way.iter().position(|step| step == name) {
            let mut circle = way.split_off(start);
            circle.push(name.clone());
            return circle;
        }
        way.push(name.clone());
        let waits_for = by_name.get(name).map(|step| &step.after).into_iter().flatten();
        next = waits_for.into_iter().find(|after| by_name.contains_key(after));
    }
    way
}

fn compile_step(
    step: &StepDefinition,
    expressions: &mut Expressions,
) -> Result<Step, CompileError> {
    let StepDefinition { id, task, after, when, timeout, on_failure } = step;
    let failed = |error| CompileError::Expression { step: id.clone(), error };
    Ok(Step {
        id: id.clone(),
        task: compile_task(task, expressions).map_err(failed)?,
        after: after.clone(),
        when: condition(when, expressions).map_err(failed)?,
        timeout: *timeout,
        on_failure: *on_failure,
    })
}

fn compile_task(
    task: &TaskDefinition,
    expressions: &mut Expressions,
) -> Result<Task, ExpressionError> {
    Ok(match task {
        TaskDefinition::Wait(wait) => Task::Wait(match wait {
            WaitDefinition::For(duration) => Wait::For(*duration),
            WaitDefinition::Until(text) => Wait::Until(expressions.template(text)?),
            WaitDefinition::Facts(facts) => Wait::Facts(condition(facts, expressions)?),
        }),
        TaskDefinition::Do(action) => {
            Task::Do(action.map(&mut |text: &String| expressions.template(text))?)
        }
    })
}

fn condition(
    written: &ConditionDefinition,
    expressions: &mut Expressions,
) -> Result<Condition, ExpressionError> {
    let expr = written.expr.as_deref().map(|expr| expressions.condition(expr)).transpose()?;
    Ok(Condition { all: written.all.clone(), expr })
}

impl<T> Action<T> {
    /// The same with every template changed.
    ///
    /// # Errors
    /// The first that `change` answers.
    pub fn map<U, E>(&self, change: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Action<U>, E> {
        Ok(match self {
            Self::Accounts { verb, targets } => {
                Action::Accounts { verb: *verb, targets: targets.clone() }
            }
            Self::Grant { grants } => Action::Grant { grants: lists(grants, change)? },
            Self::Revoke { grants } => Action::Revoke { grants: lists(grants, change)? },
            Self::RevokeAll { targets } => Action::RevokeAll { targets: targets.clone() },
            Self::EndCredentials { verb, targets } => {
                Action::EndCredentials { verb: *verb, targets: targets.clone() }
            }
            Self::Start { workflow } => Action::Start { workflow: workflow.clone() },
            Self::Notify { to, template } => {
                Action::Notify { to: to.clone(), template: template.clone() }
            }
            Self::Approve(Approve { stages, expire, reason, escalate, template }) => {
                Action::Approve(Approve {
                    stages: stages.clone(),
                    expire: *expire,
                    reason: reason.as_ref().map(change).transpose()?,
                    escalate: escalate.clone(),
                    template: template.clone(),
                })
            }
            Self::SetFact { fact, value } => {
                Action::SetFact { fact: fact.clone(), value: change(value)? }
            }
            Self::Ticket { to, template } => {
                Action::Ticket { to: to.clone(), template: template.clone() }
            }
            Self::Request { access, until, reason } => Action::Request {
                access: access.clone(),
                until: *until,
                reason: reason.as_ref().map(change).transpose()?,
            },
            Self::EndRequests { roles, targets } => {
                Action::EndRequests { roles: roles.clone(), targets: targets.clone() }
            }
            Self::Credential { target, to, template, length, must_change, again } => {
                Action::Credential {
                    target: target.clone(),
                    to: to.clone(),
                    template: template.clone(),
                    length: *length,
                    must_change: *must_change,
                    again: *again,
                }
            }
            Self::Run { component, with } => {
                let with = with.iter().map(|(key, given)| Ok((key.clone(), given.map(change)?)));
                Action::Run { component: component.clone(), with: with.collect::<Result<_, _>>()? }
            }
        })
    }
}

fn lists<K: Ord + Clone, T, U, E>(
    map: &BTreeMap<K, Vec<T>>,
    change: &mut impl FnMut(&T) -> Result<U, E>,
) -> Result<BTreeMap<K, Vec<U>>, E> {
    map.iter()
        .map(|(key, list)| {
            let list = list.iter().map(&mut *change).collect::<Result<_, _>>()?;
            Ok((key.clone(), list))
        })
        .collect()
}
