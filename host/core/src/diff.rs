//! A plan as people read it: who, what happens, and why.

mod change;
mod erasure;
mod review;
mod step;

pub use self::step::Words;
pub(crate) use self::{
    change::{Names, shown, value},
    review::review_lines,
    step::{one_question, step_lines},
};

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    guard::Finding,
    id::{ConnectorName, IdentityId},
    observed::ObservedTarget,
    operation::{Event, Operation, OperationKind},
    plan::{Adoption, Note, Plan, PlannedEpisode},
    value::ObjectRef,
};

/// The whole plan as text, ending with a line of numbers.
///
/// `targets` are the observations to name accounts by and to know which
/// values must not be shown; what is unknown is not shown.  Control
/// characters, which may come from any target, are escaped.
pub fn render(
    plan: &Plan,
    findings: &[Finding],
    targets: &BTreeMap<ConnectorName, ObservedTarget>,
) -> String {
    render_with(plan, findings, targets, &Words::new())
}

/// The same, with what components say of the steps that they carry out.
pub fn render_with(
    plan: &Plan,
    findings: &[Finding],
    targets: &BTreeMap<ConnectorName, ObservedTarget>,
    words: &Words,
) -> String {
    let mut page = page(plan, findings, targets, words);
    page.line(0, &summary(plan, findings));
    page.text
}

/// Some of a plan as text: the number of its operations and its digest are no
/// plan's.
pub fn render_part(
    plan: &Plan,
    findings: &[Finding],
    targets: &BTreeMap<ConnectorName, ObservedTarget>,
) -> String {
    let text = page(plan, findings, targets, &Words::new()).text;
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

fn page(
    plan: &Plan,
    findings: &[Finding],
    targets: &BTreeMap<ConnectorName, ObservedTarget>,
    words: &Words,
) -> Page {
    // A finding tells of conflicts.
    let Plan {
        operations,
        adopted,
        adoptions,
        claims,
        episodes,
        steps,
        questions,
        reviews,
        erasures,
        conflicts: _,
        notes,
        undoes,
        labels,
        overlaps: _,
    } = plan;
    let mut page = Page::default();
    if let Some(undoes) = undoes {
        page.line(0, &format!("what undoes plan {}", undoes.plan.short()));
        page.gap();
    }
    let names = Names::new(targets);
    for (identity, operations) in by_identity(operations) {
        let events: BTreeSet<Event> = operations.iter().map(|it| it.event).collect();
        let events: Vec<&str> = events.into_iter().map(Event::word).collect();
        let who = person(labels, identity);
        page.line(0, &format!("{who} — {}", events.join(", ")));
        for operation in &operations {
            change::lines(operation, &operations, &names, &mut page);
            for cause in &operation.causes {
                page.line(3, &format!("because {cause}"));
            }
        }
        page.gap();
    }
    episode_lines(episodes, labels, &mut page);
    step::lines(steps, labels, words, &mut page);
    step::question_lines(questions, labels, &mut page);
    review::lines(reviews, labels, &mut page);
    erasure::lines(erasures, labels, &mut page);
    adopted_lines(adopted, labels, &mut page);
    adopt_lines(adoptions, labels, &mut page);
    note_lines(notes, labels, &mut page);
    for finding in findings {
        let what = if finding.holds_back() { "held back" } else { "found" };
        page.line(0, &format!("{what} ({}): {}", finding.kind.word(), finding.text));
        let count = finding.blocks.len();
        if count > 0 {
            page.line(1, &format!("{} blocked", counted(count, "operation", "operations")));
        }
    }
    if !findings.is_empty() {
        page.gap();
    }
    if !claims.is_empty() {
        let count = counted(claims.len(), "grant", "grants");
        page.line(0, &format!("{count} found as desired, which Lanyard takes charge of"));
        page.gap();
    }
    page
}

/// Text line by line.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
        self.text.push_str(&one_line(text));
        self.text.push('\n');
    }

    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }
}

/// The text of somebody else as part of one line, and as nothing more.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, &[])
}

/// Text in which every character stands on the page, except for those in
/// `keeps`.
pub fn escaped<'a>(text: &'a str, keeps: &[char]) -> Cow<'a, str> {
    let is_unseen = |c: char| !keeps.contains(&c) && is_unseen(c);
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unseen(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Whether a character does something to a page in place of standing on it: a
/// control character, or one that turns the direction of others around it and
/// makes a line read as another one.
fn is_unseen(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

/// Groups in the order in which each identity first occurs.
fn by_identity(operations: &[Operation]) -> Vec<(IdentityId, Vec<&Operation>)> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<(IdentityId, Vec<&Operation>)> = Vec::new();
    for operation in operations {
        let place = *places.entry(operation.identity).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(operation),
            None => groups.push((operation.identity, vec![operation])),
        }
    }
    groups
}

/// Label with the beginning of the id.
pub(crate) fn person(labels: &BTreeMap<IdentityId, String>, identity: IdentityId) -> String {
    let id = identity.to_string();
    let short = id.get(..8).unwrap_or(&id);
    match labels.get(&identity) {
        Some(label) => format!("{label} ({short})"),
        None => short.to_owned(),
    }
}

fn episode_lines(
    episodes: &[PlannedEpisode],
    labels: &BTreeMap<IdentityId, String>,
    page: &mut Page,
) {
    for PlannedEpisode { episode, news } in episodes {
        let who = person(labels, episode.identity);
        for news in news {
            page.line(0, &format!("{who}: {news}"));
        }
    }
    if !episodes.is_empty() {
        page.gap();
    }
}

fn adopt_lines(adoptions: &[Adoption], labels: &BTreeMap<IdentityId, String>, page: &mut Page) {
    for adoption in adoptions {
        let Adoption { identity, target, account, name, matched, doubt } = adoption;
        let who = person(labels, *identity);
        let doubt = doubt.as_ref().map(|it| format!(", but {it}")).unwrap_or_default();
        page.line(0, &format!("adopt? {target} `{name}` looks like {who}: same {matched}{doubt}"));
        page.line(1, &adopt_command(target, account, *identity));
    }
    if !adoptions.is_empty() {
        page.gap();
    }
}

/// Accounts that become somebody's by the plan itself.
fn adopted_lines(adopted: &[Adoption], labels: &BTreeMap<IdentityId, String>, page: &mut Page) {
    for Adoption { identity, target, name, matched, .. } in adopted {
        let who = person(labels, *identity);
        page.line(0, &format!("adopts {target} `{name}` for {who}: surely theirs, same {matched}"));
    }
    if !adopted.is_empty() {
        page.gap();
    }
}

/// What a person pastes to say that an account is an identity's.
pub fn adopt_command(target: &ConnectorName, account: &ObjectRef, identity: IdentityId) -> String {
    let uid = shell_word(&account.uid);
    format!("lanyard account adopt {target} {uid} --identity {identity}")
}

/// Quoted where a shell would take it for something else.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn note_lines(notes: &[Note], labels: &BTreeMap<IdentityId, String>, page: &mut Page) {
    for Note { kind, identity, target, text, open: _ } in notes {
        let who = identity.map(|identity| person(labels, identity));
        let about: Vec<String> =
            who.into_iter().chain(target.as_ref().map(ToString::to_string)).collect();
        let about =
            if about.is_empty() { String::new() } else { format!(", {}", about.join(" at ")) };
        page.line(0, &format!("{}{about}: {text}", kind.word()));
    }
    if !notes.is_empty() {
        page.gap();
    }
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// "plan 1a2b3c4d5e6f: 3 operations (2 create, 1 grant), 1 to adopt, …"
fn summary(plan: &Plan, findings: &[Finding]) -> String {
    let Plan { operations, adopted, adoptions, episodes, steps, questions, reviews, notes, .. } =
        plan;
    let mut parts = Vec::new();
    if !operations.is_empty() {
        let mut kinds: BTreeMap<OperationKind, usize> = BTreeMap::new();
        for operation in operations {
            *kinds.entry(operation.change.kind()).or_default() += 1;
        }
        let kinds: Vec<String> =
            kinds.into_iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
        let count = counted(operations.len(), "operation", "operations");
        parts.push(format!("{count} ({})", kinds.join(", ")));
    } else if !plan.has_work() && adoptions.is_empty() && notes.is_empty() && findings.is_empty() {
        return "nothing to do".to_owned();
    } else if adopted.is_empty() && plan.erasures.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    if !adopted.is_empty() {
        parts.push(format!("{} adopted", counted(adopted.len(), "account", "accounts")));
    }
    if !episodes.is_empty() {
        parts.push(format!("{} of workflows", counted(episodes.len(), "episode", "episodes")));
    }
    if !steps.is_empty() {
        parts.push(counted(steps.len(), "step", "steps"));
    }
    if !questions.is_empty() {
        parts.push(counted(questions.len(), "question", "questions"));
    }
    if !reviews.is_empty() {
        parts.push(counted(reviews.len(), "review", "reviews"));
    }
    if !plan.erasures.is_empty() {
        parts.push(format!("{} to erase", counted(plan.erasures.len(), "person", "people")));
    }
    if !adoptions.is_empty() {
        parts.push(format!("{} to adopt", adoptions.len()));
    }
    if !notes.is_empty() {
        parts.push(counted(notes.len(), "note", "notes"));
    }
    if plan.left_open() > 0 {
        parts.push(format!("{} left open", plan.left_open()));
    }
    if !findings.is_empty() {
        parts.push(counted(findings.len(), "finding", "findings"));
    }
    let mut text = String::from("plan");
    if let Ok(digest) = plan.digest() {
        // Writing to a String cannot fail.
        let _infallible = write!(text, " {}", digest.short());
    }
    format!("{text}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests;
