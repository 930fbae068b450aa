//! Whatever refers to people, of whom some are somebody else by now.
//!
//! What is written down stays as it was asked and answered, so that splitting
//! people gives each of them their own again; who they are by now is seen
//! when it is read.

use std::collections::BTreeMap;

use crate::{
    approval::PlanApproval,
    case::{Candidate, Case},
    id::IdentityId,
    request::{Request, RequestedBy},
    review::Review,
    workflow::{Episode, StepEnd, StepRecord},
};

/// Who somebody is by now.
type KnownAs<'a> = &'a dyn Fn(IdentityId) -> IdentityId;

impl Request {
    #[must_use]
    pub fn as_known(mut self, known_as: KnownAs<'_>) -> Self {
        self.identity = known_as(self.identity);
        if let RequestedBy::Person { identity: Some(by), .. } = &mut self.by {
            *by = known_as(*by);
        }
        self.asked = self.asked.map(|asked| asked.of(known_as));
        self
    }
}

impl Review {
    #[must_use]
    pub fn as_known(mut self, known_as: KnownAs<'_>) -> Self {
        for item in &mut self.items {
            item.identity = known_as(item.identity);
            item.asked = item.asked.take().map(|asked| asked.of(known_as));
        }
        self
    }

    /// As it is written down in place of `before`: each item is about whoever
    /// it was about.
    #[must_use]
    pub fn in_place_of(mut self, before: &Self, known_as: KnownAs<'_>) -> Self {
        let before: BTreeMap<&str, IdentityId> =
            before.items.iter().map(|it| (it.id.as_str(), it.identity)).collect();
        for item in &mut self.items {
            let was = before.get(item.id.as_str()).copied();
            let was = was.filter(|was| known_as(*was) == item.identity);
            item.identity = was.unwrap_or(item.identity);
        }
        self
    }
}

impl Episode {
    /// Those who are asked, and who answered; it is of whoever it was of.
    #[must_use]
    pub fn as_known(mut self, known_as: KnownAs<'_>) -> Self {
        for record in self.steps.values_mut() {
            match record {
                StepRecord::Asked { asked, .. } => *asked = asked.of(known_as),
                StepRecord::Ended { end: StepEnd::Denied { by }, .. } => *by = known_as(*by),
                _ => {}
            }
        }
        self
    }
}

impl PlanApproval {
    #[must_use]
    pub fn as_known(mut self, known_as: KnownAs<'_>) -> Self {
        self.people = self.people.into_iter().map(known_as).collect();
        self.by.identity = self.by.identity.map(known_as);
        self.asked = self.asked.of(known_as);
        self
    }
}

impl Case {
    /// Whoever it may be, each once.
    #[must_use]
    pub fn as_known(mut self, known_as: KnownAs<'_>) -> Self {
        let mut by_now: BTreeMap<IdentityId, Vec<String>> = BTreeMap::new();
        for Candidate { identity, matched } in self.candidates {
            let known = by_now.entry(known_as(identity)).or_default();
            known.extend(matched);
            known.sort();
            known.dedup();
        }
        let candidates = by_now.into_iter();
        self.candidates =
            candidates.map(|(identity, matched)| Candidate { identity, matched }).collect();
        self
    }
}
