//! Where an episode stands: what has ended, what is to be done now, what is
//! waited for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    approval::{Asked, approval_id},
    compile::{Step, Task, Wait, Workflow},
    component::Pending,
    definition::{Action, OnFailure},
    effect::{Approve, PATIENCE},
    episode::{Episode, EpisodeEnd, StepEnd, StepRecord},
    lasting::{effect, lasting, was_in_force},
};
use crate::{
    id::{ConnectorName, StepName},
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
    pub achieved: &'a dyn Fn(&Action<Template>, Timestamp) -> bool,
    /// Where what a step about accounts and access asks for never is.
    pub unable: &'a dyn Fn(&Action<Template>) -> BTreeSet<ConnectorName>,
    /// Why what a step does cannot be done yet.
    pub not_yet: &'a dyn Fn(&Action<Template>) -> Option<String>,
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
    /// Those of them that ended because of what is so now.
    pub seen: BTreeSet<StepName>,
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
    /// It waits, and has not begun.
    NotYet(String),
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
        if let Some((_, end)) = self.ended(&step.id) {
            if asks(step, end) {
                let waits = format!(
                    "it {}; a person says `lanyard workflow retry` or `skip`",
                    end.trouble()
                );
                self.advanced.waits.insert(step.id.clone(), waits);
            }
            return;
        }
        let Some(ready) = self.ready(step) else { return };
        // What has an effect is tried from when somebody first looks.
        let fresh = if effect(step).is_some() { self.about.now } else { ready };
        let since = self.episode.begun(&step.id).unwrap_or(fresh);
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
            let by_sight = matches!(end, StepEnd::Done | StepEnd::Unable { .. });
            if at == self.about.now && ends_by_sight(step) && by_sight {
                self.advanced.seen.insert(step.id.clone());
            }
            self.advanced.ended.push((step.id.clone(), at, end));
            return;
        }
        let not_yet = matches!(stage, Stage::NotYet(_));
        if !not_yet && !self.episode.steps.contains_key(&step.id) {
            self.advanced.begun.push((step.id.clone(), since));
        }
        match stage {
            Stage::Due => self.advanced.due.push(step.id.clone()),
            Stage::Working => {
                self.advanced.waits.insert(step.id.clone(), "not yet so at the targets".to_owned());
            }
            Stage::Waits(why) | Stage::NotYet(why) => {
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
            let goes_on = end.is_good()
                || matches!(
                    self.workflow.step(after)?.on_failure,
                    OnFailure::Continue | OnFailure::Obligation
                );
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
            Task::Do(action) if effect(step).is_some() => {
                // The time it may take does not run before it can begin.
                if let Some(why) = (about.not_yet)(action).filter(|_| !begun) {
                    return Ok(Stage::NotYet(why));
                }
                self.effect(step, action, since)
            }
            Task::Do(action) => self.action(action, since),
        };
        Ok(self.timed(step, since, stage))
    }

    /// A step that is not over by its timeout is over then.
    fn timed(&self, step: &Step, since: Timestamp, stage: Stage) -> Stage {
        let Some(timeout) = step.timeout.or_else(|| self.patience(step)) else { return stage };
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

    fn action(&self, action: &Action<Template>, since: Timestamp) -> Stage {
        match (action.is_lasting(), (self.about.achieved)(action, since)) {
            (false, _) => Stage::Due,
            (true, true) => {
                let targets = (self.about.unable)(action);
                let able = targets.is_empty();
                let end = if able { StepEnd::Done } else { StepEnd::Unable { targets } };
                Stage::Ends(self.about.now, end)
            }
            (true, false) => Stage::Working,
        }
    }

    /// Tried for a while, unless the file says how long; who is asked has
    /// their own time.
    fn patience(&self, step: &Step) -> Option<SignedDuration> {
        let tried = !matches!(
            self.episode.steps.get(&step.id),
            Some(StepRecord::Asked { .. } | StepRecord::Told { .. } | StepRecord::Pending { .. })
        );
        effect(step).filter(|_| tried).map(|_| PATIENCE)
    }

    fn effect(&self, step: &Step, action: &Action<Template>, since: Timestamp) -> Stage {
        match self.episode.steps.get(&step.id) {
            // Whoever wrote this never wrote what came of it.
            Some(StepRecord::Sent { at, .. }) => Stage::Ends(*at, StepEnd::Unknown),
            Some(StepRecord::Again { next, why, .. }) if *next > self.about.now => {
                Stage::Waits(format!("{why}; tried again from {next:.0}"))
            }
            Some(StepRecord::Asked { asked, .. }) if asked.is_agreed() => {
                let at = asked.approved.last().map_or(self.about.now, |last| last.at);
                Stage::Ends(at, StepEnd::Done)
            }
            Some(StepRecord::Asked { asked, .. }) if asked.expires <= self.about.now => {
                Stage::Ends(asked.expires, StepEnd::Expired)
            }
            // Who is told nothing has nothing to be told.
            Some(StepRecord::Asked { asked, .. })
                if asked.rounds < asked.rounds_due(self.about.now)
                    && matches!(action, Action::Approve(Approve { template: Some(_), .. })) =>
            {
                Stage::Due
            }
            Some(StepRecord::Asked { asked, .. }) => Stage::Waits(approval(
                &approval_id(
                    self.episode.identity,
                    &self.episode.workflow,
                    self.episode.ordinal,
                    &step.id,
                ),
                asked,
            )),
            Some(StepRecord::Pending { pending, .. }) => self.pending(pending),
            Some(StepRecord::Told { .. }) => Stage::Waits(
                "waits until a person says that it is done: `lanyard workflow done`".to_owned(),
            ),
            _ => self.action(action, since),
        }
    }

    fn pending(&self, pending: &Pending) -> Stage {
        let now = self.about.now;
        match (pending.until.filter(|until| *until <= now), &pending.needs) {
            (Some(until), _) => Stage::Ends(until, StepEnd::TimedOut),
            (None, _) if pending.next <= now => Stage::Due,
            (None, Some(needs)) => {
                Stage::Waits(format!("waits there ({needs}); asked again from {:.0}", pending.next))
            }
            (None, None) => {
                Stage::Waits(format!("under way; asked again from {:.0}", pending.next))
            }
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
        let mut steps = self.workflow.steps.iter();
        let asks = steps.any(|step| self.ended(&step.id).is_some_and(|(_, end)| asks(step, end)));
        if let Some(ends) = ends.filter(|_| !asks) {
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

/// Steps that failed and stay open until a person says something, and what
/// is the matter with each.
pub fn open_steps<'a>(
    workflow: &'a Workflow,
    episode: &'a Episode,
) -> impl Iterator<Item = (&'a Step, &'a StepEnd)> {
    workflow.steps.iter().filter_map(|step| {
        let (_, end) = episode.ended(&step.id)?;
        let open = step.on_failure == OnFailure::Obligation || asks(step, end);
        (open && !end.is_good()).then_some((step, end))
    })
}

fn asks(step: &Step, end: &StepEnd) -> bool {
    step.on_failure == OnFailure::Ask && !end.is_good()
}

fn approval(id: &str, asked: &Asked) -> String {
    let stage = match (asked.approved.len(), asked.stages.len()) {
        (_, 1) => String::new(),
        (passed, all) => format!(", stage {} of {all}", passed + 1),
    };
    format!("waits for approval {id}{stage}, no longer than until {:.0}", asked.expires)
}

/// Whether it ends when somebody sees that something is so.
fn ends_by_sight(step: &Step) -> bool {
    lasting(step) || matches!(step.task, Task::Wait(Wait::Facts(_)))
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
