//! What sources leave unsaid of people they had.

use std::collections::BTreeSet;

use crate::{
    account::CoverageKind,
    desired::Desired,
    fact::{Identity, Reading},
    id::{ConnectorName, IdentityId},
    identity::{Assembled, when_missing},
    observed::Observed,
    plan::{Note, NoteKind},
    policy::{Policy, WhenMissing},
};

/// How many keys a note names.
const NAMED: usize = 5;

/// A note for every source that was not read wholly, open when somebody who
/// is missing from it has an enabled account of ours; and one for every
/// source that people are missing from whom another one has.
pub fn missing(
    policy: &Policy,
    readings: &[Reading],
    assembled: &Assembled,
    desired: &Desired,
    observed: &Observed,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let people = |among: Option<&BTreeSet<IdentityId>>| -> Vec<&Identity> {
        let these = |it: &&Identity| among.is_some_and(|among| among.contains(&it.id));
        let here = |it: &&Identity| !has_left(desired, it.id);
        assembled.identities.iter().filter(these).filter(here).collect()
    };
    for source in policy.sources.keys() {
        let reading = readings.iter().find(|reading| reading.source == *source);
        if let Some(how) = reading.map_or(Some("was not read"), how_far) {
            let mut unsaid = people(assembled.unsaid.get(source));
            unsaid.retain(|it| when_missing(policy, it) == WhenMissing::Departed);
            let enabled = unsaid.iter().filter(|it| has_enabled(policy, observed, it.id)).count();
            notes.push(note(
                NoteKind::NotRead,
                not_read(source, how, &unsaid, enabled),
                enabled > 0,
            ));
        }
        let elsewhere = people(assembled.elsewhere.get(source));
        if !elsewhere.is_empty() {
            notes.push(note(NoteKind::Elsewhere, stay(source, &elsewhere), false));
        }
    }
    notes
}

fn note(kind: NoteKind, text: String, open: bool) -> Note {
    Note { identity: None, target: None, kind, text, open }
}

/// Whether what is to go is known, and in the plan.
fn has_left(desired: &Desired, id: IdentityId) -> bool {
    desired
        .identities
        .get(&id)
        .is_some_and(|person| person.holds.is_empty() && person.state.state.is_over())
}

fn has_enabled(policy: &Policy, observed: &Observed, id: IdentityId) -> bool {
    observed.links.iter().any(|link| {
        link.identity == id && link.is_open() && !policy.retired_targets.contains(&link.target)
    })
}

/// Why a reading proves no absence.
fn how_far(reading: &Reading) -> Option<&'static str> {
    match reading.coverage.kind {
        CoverageKind::Truncated => Some("was not read to its end"),
        CoverageKind::Unstable => Some("changed while it was read"),
        CoverageKind::Exhaustive if reading.coverage.skipped.is_empty() => None,
        CoverageKind::Exhaustive => Some("was read with gaps"),
    }
}

fn not_read(source: &ConnectorName, how: &str, unsaid: &[&Identity], enabled: usize) -> String {
    let unnoticed = match unsaid.len() {
        0 => String::new(),
        count => format!(
            ", though {} may have (with an enabled account: {enabled})",
            counted(count, "person", "people")
        ),
    };
    format!("the source `{source}` {how}, so nobody is taken to have left it{unnoticed}")
}

fn stay(source: &ConnectorName, people: &[&Identity]) -> String {
    let keys = people.iter().flat_map(|it| &it.records).filter(|it| it.source == *source);
    let mut named: Vec<String> = keys.map(|it| format!("`{}`", it.key)).collect();
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "the source `{source}` no longer has {} whom another source still has: they stay, by what \
         that one says ({}{more})",
        counted(people.len(), "person", "people"),
        named.join(", ")
    )
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
