//! What reviews take from somebody, whatever rules say.

use std::collections::BTreeMap;

use super::{
    access::{self, Settled},
    person::Given,
    steps::{Subject, Wish},
};
use crate::{
    fact::Identity,
    id::{ConnectorName, IdentityId},
    operation::Cause,
    review::{Excluded, Revoked},
    value::ObjectRef,
};

/// What reviews keep from somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewedNow {
    pub excluded: Excluded,
    /// What rules, roles, steps or requests would give all the same, in
    /// sentences.
    pub missed: Vec<String>,
}

impl ReviewedNow {
    /// Why an entitlement is not theirs any more.
    pub(crate) fn cause(&self, target: &ConnectorName, entitlement: &ObjectRef) -> Option<&Cause> {
        let key = (target.clone(), entitlement.clone());
        self.excluded.get(&key).map(|revoked| &revoked.cause)
    }
}

/// What is given in the end, without what reviews took.
///
/// # Errors
/// A sentence for every template that failed.
pub(super) fn settle(
    subject: &Subject<'_>,
    wishes: &[Wish],
    given: Given,
    (identity, excluded): (&Identity, &BTreeMap<IdentityId, Excluded>),
) -> Result<Settled, Vec<String>> {
    let mut settled = access::settle(subject, wishes, given, identity)?;
    if let Some(excluded) = excluded.get(&identity.id) {
        settled.access.reviewed = take_out(subject, excluded, &mut settled);
    }
    Ok(settled)
}

fn take_out(subject: &Subject<'_>, excluded: &Excluded, settled: &mut Settled) -> ReviewedNow {
    let Settled { wanted, at_once, .. } = settled;
    let mut missed = Vec::new();
    for ((target, entitlement), Revoked { label, cause }) in excluded {
        at_once.grants.insert((target.clone(), entitlement.clone()));
        let Some(wanted) = wanted.get_mut(target) else { continue };
        let taken = wanted.grants.extract_if(.., |grant, _| {
            let meant = subject.entitlement(target, &grant.entitlement);
            meant.is_some_and(|meant| meant.reference == *entitlement)
        });
        for (_, causes) in taken {
            let by: Vec<String> = causes
                .iter()
                .filter(|it| !matches!(it, Cause::Fact { .. } | Cause::State { .. }))
                .map(ToString::to_string)
                .collect();
            let by = by.join(", ");
            missed.push(format!("{by} gives `{label}` at {target}, and it is not given: {cause}"));
        }
    }
    ReviewedNow { excluded: excluded.clone(), missed }
}
