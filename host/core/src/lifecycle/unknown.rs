//! Legal holds that name somebody nobody knows.

use std::collections::BTreeSet;

use crate::{
    identity::Assembled,
    plan::{Note, NoteKind},
    policy::Policy,
};

/// A key that is written wrongly would hold nobody, and nobody would know.
pub fn unknown_in_holds(policy: &Policy, assembled: &Assembled) -> Vec<Note> {
    if policy.holds.is_empty() {
        return Vec::new();
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    for identity in &assembled.identities {
        known.insert(identity.id.to_string());
        known.extend(identity.records.iter().map(|record| record.key.clone()));
    }
    let missed = policy.holds.iter().flat_map(|(name, hold)| {
        hold.people.iter().filter(|who| !known.contains(*who)).map(move |who| (name, who))
    });
    let note = |(name, who): (&String, &String)| Note {
        identity: None,
        target: None,
        kind: NoteKind::Doubtful,
        text: format!(
            "the legal hold `{name}` names `{who}`, whom nobody knows: write the key of a record, \
             or an id"
        ),
        open: false,
    };
    missed.map(note).collect()
}
