//! Legal holds that name somebody nobody knows.

use std::collections::BTreeSet;

use super::Kept;
use crate::{
    fact::Identity,
    operation::OperationKind,
    plan::{Note, NoteKind, Plan},
    policy::Policy,
};

/// Sentences about legal holds of the file.  A key that is written wrongly
/// would hold nobody, and nobody would know.
pub fn unknown_in_holds(policy: &Policy, people: &[Identity], kept: &Kept) -> Vec<String> {
    if policy.holds.is_empty() {
        return Vec::new();
    }
    let mut known: BTreeSet<String> = kept.merged.keys().map(ToString::to_string).collect();
    for identity in people {
        known.insert(identity.id.to_string());
        known.extend(identity.records.iter().map(|record| record.key.clone()));
    }
    let missed = policy.holds.iter().flat_map(|(name, hold)| {
        hold.people.iter().filter(|who| !known.contains(*who)).map(move |who| (name, who))
    });
    let sentence = |(name, who): (&String, &String)| {
        format!(
            "the legal hold `{name}` names `{who}`, whom nobody knows: write the key of a record, \
             or an id"
        )
    };
    missed.map(sentence).collect()
}

/// What a plan says of them, which matters as soon as something is deleted
/// that such a hold may have been meant to keep.
pub fn notes_of_holds(policy: &Policy, people: &[Identity], kept: &Kept, plan: &Plan) -> Vec<Note> {
    let mut kinds = plan.operations.iter().map(|it| it.change.kind());
    if !kinds.any(|kind| kind == OperationKind::Delete) {
        return Vec::new();
    }
    let note =
        |text| Note { identity: None, target: None, kind: NoteKind::Doubtful, text, open: false };
    unknown_in_holds(policy, people, kept).into_iter().map(note).collect()
}
