//! Questions whether a record is still that of somebody who was erased.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Forgotten, Tombstone, record_digest};
use crate::{
    case::{About, Candidate, Case},
    diff::counted,
    fact::{Identity, RecordKey},
    id::{ConnectorName, Digest, IdentityId},
    plan::{Note, NoteKind},
};

/// How the question calls whom it is about.
const LABEL: &str = "somebody who was erased";

/// A person's word that a record is still that of somebody who was erased; it
/// counts for as long as the record says the same of whether they are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillErased {
    pub identity: IdentityId,
    /// That had the record.
    pub source: ConnectorName,
    /// An OS user.
    pub by: String,
    pub at: Timestamp,
}

impl Forgotten {
    /// Whom a question is about, if it is whether they are still erased.
    pub fn asked_about(&self, case: &Case) -> Option<IdentityId> {
        let mut candidates = case.candidates.iter().map(|it| it.identity);
        candidates.find(|id| self.people.contains_key(id))
    }
}

/// The question whether records, of which `said` is what they say, are still
/// those of somebody who was erased; none once a person said that they are.
pub(super) fn question(
    forgotten: &Forgotten,
    (erased, again): (IdentityId, &Identity),
    said: &str,
) -> Option<Case> {
    let record: &RecordKey = again.records.first()?;
    let Tombstone { at, departed, .. } = forgotten.people.get(&erased)?;
    // Nothing of it can be told by who does not have the record.
    let known = record_digest(&forgotten.salt, record);
    let id = Digest::of(format!("erased\n{}\n{known}\n{said}", forgotten.salt)).short().to_owned();
    if forgotten.still.contains_key(&id) {
        return None;
    }
    let left = departed.map(|at| format!(", departed since {at:.0}")).unwrap_or_default();
    let because = format!(
        "whoever had it was erased on {at:.0}{left}, and it says that they are here, without a \
         first day that is later and was never said before"
    );
    Some(Case {
        id,
        about: About::Record(record.clone()),
        newcomer: again.id,
        label: LABEL.to_owned(),
        candidates: vec![Candidate { identity: erased, matched: Vec::new() }],
        because,
        contradicted: false,
    })
}

/// What plans say of it, without saying whom.
pub(super) fn note(case: &Case) -> Note {
    let About::Record(RecordKey { source, .. }) = &case.about;
    let id = &case.id;
    Note {
        identity: None,
        target: None,
        kind: NoteKind::Forgotten,
        text: format!(
            "`{source}` has a record of somebody who was erased and says that they are here: \
             nobody can tell whether they were hired again, and they get nothing. `lanyard case \
             decide {id} --new` says that they were, `--erased` that it is as before \
             (`lanyard case show {id}` has the key); or have `{source}` say a first day after the \
             day they left"
        ),
        open: true,
    }
}

/// That a source still has records of them.
pub(super) fn left_out(left_out: &BTreeMap<ConnectorName, usize>) -> impl Iterator<Item = Note> {
    left_out.iter().map(|(source, count)| Note {
        identity: None,
        target: None,
        kind: NoteKind::Forgotten,
        text: format!(
            "`{source}` still has {} of people who were erased; nothing of that is taken in, \
             and it is for whoever keeps `{source}` to erase it there",
            counted(*count, "record", "records")
        ),
        open: false,
    })
}
