//! What targets last reported, and which of it is ours.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Assignment, Coverage, CoverageKind, Entitlement, Skipped},
    forgetting::Forgetting,
    id::{ConnectorName, IdentityId},
    lifecycle::Kept,
    operation::CredentialVerb,
    plan::Adoption,
    schema::{IdStability, Schema},
    value::ObjectRef,
    workflow::Remembered,
};

/// The world as planning sees it.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    pub targets: BTreeMap<ConnectorName, ObservedTarget>,
    /// Accounts that we created or a person adopted.
    pub links: Vec<Link>,
    /// Grants that we made or took over; only these are ever revoked.
    pub ledger: BTreeSet<OwnedGrant>,
    /// Where an account may have been created for an identity, and nobody
    /// knows: none is created until somebody does.
    pub in_doubt: BTreeSet<(IdentityId, ConnectorName)>,
    pub workflows: Remembered,
    /// Accounts of which a person said whose they are not.
    pub declined: BTreeSet<Declined>,
    /// Login names that accounts of ours had, also of some that are gone.
    pub names: BTreeMap<ConnectorName, Vec<HeldName>>,
    /// What is remembered of lives besides facts.
    pub kept: Kept,
    /// Who was erased, and who must not be yet.
    pub forgetting: Forgetting,
    /// Accounts of `links` that are linked by the plan that is made, and by
    /// nothing before.
    pub adopting: Vec<Adoption>,
}

/// A login name that somebody had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldName {
    pub name: String,
    pub identity: IdentityId,
    /// The latest read in which an account of theirs had it.
    pub last_seen: Timestamp,
}

/// A person's word that an account is not an identity's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Declined {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
}

/// One target's last report, or why there is none.
#[derive(Debug, Clone)]
pub struct ObservedTarget {
    pub schema: Schema,
    /// The type of the accounts that were read; of others nothing is known.
    pub account_type: String,
    pub accounts: Vec<Account>,
    pub entitlements: Vec<Entitlement>,
    pub assignments: Vec<Assignment>,
    /// The worst coverage of accounts and assignments.
    pub accounts_coverage: Coverage,
    pub assignments_coverage: Coverage,
    pub read_at: Timestamp,
}

impl ObservedTarget {
    /// Whether an account that was not seen is certainly not there.
    pub fn proves_absence(&self, account: &ObjectRef) -> bool {
        account.object_type == self.account_type && self.accounts_coverage.proves_absence()
    }

    /// Accounts of ours that this reading proves are no longer there.
    pub fn vanished<'a>(&self, target: &ConnectorName, links: &'a [Link]) -> Vec<&'a Link> {
        let there: BTreeSet<&ObjectRef> = self.accounts.iter().map(|it| &it.reference).collect();
        let ours = links.iter().filter(|link| link.target == *target && !link.gone);
        ours.filter(|link| self.proves_absence(&link.account) && !there.contains(&link.account))
            .collect()
    }

    /// The reading as one that proves no absence.
    #[must_use]
    pub fn doubted(mut self, why: &str, count: u64) -> Self {
        let what = "accounts of ours".to_owned();
        let skipped = Skipped { what, why: why.to_owned(), count: Some(count) };
        self.accounts_coverage.kind = CoverageKind::Truncated;
        self.accounts_coverage.skipped.push(skipped);
        self.assignments_coverage.kind = CoverageKind::Truncated;
        self
    }

    /// Whether an account under the key of one that was gone is that one,
    /// restored.  Where keys follow names, it may be anybody's.
    pub fn gives_keys_once(&self, object_type: &str) -> bool {
        let def = self.schema.object(object_type);
        def.is_some_and(|def| def.capabilities.id_stability == IdStability::Immutable)
    }
}

/// Our claim that an account belongs to an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub account: ObjectRef,
    pub origin: Origin,
    /// Since when it has been disabled; none while enabled.
    pub disabled_since: Option<Timestamp>,
    /// The target took the order to disable it, and no read has shown that it
    /// is: access stays open until one does.
    pub unproven: bool,
    /// It was enabled at some time since it is ours: an account made for a
    /// first day to come was not.
    pub was_enabled: bool,
    /// Since when we have known that nothing gives it any longer (its owner
    /// left, or lost the rule); none while something does.
    pub unwanted_since: Option<Timestamp>,
    /// A read that proves absence no longer has it.
    pub gone: bool,
    #[serde(default)]
    pub ended: Ended,
}

/// When what somebody is signed in with was last ended at an account.  No
/// reading shows it: it is known by having been done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub sessions: Option<Timestamp>,
    /// All of it.
    pub credentials: Option<Timestamp>,
    /// The password, by another one of ours.
    #[serde(default)]
    pub password: Option<Timestamp>,
}

impl Ended {
    /// With what was done at a time; whoever revokes all ends sessions.
    #[must_use]
    pub fn by(mut self, verb: CredentialVerb, at: Timestamp) -> Self {
        self.sessions = Some(at);
        if verb == CredentialVerb::Revoke {
            self.credentials = Some(at);
        }
        self
    }

    /// Whether it was done at that time or later.
    pub fn since(&self, verb: CredentialVerb, since: Timestamp) -> bool {
        let at = match verb {
            CredentialVerb::EndSessions => self.sessions,
            CredentialVerb::Revoke => self.credentials,
        };
        at.is_some_and(|at| at >= since)
    }
}

impl Link {
    /// Whether the account is there and not known to be disabled.
    pub fn is_open(&self) -> bool {
        !self.gone && (self.disabled_since.is_none() || self.unproven)
    }
}

/// Whether an assignment and a grant of one entitlement are the same: no
/// relation given means any.
pub fn related(left: &str, right: &str) -> bool {
    left == right || left.is_empty() || right.is_empty()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// We created it.
    Created,
    /// A person said it is this identity's.
    Adopted,
}

/// A grant that is ours to revoke.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnedGrant {
    pub target: ConnectorName,
    pub holder: ObjectRef,
    pub entitlement: ObjectRef,
    pub relation: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{at, noon};

    #[test]
    fn revoking_everything_ends_sessions_too_and_ending_sessions_nothing_else() {
        let (sessions, all) = (CredentialVerb::EndSessions, CredentialVerb::Revoke);
        let signed_out = Ended::default().by(sessions, noon());
        assert!(signed_out.since(sessions, noon()) && !signed_out.since(all, noon()));
        let revoked = Ended::default().by(all, noon());
        assert!(revoked.since(sessions, noon()) && revoked.since(all, noon()));
        let later = at("2026-06-01T12:00:01Z");
        assert!(!revoked.since(sessions, later) && !revoked.since(all, later));
    }
}
