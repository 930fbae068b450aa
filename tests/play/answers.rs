//! What a scenario is answered: as people read it, without ids and digests.

use std::fmt::Write as _;

use lanyard::reconcile::{Progress, Survey};
use lanyard_core::{
    diff,
    id::ConnectorName,
    operation::{AccountPointer, Change, Operation},
    run::Verification,
    value::ObjectRef,
};

/// How an operation ended; nothing while it goes on, and nothing to add when
/// it went well.
pub(crate) fn told(progress: &Progress) -> Option<(&Operation, String)> {
    match progress {
        Progress::Began { .. }
        | Progress::Retrying { .. }
        | Progress::Step { .. }
        | Progress::Question { .. }
        | Progress::Review { .. }
        | Progress::Unasked(_)
        | Progress::Erased { .. }
        | Progress::Approval { .. } => None,
        Progress::Done { operation, verification } => {
            let how = match verification {
                Verification::Verified => String::new(),
                other => format!(" ({})", other.word()),
            };
            Some((operation, how))
        }
        Progress::Failed { operation, fault } => Some((operation, format!(" (failed: {fault})"))),
        Progress::Uncertain { operation, fault } => {
            Some((operation, format!(" (uncertain: {fault})")))
        }
        Progress::Skipped { operation, why } => Some((operation, format!(" (not done: {why})"))),
        Progress::Waiting { operation, why } => Some((operation, format!(" (waits: {why})"))),
    }
}

pub(crate) fn shown(survey: &Survey, words: &diff::Words) -> String {
    let stored = &survey.stored;
    let mut text = String::new();
    for problem in &survey.assembled.problems {
        let _infallible = writeln!(text, "warning: {problem}");
    }
    for target in survey.unread_sources.keys().chain(survey.unread.keys()) {
        let _infallible = writeln!(text, "warning: `{target}` could not be read");
    }
    let (findings, targets) = (&stored.findings, &survey.observed.targets);
    text.push_str(&diff::render_with(&stored.plan, findings, targets, words));
    plain(&text)
}

/// Without the ids and digests that say nothing to people.
pub(crate) fn plain(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let summary = line.strip_prefix("plan ").and_then(|rest| rest.split_once(": "));
        let line = match summary {
            Some((digest, rest)) if is_hex(digest) => rest,
            _ => line,
        };
        let mut kept = String::new();
        for word in line.split(' ') {
            // What follows an id belongs to the word before it.
            if let Some(rest) = without_id(word) {
                kept.push_str(rest);
            } else {
                kept.push(' ');
                kept.push_str(word);
            }
        }
        // Every line began with the space before its first word.
        let _infallible = writeln!(lines, "{}", kept.strip_prefix(' ').unwrap_or(&kept).trim_end());
    }
    lines
}

/// What follows a short id in brackets, a whole id, or a digest; none for
/// any other word.
fn without_id(word: &str) -> Option<&str> {
    let rest = word
        .trim_start_matches(|c: char| c == '(' || c == ')' || c == '-' || c.is_ascii_hexdigit());
    let id = word.strip_suffix(rest)?;
    let short = id.strip_prefix('(').and_then(|id| id.strip_suffix(')'));
    let whole = id.len() == 36 && id.split('-').count() == 5;
    let digest = id.len() == 12 && is_hex(id);
    (short.is_some_and(|id| id.len() == 8 && is_hex(id)) || whole || digest).then_some(rest)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit())
}

pub(crate) fn columns(rows: &[[String; 4]]) -> String {
    let mut widths = [0; 4];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _infallible = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let _infallible = write!(text, ": {error}");
        source = error.source();
    }
    text
}

/// Who, what, where: `Ada Example: create crm ada.example`.
pub(crate) fn line(operation: &Operation, survey: &Survey) -> String {
    let Operation { target, change, identity, .. } = operation;
    let plan = &survey.stored.plan;
    let who = plan.labels.get(identity).map_or("", String::as_str);
    let created = || {
        plan.operations.iter().find_map(|other| match &other.change {
            Change::Create { name, .. }
                if other.identity == *identity && other.target == *target =>
            {
                Some(name.clone())
            }
            _ => None,
        })
    };
    let account = match change {
        Change::Create { name, .. } => name.clone(),
        Change::Grant { holder: AccountPointer::Created { .. }, .. } => {
            created().unwrap_or_default()
        }
        other => other.account().map(|it| name(survey, target, it)).unwrap_or_default(),
    };
    let more = match change {
        Change::Create { state: lanyard_core::account::AccountState::Disabled, .. } => {
            " (disabled)".to_owned()
        }
        Change::Update { name: Some(name), .. } => format!(" -> {name}"),
        Change::Update { attributes, .. } => {
            let names: Vec<&str> = attributes.iter().map(|it| it.name.as_str()).collect();
            format!(" {}", names.join(", "))
        }
        Change::Grant { label, .. } | Change::Revoke { label, .. } => format!(" {label}"),
        _ => String::new(),
    };
    format!("{who}: {} {target} {account}{more}", change.kind().word())
}

fn name(survey: &Survey, target: &ConnectorName, reference: &ObjectRef) -> String {
    let there = survey.observed.targets.get(target);
    let found = there.and_then(|it| it.accounts.iter().find(|it| it.reference == *reference));
    found.map_or_else(|| reference.uid.clone(), |account| account.name.clone())
}
