//! Effects of workflows in a simulation: told at once, and answered by nobody.

use jiff::Timestamp;

use super::Simulation;
use crate::{
    diff::step_lines,
    id::ConnectorName,
    plan::Plan,
    request::{PlannedQuestion, by_step},
    workflow::{Effect, OwnFact, PlannedStep, StepEnd, StepRecord},
};

/// The steps of a plan, each as it is shown.
pub(super) fn told(plan: &Plan) -> impl Iterator<Item = (&PlannedStep, Vec<String>)> {
    plan.steps.iter().map(|step| {
        let lines = step_lines(step, &plan.labels);
        (step, lines)
    })
}

/// How many passwords would be set at a target.
pub(super) fn passwords(plan: &Plan, at: Option<&ConnectorName>) -> usize {
    let sets = |step: &&PlannedStep| match &step.effect {
        Effect::Credential { target, .. } => Some(target) == at,
        _ => false,
    };
    plan.steps.iter().filter(sets).count()
}

impl Simulation<'_> {
    /// Asked, and answered by nobody.
    pub(super) fn take_question(&mut self, question: &PlannedQuestion, at: Timestamp) {
        let requests = self.whole.kept().requests.get(&question.identity).into_iter().flatten();
        let found = requests.into_iter().find(|it| it.id == question.request);
        if let Some(asked) = found.and_then(|it| it.as_asked(&question.effect, at)) {
            self.whole.record_request(&asked);
        }
    }

    /// Messages arrive and facts are set; nobody answers a question, and
    /// nobody says that a ticket is done, for neither comes by time alone.
    pub(super) fn take_step(&mut self, step: &PlannedStep, at: Timestamp) {
        let Some(episode) = self.whole.episode(step.identity, &step.workflow) else { return };
        if episode.ordinal != step.ordinal || !episode.is_open() {
            return;
        }
        let mut episode = episode.clone();
        let begun = episode.begun(&step.step).unwrap_or(at);
        let done = StepRecord::Ended { at, end: StepEnd::Done };
        let record = match &step.effect {
            Effect::Notify { ticket: true, .. } => StepRecord::Told { begun, at },
            // What a component says is not known here: it does what it is for.
            Effect::Credential { target, account, .. } => {
                self.whole.password_set(target, account, at);
                done
            }
            Effect::Notify { ticket: false, .. } | Effect::Run { .. } | Effect::Poll { .. } => done,
            Effect::Ask { question, .. } => {
                StepRecord::Asked { begun, asked: question.clone().asked(at) }
            }
            Effect::Remind { .. } => {
                let Some(StepRecord::Asked { asked, .. }) = episode.steps.get(&step.step) else {
                    return;
                };
                StepRecord::Asked { begun, asked: asked.clone().told(at) }
            }
            Effect::AskOthers { others, .. } => {
                let Some(StepRecord::Asked { asked, .. }) = episode.steps.get(&step.step) else {
                    return;
                };
                StepRecord::Asked { begun, asked: asked.to_others(others).told(at) }
            }
            Effect::Request { .. } | Effect::EndRequests { .. } => {
                let known = self.whole.kept().requests.get(&step.identity);
                let known = known.map(Vec::as_slice).unwrap_or_default();
                let step = (step, episode.by.as_deref());
                for request in by_step(&self.policy.access.requestable, step, known, at) {
                    self.whole.record_request(&request);
                }
                done
            }
            Effect::SetFact { .. } => {
                if let Some(own) = OwnFact::of(step, at) {
                    self.whole.set_fact(&own);
                }
                done
            }
        };
        episode.steps.insert(step.step.clone(), record);
        self.whole.record_episode(&episode);
    }
}
