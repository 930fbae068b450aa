//! What a run tells of what it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use lanyard::reconcile::{self, Progress, Settling, Survey};
use lanyard_core::guard::FindingKind;

use crate::{
    agreed,
    answers::{self, chain, plain, told},
    erasures, people, requests,
    stage::Stage,
};

impl Stage {
    /// What is done, in the order of the plan whatever finished first, and
    /// what was held back.
    pub(crate) fn apply(&self, released: &BTreeSet<FindingKind>) -> Result<String, String> {
        let survey = match self.look(Settling::Finishing)? {
            Ok(survey) => survey,
            Err(error) => return Ok(format!("error: {error}\n")),
        };
        let context = &self.firm()?.context;
        for kind in released {
            let waits = self.runtime.block_on(agreed::release(context, &survey, *kind))?;
            if let Some(waits) = waits {
                return Ok(plain(&waits));
            }
        }
        let done: Mutex<BTreeMap<u32, String>> = Mutex::default();
        let steps: Mutex<Vec<String>> = Mutex::default();
        let report = |progress: Progress| {
            if let Some(line) = beside(&survey, &progress) {
                steps.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            if let Some((operation, how)) = told(&progress) {
                let line = answers::line(operation, &survey);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.insert(operation.id.0, format!("{line}{how}"));
            }
        };
        let run = reconcile::execute(context, &survey, released, &report);
        let summary = self.runtime.block_on(run).map_err(|error| chain(&error))?;
        let mut text = String::new();
        for line in done.into_inner().unwrap_or_else(PoisonError::into_inner).values() {
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{line}");
        }
        text.push_str(&held_back(&survey, released));
        for line in steps.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let _infallible = writeln!(text, "{line}");
        }
        if text.is_empty() {
            text.push_str("nothing to do\n");
        }
        if !summary.is_clean() {
            text.push_str("something is left open\n");
        }
        Ok(plain(&text))
    }
}

/// What is told of what goes on beside operations.
fn beside(survey: &Survey, progress: &Progress) -> Option<String> {
    let plan = &survey.stored.plan;
    match progress {
        Progress::Step { step, how } => Some(people::step_line(plan, step, how)),
        Progress::Review { name, .. } => Some(format!("people are asked in review `{name}`")),
        Progress::Question { question, how } => Some(requests::question_line(plan, question, how)),
        Progress::Erased { identity } => Some(erasures::line(survey, *identity)),
        _ => agreed::line(progress),
    }
}

/// What does not go, and what workflows begin and end.
fn held_back(survey: &Survey, released: &BTreeSet<FindingKind>) -> String {
    let mut text = String::new();
    let findings = survey.stored.findings.iter();
    for finding in findings.filter(|it| it.holds_back() && !released.contains(&it.kind)) {
        let (kind, count) = (finding.kind.word(), finding.blocks.len());
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "held back ({kind}, {count} operations): {}", finding.text);
    }
    for planned in &survey.stored.plan.episodes {
        let who = survey.stored.plan.labels.get(&planned.episode.identity);
        for news in &planned.news {
            let _infallible = writeln!(text, "{}: {news}", who.map_or("", String::as_str));
        }
    }
    text
}
