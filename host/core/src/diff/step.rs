//! What steps of workflows would do, as people read it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Page, person};
use crate::{
    id::{ConnectorName, FactName, IdentityId},
    request::PlannedQuestion,
    workflow::{Delivery, Effect, Given, PlannedStep, StepRequest, duration},
};

/// What components say that they would do, by the key of the step.
pub type Words = BTreeMap<String, Vec<String>>;

/// One step, without why.
pub(crate) fn step_lines(step: &PlannedStep, labels: &BTreeMap<IdentityId, String>) -> Vec<String> {
    let mut page = Page::default();
    effect_lines(&step.effect, labels, &mut page);
    let lines = page.text.lines().map(|line| line.trim().to_owned());
    std::iter::once(format!("step `{}`", step.step)).chain(lines).collect()
}

pub(super) fn lines(
    steps: &[PlannedStep],
    labels: &BTreeMap<IdentityId, String>,
    words: &Words,
    page: &mut Page,
) {
    for step in steps {
        let who = person(labels, step.identity);
        let again = match step.attempt {
            1 => String::new(),
            attempt => format!(" (attempt {attempt})"),
        };
        page.line(0, &format!("{who}: step `{}`{again}", step.step));
        effect_lines(&step.effect, labels, page);
        word_lines(words.get(&step.key()), page);
        for cause in &step.causes {
            page.line(3, &format!("because {cause}"));
        }
    }
    if !steps.is_empty() {
        page.gap();
    }
}

/// One question, without why.
pub(crate) fn one_question(
    question: &PlannedQuestion,
    labels: &BTreeMap<IdentityId, String>,
) -> Vec<String> {
    let mut page = Page::default();
    effect_lines(&question.effect, labels, &mut page);
    let lines = page.text.lines().map(|line| line.trim().to_owned());
    std::iter::once(format!("request {}", question.request)).chain(lines).collect()
}

/// Questions about access that people asked for.
pub(super) fn question_lines(
    questions: &[PlannedQuestion],
    labels: &BTreeMap<IdentityId, String>,
    page: &mut Page,
) {
    for question in questions {
        let who = person(labels, question.identity);
        page.line(0, &format!("{who}: request {}", question.request));
        effect_lines(&question.effect, labels, page);
        for cause in &question.causes {
            page.line(3, &format!("because {cause}"));
        }
    }
    if !questions.is_empty() {
        page.gap();
    }
}

fn effect_lines(effect: &Effect, labels: &BTreeMap<IdentityId, String>, page: &mut Page) {
    match effect {
        Effect::Notify { deliveries, ticket } => {
            let verb = if *ticket { "ask" } else { "tell" };
            delivery_lines(verb, deliveries, page);
            if deliveries.is_empty() {
                page.line(1, "> nobody wants to be told");
            }
        }
        Effect::Ask { question, deliveries } => {
            let reason = match question.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            let length = duration(question.expire);
            let stages = stages(&question.stages, labels);
            page.line(1, &format!("? ask {stages} to agree within {length}{reason}"));
            delivery_lines("tell", deliveries, page);
        }
        Effect::Remind { deliveries } => delivery_lines("tell", deliveries, page),
        Effect::AskOthers { others, deliveries } => {
            let stages = stages(&others.stages, labels);
            page.line(1, &format!("? ask {stages} instead of whom it was"));
            delivery_lines("tell", deliveries, page);
        }
        Effect::SetFact { fact, value } => page.line(1, &format!("= {fact}: {value}")),
        Effect::Request { access, until, reason, start: _ } => {
            let until = until.map(|it| format!(" for {}", duration(it))).unwrap_or_default();
            let reason = Some(reason).filter(|it| !it.is_empty());
            let reason = reason.map(|it| format!(": {it}")).unwrap_or_default();
            page.line(1, &format!("? request {access}{until}{reason}"));
        }
        Effect::EndRequests { requests } if requests.is_empty() => {
            page.line(1, "- there is no request to end");
        }
        Effect::EndRequests { requests } => {
            page.line(1, &format!("- end request {}", requests.join(", ")));
        }
        Effect::Credential { target, login, must_change, again, deliveries, .. } => {
            let then = if *must_change { ", to be changed at the first sign-in" } else { "" };
            let place = if *again { ", in place of any it has" } else { "" };
            page.line(1, &format!("* set a new password {target} `{login}`{place}{then}"));
            delivery_lines("tell", deliveries, page);
        }
        Effect::Run { component, request } => run_lines(component, request, page),
        Effect::Poll { component, .. } => {
            page.line(1, &format!("? ask {component} what became of it"));
        }
    }
}

/// "Ada Example or Bob Example, then Grace Example".
fn stages(stages: &[BTreeSet<IdentityId>], labels: &BTreeMap<IdentityId, String>) -> String {
    let stages = stages.iter().map(|stage| {
        let names: Vec<String> = stage.iter().map(|id| person(labels, *id)).collect();
        names.join(" or ")
    });
    stages.collect::<Vec<_>>().join(", then ")
}

fn run_lines(component: &ConnectorName, request: &StepRequest, page: &mut Page) {
    let StepRequest { with, facts } = request;
    page.line(1, &format!("! {component} carries it out"));
    for (key, given) in with {
        let text = match given {
            Given::One(text) => text.clone(),
            Given::Several(texts) => texts.join(", "),
        };
        page.line(2, &format!("{key} = {text}"));
    }
    if !facts.is_empty() {
        let names: Vec<&str> = facts.keys().map(FactName::as_str).collect();
        page.line(2, &format!("is handed {}", names.join(", ")));
    }
}

/// What a component says it would do, in its own words.
fn word_lines(words: Option<&Vec<String>>, page: &mut Page) {
    let Some(words) = words.filter(|words| !words.is_empty()) else { return };
    page.line(2, "in its own words:");
    for line in words {
        page.line(3, &format!("| {line}"));
    }
}

fn delivery_lines(verb: &str, deliveries: &[Delivery], page: &mut Page) {
    for Delivery { to, subject, .. } in deliveries {
        page.line(1, &format!("> {verb} {to}: {subject}"));
    }
}
