//! What reviews take from somebody, whatever rules say.

use std::collections::{BTreeMap, BTreeSet};

use super::{person::Wanted, steps::Subject};
use crate::{
    id::ConnectorName,
    observed::related,
    operation::Cause,
    review::{Excluded, GrantKey, Revoked},
    value::ObjectRef,
};

/// What reviews keep from somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewedNow {
    pub excluded: Excluded,
    /// Of that, what something would give all the same.
    pub given: BTreeSet<GrantKey>,
    /// What rules, roles, steps or requests would give, in sentences.
    pub missed: Vec<String>,
    /// What was taken, and is theirs again by a request that people agreed to
    /// since.
    pub requested: BTreeSet<GrantKey>,
    /// Requests that give something no longer, and why.
    pub requests: BTreeMap<String, String>,
}

impl ReviewedNow {
    /// Why an entitlement is not theirs any more.
    pub(crate) fn cause(
        &self,
        target: &ConnectorName,
        entitlement: &ObjectRef,
        relation: &str,
    ) -> Option<&Cause> {
        let is = |(at, of, with): &GrantKey| {
            at == target && of == entitlement && related(with, relation)
        };
        self.excluded.iter().find(|(key, _)| is(key)).map(|(_, revoked)| &revoked.cause)
    }
}

/// What is wanted without what reviews took.
pub(super) fn take_out(
    subject: &Subject<'_>,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
) -> ReviewedNow {
    let mut now = ReviewedNow::default();
    for (key, revoked) in subject.excluded.into_iter().flatten() {
        let (target, entitlement, relation) = key;
        let Revoked { label, cause, requests } = revoked;
        let later = |cause: &Cause| match cause {
            Cause::Request { id, .. } => !requests.contains(id),
            _ => false,
        };
        let grants = wanted.get_mut(target).map(|wanted| &mut wanted.grants);
        let mut taken = Vec::new();
        if let Some(grants) = grants {
            let is = |text: &str, with: &str| {
                let meant = subject.entitlement(target, text);
                related(with, relation) && meant.is_some_and(|it| it.reference == *entitlement)
            };
            let mut of_it = grants.iter().filter(|(it, _)| is(&it.entitlement, &it.relation));
            if of_it.any(|(_, causes)| causes.iter().any(later)) {
                now.requested.insert(key.clone());
                continue;
            }
            taken.extend(grants.extract_if(.., |it, _| is(&it.entitlement, &it.relation)));
        }
        now.excluded.insert(key.clone(), revoked.clone());
        for (_, causes) in taken {
            now.given.insert(key.clone());
            let ids = causes.iter().filter_map(|it| match it {
                Cause::Request { id, .. } => Some(id.clone()),
                _ => None,
            });
            now.requests.extend(ids.map(|id| (id, format!("{cause}"))));
            let by: Vec<String> = causes
                .iter()
                .filter(|it| !matches!(it, Cause::Fact { .. } | Cause::State { .. }))
                .map(ToString::to_string)
                .collect();
            let by = by.join(", ");
            let text = format!("{by} gives `{label}` at {target}, and it is not given: {cause}");
            now.missed.push(text);
        }
    }
    now
}
