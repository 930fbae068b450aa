//! How far somebody is with a step of a workflow, and why.

use super::{Answer, Asking, Detail, rule::Outcome};
use crate::{
    id::{StepName, WorkflowName},
    operation::Cause,
    workflow::{Episode, EpisodeEnd, On, StepEnd, StepRecord, Workflow},
};

impl Asking<'_> {
    /// Where a step stands for them; none: the file has no such step, and
    /// they are in none of that name.
    pub fn step(&self, workflow: &WorkflowName, step: &StepName) -> Option<Answer> {
        let form = self.form(workflow);
        let known = form.is_some_and(|form| form.step(step).is_some());
        let episode = self.episode(workflow);
        if !known && !episode.is_some_and(|it| it.steps.contains_key(step)) {
            return None;
        }
        let mut details = self.episode_line(workflow);
        if let Some(form) = form {
            details.push(Detail::new(begins(form)));
            let tests = self.tests(&form.when);
            if form.when.expr.is_some() || !form.when.all.is_empty() {
                details.push(Detail::with("its `when`", tests));
            }
            if let Some(step) = form.step(step) {
                let after: Vec<String> = step.after.iter().map(|it| format!("`{it}`")).collect();
                if !after.is_empty() {
                    details.push(Detail::new(format!("it comes after {}", after.join(", "))));
                }
                if step.when.expr.is_some() || !step.when.all.is_empty() {
                    details.push(Detail::with("the step's `when`", self.tests(&step.when)));
                }
            }
        }
        let planned = self.person.steps.planned.iter();
        for it in planned.filter(|it| it.workflow == *workflow && it.step == *step) {
            let causes = it.causes.iter().map(|cause| Detail::new(format!("because {cause}")));
            details.push(Detail::with("the next plan carries it out", causes.collect()));
        }
        let steps = &self.person.steps;
        let open = steps.open.iter().chain(&steps.unable).chain(&steps.unasked);
        let open = open.filter(|it| it.workflow == *workflow && it.step == *step);
        details.extend(open.map(|it| Detail::new(it.text.clone())));
        let who = self.label();
        let sentence = match episode {
            _ if !self.person.holds.is_empty() => self.unclear(),
            None => format!(
                "{who} is not in workflow `{workflow}`, so step `{step}` is not due: {}",
                self.not_in(form)
            ),
            Some(episode) => {
                let how = self.how(workflow, episode, step);
                format!("step `{step}` of workflow `{workflow}` for {who}: {how}")
            }
        };
        Some(Answer { sentence, details })
    }

    /// The form they go on with, else the one of the file.
    fn form(&self, workflow: &WorkflowName) -> Option<&Workflow> {
        let policy = self.world.policy;
        let in_file = policy.workflows.iter().find(|it| it.name == *workflow);
        let pinned = self.episode(workflow).map(|episode| &episode.version);
        let pinned = pinned.filter(|it| in_file.is_none_or(|form| form.version != **it));
        pinned.and_then(|version| policy.versions.get(version)).or(in_file)
    }

    /// As it is after this look, else as it is recorded.
    fn episode(&self, workflow: &WorkflowName) -> Option<&Episode> {
        let now = self.person.episodes.iter().map(|it| &it.episode);
        let mut now = now.filter(|it| it.workflow == *workflow);
        now.next()
            .or_else(|| self.world.observed.workflows.latest(self.identity.id, workflow))
            .filter(|it| !matches!(it.end, Some(EpisodeEnd::Before { .. })))
    }

    /// " at 2026-06-01T00:00:00Z": when a step began or ended.
    pub(super) fn since(&self, cause: &Cause) -> String {
        let Cause::Step { workflow, step, .. } = cause else { return String::new() };
        let at = self.episode(workflow).and_then(|episode| {
            episode.ended(step).map(|(at, _)| at).or_else(|| episode.begun(step))
        });
        at.map(|at| format!(" at {at:.0}")).unwrap_or_default()
    }

    pub(super) fn episode_line(&self, workflow: &WorkflowName) -> Vec<Detail> {
        let Some(episode) = self.episode(workflow) else { return Vec::new() };
        let by = episode.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let text = format!("in `{workflow}` since {:.0}{by}: {}", episode.began, episode.word());
        // What a person began is about nothing else.
        let life = if episode.by.is_some() { Vec::new() } else { self.life() };
        vec![Detail::with(text, life)]
    }

    fn how(&self, workflow: &WorkflowName, episode: &Episode, step: &StepName) -> String {
        let now = self.person.episodes.iter().find(|it| it.episode.workflow == *workflow);
        let waits = now.and_then(|now| now.waits.get(step));
        match (episode.steps.get(step), waits) {
            (Some(StepRecord::Ended { at, end: StepEnd::Skipped }), _) => {
                format!("skipped at {at:.0}, for its `when` did not hold then")
            }
            (Some(StepRecord::Ended { at, end }), _) => format!("{} at {at:.0}", end.word()),
            (_, Some(waits)) => waits.clone(),
            (Some(StepRecord::Again { why, next, .. }), None) => {
                format!("it is tried again at {next:.0}: {why}")
            }
            (Some(_), None) if !episode.is_open() => {
                format!("it was under way when the workflow was {}", episode.word())
            }
            (Some(_), None) => {
                let since = episode.begun(step).map(|at| format!(" since {at:.0}"));
                format!("under way{}", since.unwrap_or_default())
            }
            (None, None) if episode.is_open() => "its turn has not come".to_owned(),
            (None, None) => format!("it was not begun, and the workflow is {}", episode.word()),
        }
    }

    fn not_in(&self, form: Option<&Workflow>) -> String {
        let Some(form) = form else { return "the file has no such workflow".to_owned() };
        let latest = self.world.observed.workflows.latest(self.identity.id, &form.name);
        if latest.is_some_and(|it| matches!(it.end, Some(EpisodeEnd::Before { .. }))) {
            return format!("{}, and that was so before the workflow was there", begins(form));
        }
        match self.condition(&form.when) {
            Outcome::Holds => begins(form),
            other @ (Outcome::Fails(_) | Outcome::Error(_)) => other.text(),
        }
    }
}

fn begins(form: &Workflow) -> String {
    match &form.on {
        On::State(state) => format!("it begins when they become {}", state.word()),
        On::Changed(facts) => {
            let facts: Vec<String> = facts.iter().map(|it| format!("`{it}`")).collect();
            format!("it begins when one of {} changes", facts.join(", "))
        }
        On::Offset(offset) => {
            let by = crate::workflow::duration(offset.by.abs());
            let side = if offset.by.is_negative() { "before" } else { "after" };
            format!("it begins {by} {side} `{}`", offset.fact)
        }
        On::Unused(unused) => {
            let after = crate::workflow::duration(unused.after);
            format!("it begins when an account of theirs was not used for {after}")
        }
        On::Demand => "it begins when a person or another workflow says so".to_owned(),
    }
}
