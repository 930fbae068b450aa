//! Taking a decision about a record back: the record is asked about anew.

use std::collections::BTreeSet;

use super::{About, KeptCase, Whose};
use crate::{
    fact::{Identity, RecordKey},
    id::IdentityId,
};

/// What becomes of identities when a case is open again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reopened {
    /// The decision was not followed yet.
    Nothing,
    /// This one is as it was before the record was theirs.
    Changed(Identity),
    /// This one was new by the decision, and is nobody any longer.
    Forgotten(IdentityId),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotReopen {
    #[error("nothing was decided of it")]
    Undecided,
    #[error("whoever was new by it has had accounts or workflows since")]
    Begun,
    #[error("other records have become theirs since")]
    Joined,
    #[error("no other record of theirs is left")]
    Last,
}

/// Who is changed by reopening a case; `begun` are those who have, or had,
/// accounts of ours or workflows.
///
/// # Errors
/// When it cannot be taken back alone.
pub fn reopened(
    kept: &KeptCase,
    identities: &[Identity],
    begun: &BTreeSet<IdentityId>,
) -> Result<Reopened, CannotReopen> {
    let decision = kept.decision.as_ref().ok_or(CannotReopen::Undecided)?;
    let About::Record(record) = &kept.case.about;
    let Some(owner) = identities.iter().find(|it| it.records.contains(record)) else {
        return Ok(Reopened::Nothing);
    };
    match decision.whose {
        Whose::Identity(_) => without(owner, record).map(Reopened::Changed),
        Whose::New if begun.contains(&owner.id) => Err(CannotReopen::Begun),
        Whose::New if owner.records.len() > 1 => Err(CannotReopen::Joined),
        Whose::New => Ok(Reopened::Forgotten(owner.id)),
    }
}

/// Somebody without one of their records and what it said.
fn without(identity: &Identity, record: &RecordKey) -> Result<Identity, CannotReopen> {
    let mut left = identity.clone();
    left.records.retain(|it| it != record);
    if left.records.is_empty() {
        return Err(CannotReopen::Last);
    }
    for facts in left.facts.values_mut() {
        facts.retain(|fact| fact.record != *record);
    }
    left.facts.retain(|_, facts| !facts.is_empty());
    Ok(left)
}
