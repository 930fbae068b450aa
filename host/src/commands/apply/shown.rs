//! What people see of a run while it goes on, and of how it ended.

use std::{
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressStyle};
use lanyard_core::{diff, operation::Operation, run::Verification, workflow::PlannedStep};

use super::{
    super::output::{Output, counted},
    UNSWEPT,
};
use crate::reconcile::{Progress, StepTold, Summary, Survey};

pub(in crate::commands) fn sentence(summary: &Summary) -> String {
    let Summary {
        verified,
        answered,
        unverifiable,
        unproven,
        drifted,
        failed,
        uncertain,
        blocked,
        unasked,
        skipped,
        waiting,
        steps,
        steps_failed,
        steps_unknown,
        steps_skipped,
        erased,
        unswept,
        stopped,
    } = summary;
    let mut parts = vec![format!("{verified} verified")];
    for (count, what) in [
        (answered, "answered"),
        (unverifiable, "done but unverifiable"),
        (unproven, "of them taking access away"),
        (drifted, "drifted"),
        (failed, "failed"),
        (uncertain, "uncertain"),
        (blocked, "held back"),
        (unasked, "of them with nobody to ask"),
        (skipped, "not attempted"),
        (waiting, "left to a later run"),
    ] {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    for (count, what) in [
        (steps, "carried out"),
        (steps_failed, "to be tried again"),
        (steps_unknown, "of unknown outcome"),
        (steps_skipped, "not tried"),
    ] {
        if *count > 0 {
            parts.push(format!("{} {what}", counted(*count, "step", "steps")));
        }
    }
    if *erased > 0 {
        parts.push(format!("{} erased", counted(*erased, "person", "people")));
    }
    if *unswept {
        parts.push(UNSWEPT.to_owned());
    }
    let how = if *stopped { "stopped" } else { "done" };
    format!("{how}: {}", parts.join(", "))
}

/// Progress on a terminal, plain lines elsewhere; both on standard error.
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    labels: std::collections::BTreeMap<lanyard_core::id::IdentityId, String>,
    written: Mutex<()>,
}

impl Shown {
    pub(super) fn new(survey: &Survey) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, labels: survey.stored.plan.labels.clone(), written: Mutex::new(()) }
    }

    pub(super) fn report(&self, progress: Progress) {
        match progress {
            Progress::Began { run, operations } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(u64::try_from(operations).unwrap_or(u64::MAX));
                }
                self.say(&format!("run {} begins, operations to carry out: {operations}", run.0));
            }
            Progress::Done { operation, verification } => {
                let word = match &verification {
                    Verification::Verified => "verified".to_owned(),
                    Verification::Drifted(what) => format!("DRIFTED ({})", what.join(", ")),
                    Verification::Unverifiable(why) => format!("unverifiable ({why})"),
                };
                self.operation(&operation, &word, verification != Verification::Verified);
                self.tick();
            }
            Progress::Retrying { operation, fault } => {
                self.operation(&operation, &format!("{fault}; trying again"), true);
            }
            Progress::Failed { operation, fault } => {
                let code = fault.native_code.as_deref().map(|code| format!(" [{code}]"));
                let word =
                    format!("FAILED ({}){}: {fault}", fault.kind.word(), code.unwrap_or_default());
                self.operation(&operation, &word, true);
                self.tick();
            }
            Progress::Uncertain { operation, fault } => {
                self.operation(&operation, &format!("UNCERTAIN: {fault}"), true);
                self.tick();
            }
            Progress::Step { step, how } => self.step(&step, &how),
            Progress::Question { question, how } => {
                let id = question.identity.to_string();
                let who = self.labels.get(&question.identity).unwrap_or(&id);
                self.say(&format!("request {} for {who}: {}", question.request, word(&how)));
            }
            Progress::Review { name, how } => {
                self.say(&format!("review `{name}`: {}", word(&how)));
            }
            Progress::Erased { identity } => self.say(&format!("{identity} is erased")),
            Progress::Approval { approval, how } => {
                let done = matches!(how, StepTold::Done);
                let how = if done { "asked".to_owned() } else { word(&how) };
                self.say(&format!("approval {}, {approval}: {how}", approval.id));
            }
            Progress::Unasked(unasked) => {
                self.say(&diff::one_line(&format!("nobody is asked by {unasked}")));
            }
            Progress::Waiting { operation, why } => {
                self.operation(&operation, &format!("waits: {why}"), true);
                self.tick();
            }
            Progress::Skipped { operation, why } => {
                self.operation(&operation, &format!("not attempted: {why}"), true);
                self.tick();
            }
        }
    }

    /// On a terminal the bar moves; lines are for what a person must see.
    fn operation(&self, operation: &Operation, what: &str, important: bool) {
        let who = self
            .labels
            .get(&operation.identity)
            .cloned()
            .unwrap_or_else(|| operation.identity.to_string());
        let verb = operation.change.kind().word();
        let line = format!("{} {verb} at {} for {who}: {what}", operation.id, operation.target);
        let line = diff::one_line(&line);
        match &self.bar {
            Some(bar) if !important => bar.set_message(format!("{verb} {}", operation.target)),
            _ => self.say(&line),
        }
    }

    fn step(&self, step: &PlannedStep, how: &StepTold) {
        let id = step.identity.to_string();
        let who = self.labels.get(&step.identity).unwrap_or(&id);
        let how = word(how);
        let line = format!("step `{}` of `{}` for {who}: {how}", step.step, step.workflow);
        self.say(&diff::one_line(&line));
    }

    fn say(&self, line: &str) {
        let _turn = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.bar {
            Some(bar) => bar.println(line),
            None => Output::standard().error(&format!("{line}\n")),
        }
    }

    fn tick(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn word(how: &StepTold) -> String {
    match how {
        StepTold::Done => "done".to_owned(),
        StepTold::Pending(None) => "taken on; a later run asks what became of it".to_owned(),
        StepTold::Pending(Some(needs)) => format!("taken on, and waits there: {needs}"),
        StepTold::Again(why) => format!("not yet: {why}; a later run tries again"),
        StepTold::Untold(why) => format!("asked, and not everybody could be told so: {why}"),
        StepTold::Unknown(why) => format!("UNCERTAIN: {why}; it is not sent again"),
        StepTold::Skipped(why) => format!("not tried: {why}"),
    }
}
