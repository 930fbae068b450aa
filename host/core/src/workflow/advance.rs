//! Where an episode stands: what has ended, what is to be done now, what is
//! waited for.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    compile::{Step, Task, Wait, Workflow},
    definition::{Action, OnFailure},
    episode::{Episode, EpisodeEnd, StepEnd},
};
use crate::{
    id::StepName,
    lifecycle::parse_moment,
    template::{EvaluationError, Expressions, Scope, Template},
    value::Value,
};

/// What an episode is looked at with.
pub struct Situation<'a> {
    pub expressions: &'a Expressions,
    pub scope: &'a Scope,
    pub timezone: &'a TimeZone,
    /// Whether what a step about accounts and access asks for is so already.
    pub achieved: &'a dyn Fn(&Action<Template>) -> bool,
    pub now: Timestamp,
}

/// An episode after a look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Steps that begin, and since when; what they were asked then is not
    /// asked again.
    pub begun: Vec<(StepName, Timestamp)>,
    /// Steps that ended by time, by what is observed, or by their condition,
    /// and are not recorded yet; in the order in which they did.
    pub ended: Vec<(StepName, Timestamp, StepEnd)>,
    /// Steps to be carried out now.
    pub due: Vec<StepName>,
    /// Steps about accounts and access that have begun: what they ask for is
    /// desired as long as the episode stands.
    pub in_force: Vec<StepName>,
    /// What is waited for, step by step.
    pub waits: BTreeMap<StepName, String>,
    /// How the episode ends, when it does.
    pub end: Option<EpisodeEnd>,
    /// Steps that could not be evaluated, and why: nothing is done for this
    /// identity until they can be.
    pub holds: Vec<String>,
}

/// What one step is at the moment.
enum Stage {
    Ends(Timestamp, StepEnd),
    Due,
    /// In force, and not achieved yet.
    Working,
    Waits(String),
}

/// Looks at every step of an open episode.
///
/// A chain of waits that are all over advances in one look, each step ending
/// when it would have ended had anybody looked.
pub fn advance(workflow: &Workflow, episode: &Episode, about: &Situation<'_>) -> Advanced {
    let mut looked = Look { workflow, episode, about, advanced: Advanced::default() };
    for step in &workflow.steps {
        looked.at(step);
    }
    looked.finish()
}

struct Look<'a> {
    workflow: &'a Workflow,
    episode: &'a Episode,
    about: &'a Situation<'a>,
    advanced: Advanced,
}

impl Look<'_> {
    fn at(&mut self, step: &Step) {
        if was_in_force(self.episode, step) {
            self.advanced.in_force.push(step.id.clone());
        }
        if self.ended(&step.id).is_some() {
            return;
        }
        let Some(since) = self.ready(step) else { return };
        match self.stage(step, since) {
            Ok(stage) => self.take(step, since, stage),
            Err(error) => self
                .advanced
                .holds
                .push(format!("workflow `{}`, step `{}`: {error}", self.workflow.name, step.id)),
        }
    }

    fn take(&mut self, step: &Step, since: Timestamp, stage: Stage) {
        let skipped = matches!(stage, Stage::Ends(_, StepEnd::Skipped));
        if lasting(step) && !skipped && !self.advanced.in_force.contains(&step.id) {
            self.advanced.in_force.push(step.id.clone());
        }
        if let Stage::Ends(at, end) = stage {
            self.advanced.ended.push((step.id.clone(), at, end));
            return;
        }
        if !self.episode.steps.contains_key(&step.id) {
            self.advanced.begun.push((step.id.clone(), since));
        }
        match stage {
            Stage::Due => self.advanced.due.push(step.id.clone()),
            Stage::Working => {
                self.advanced.waits.insert(step.id.clone(), "not yet so at the targets".to_owned());
            }
            Stage::Waits(why) => {
                self.advanced.waits.insert(step.id.clone(), why);
            }
            Stage::Ends(..) => {}
        }
    }

    /// When and how a step ended, recorded or just now.
    fn ended(&self, step: &StepName) -> Option<(Timestamp, &StepEnd)> {
        let now = self.advanced.ended.iter().find(|(id, ..)| id == step);
        self.episode.ended(step).or_else(|| now.map(|(_, at, end)| (*at, end)))
    }

    /// Since when everything a step comes after has ended well enough; none
    /// while it has not.
    fn ready(&self, step: &Step) -> Option<Timestamp> {
        let mut since = self.episode.began;
        for after in &step.after {
            let (at, end) = self.ended(after)?;
            let goes_on =
                end.is_good() || self.workflow.step(after)?.on_failure == OnFailure::Continue;
            if !goes_on {
                return None;
            }
            since = since.max(at);
        }
        Some(since)
    }

    fn stage(&self, step: &Step, since: Timestamp) -> Result<Stage, EvaluationError> {
        let about = self.about;
        let begun = self.episode.steps.contains_key(&step.id);
        if !begun && !step.when.holds(about.expressions, about.scope)? {
            return Ok(Stage::Ends(since, StepEnd::Skipped));
        }
        let stage = match &step.task {
            Task::Wait(wait) => self.wait(wait, since)?,
            Task::Do(action) => self.action(action),
        };
        Ok(self.timed(step, since, stage))
    }

    /// A step that is not over by its timeout is over then.
    fn timed(&self, step: &Step, since: Timestamp, stage: Stage) -> Stage {
        let Some(timeout) = step.timeout else { return stage };
        let limit = since.checked_add(timeout).unwrap_or(Timestamp::MAX);
        match stage {
            Stage::Ends(at, end) if at <= limit => Stage::Ends(at, end),
            _ if limit <= self.about.now => Stage::Ends(limit, StepEnd::TimedOut),
            Stage::Waits(why) => Stage::Waits(format!("{why}, no longer than until {limit:.0}")),
            other => other,
        }
    }

    fn wait(&self, wait: &Wait, since: Timestamp) -> Result<Stage, EvaluationError> {
        let about = self.about;
        let until = |at: Timestamp| {
            if at <= about.now {
                Stage::Ends(at.max(since), StepEnd::Done)
            } else {
                Stage::Waits(format!("waits until {at:.0}"))
            }
        };
        match wait {
            Wait::For(duration) => {
                Ok(until(since.checked_add(*duration).unwrap_or(Timestamp::MAX)))
            }
            Wait::Until(template) => {
                let text = about.expressions.render(template, about.scope)?;
                let at = wait_moment(&text, about.timezone).ok_or_else(|| EvaluationError {
                    expression: template.source().to_owned(),
                    problem: "is no date".to_owned(),
                })?;
                Ok(until(at))
            }
            // Nobody knows when facts became so, only that they are.
            Wait::Facts(facts) if facts.holds(about.expressions, about.scope)? => {
                Ok(Stage::Ends(about.now, StepEnd::Done))
            }
            Wait::Facts(facts) => {
                let names: Vec<String> =
                    facts.reads().into_iter().map(|name| format!("`{name}`")).collect();
                Ok(Stage::Waits(format!("waits for {}", names.join(", "))))
            }
        }
    }

    fn action(&self, action: &Action<Template>) -> Stage {
        match (action.is_lasting(), (self.about.achieved)(action)) {
            (false, _) => Stage::Due,
            (true, true) => Stage::Ends(self.about.now, StepEnd::Done),
            (true, false) => Stage::Working,
        }
    }

    fn finish(mut self) -> Advanced {
        let failed = self.workflow.steps.iter().find(|step| {
            let bad = self.ended(&step.id).is_some_and(|(_, end)| !end.is_good());
            bad && step.on_failure == OnFailure::Stop
        });
        if let Some(step) = failed {
            let at = self.ended(&step.id).map_or(self.about.now, |(at, _)| at);
            self.advanced.end = Some(EpisodeEnd::Stopped { at, step: step.id.clone() });
            // What is under way stays in force; nothing else begins.
            self.advanced.due.clear();
            self.advanced.waits.clear();
            return self.advanced;
        }
        let ends: Option<Vec<Timestamp>> =
            self.workflow.steps.iter().map(|step| self.ended(&step.id).map(|(at, _)| at)).collect();
        if let Some(ends) = ends {
            let at = ends.into_iter().max().unwrap_or(self.episode.began);
            self.advanced.end = Some(EpisodeEnd::Finished { at });
        }
        self.advanced
    }
}

/// Steps whose wish lasts although nothing more of the episode begins: it
/// has ended, and what it is about is still so.
pub fn lasting_steps<'a>(workflow: &'a Workflow, episode: &Episode) -> Vec<&'a Step> {
    workflow.steps.iter().filter(|step| was_in_force(episode, step)).collect()
}

fn was_in_force(episode: &Episode, step: &Step) -> bool {
    let skipped = matches!(episode.ended(&step.id), Some((_, StepEnd::Skipped)));
    lasting(step) && episode.steps.contains_key(&step.id) && !skipped
}

/// Whether what a step asks for is desired as long as the episode stands.
fn lasting(step: &Step) -> bool {
    matches!(&step.task, Task::Do(action) if action.is_lasting())
}

impl<T> Action<T> {
    /// About accounts and access: not done once, but so from then on.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Accounts { .. }
            | Self::Grant { .. }
            | Self::Revoke { .. }
            | Self::RevokeAll { .. } => true,
            Self::Start { .. } => false,
        }
    }
}

/// The first instant of a date, or an instant, as a wait gives it.
pub(crate) fn wait_moment(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    match parse_moment(text)? {
        Value::Instant(at) => Some(at),
        Value::Date(date) => {
            Some(date.to_zoned(timezone.clone()).ok()?.start_of_day().ok()?.timestamp())
        }
        _ => None,
    }
}
