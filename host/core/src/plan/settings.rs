//! What planning needs of the operator's file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::access;
use crate::{
    access::TargetAccess, forgetting::Retain, id::ConnectorName, pattern::Pattern, policy::Policy,
    recognition::Recognition,
};

/// All of it that is said of no one target.
#[derive(Debug, Clone)]
pub struct PlanSettings<'a> {
    pub targets: BTreeMap<&'a ConnectorName, TargetSettings<'a>>,
    /// Entitlements that rules, roles and aliases speak of, where unmanaged
    /// ones are removed; as the file writes them.
    pub spoken: BTreeMap<&'a ConnectorName, BTreeSet<&'a str>>,
    /// Whether an account that is no longer wanted loses our grants.
    pub revoke_grants: bool,
    /// How long a mover keeps grants that nothing gives any longer.
    pub overlap: SignedDuration,
    /// How long people are kept after they left.
    pub retain: Option<&'a Retain>,
}

/// What planning needs to know of one target.
#[derive(Debug, Clone, Copy)]
pub struct TargetSettings<'a> {
    /// By what an existing account is somebody's, or suggests that it is.
    pub match_by: &'a Recognition,
    /// Login names that are never written.
    pub protected: &'a BTreeSet<Pattern>,
    /// Entitlements by the names that rules use: alias to id or name.
    pub entitlements: &'a BTreeMap<String, String>,
    /// Targets whose account is created first, and deleted last.
    pub after: &'a BTreeSet<ConnectorName>,
    /// The same, where this one's is created whatever becomes of it.
    pub prefer_after: &'a BTreeSet<ConnectorName>,
    /// What becomes of access that nobody gave.
    pub access: &'a TargetAccess,
}

impl<'a> PlanSettings<'a> {
    pub fn of(policy: &'a Policy) -> Self {
        let targets = policy.targets.iter().map(|(name, target)| {
            let settings = TargetSettings {
                match_by: &target.match_by,
                protected: &target.protected,
                entitlements: &target.entitlements,
                after: &target.after,
                prefer_after: &target.prefer_after,
                access: &target.access,
            };
            (name, settings)
        });
        Self {
            targets: targets.collect(),
            spoken: access::spoken(policy),
            revoke_grants: policy.leaver.revoke_grants,
            overlap: policy.lifecycle.overlap,
            retain: policy.leaver.retain.as_ref(),
        }
    }
}
