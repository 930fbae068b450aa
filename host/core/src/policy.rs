//! What the operator decided, checked: names exist, templates compile.
//!
//! Built by the host's `config` room and by nothing else; no string in here
//! might still be wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    access::{AccessPolicy, TargetAccess, Validity},
    condition::Condition,
    id::{ConnectorName, Digest, FactName, RoleName, RuleName},
    lifecycle::LifecycleState,
    pattern::Pattern,
    template::{Expressions, Template},
    workflow::{Definition, Workflow},
};

#[derive(Debug)]
pub struct Policy {
    pub sources: BTreeMap<ConnectorName, SourcePolicy>,
    pub targets: BTreeMap<ConnectorName, TargetPolicy>,
    /// Sources that are no longer there, and whose people have left.
    pub retired_sources: BTreeSet<ConnectorName>,
    /// Targets that are no longer there, and whose accounts we no longer
    /// answer for.
    pub retired_targets: BTreeSet<ConnectorName>,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// In the order of the file.
    pub workflows: Vec<Workflow>,
    /// Workflows as open episodes began with them, where the file has changed.
    pub versions: BTreeMap<Digest, Workflow>,
    /// Roles, and what must not be held together.
    pub access: AccessPolicy,
    pub lifecycle: LifecyclePolicy,
    pub leaver: LeaverPolicy,
    pub limits: LimitsPolicy,
    /// Holds every compiled template and condition above.
    pub expressions: Expressions,
}

impl Policy {
    /// Takes up older forms of workflows, for episodes that began with them.
    /// One that cannot be compiled any more is left out: its episodes are
    /// held and say so.
    pub fn keep_versions(&mut self, definitions: &[Definition]) {
        let current: BTreeSet<Digest> =
            self.workflows.iter().map(|it| it.version.clone()).collect();
        for definition in definitions {
            let compiled = Workflow::compile(definition, None, &mut self.expressions);
            if let Ok(workflow) = compiled
                && !current.contains(&workflow.version)
            {
                self.versions.insert(workflow.version.clone(), workflow);
            }
        }
    }
}

#[derive(Debug)]
pub struct SourcePolicy {
    /// Fact by template over the record's attributes; empty takes every
    /// attribute as a fact under its own name.
    pub facts: BTreeMap<FactName, Template>,
    pub missing: WhenMissing,
    /// When a read lost more than this many percent of the keys of the last
    /// exhaustive one, the guard asks before anybody leaves or comes by it.
    pub shrink_limit_percent: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenMissing {
    /// A record that an exhaustive read no longer has: the person departed.
    Departed,
    /// It counts for nothing; only facts end an engagement.
    Keep,
}

#[derive(Debug)]
pub struct TargetPolicy {
    /// Type of the accounts we manage; none: the only one of the schema.
    pub object_type: Option<String>,
    pub name: Template,
    /// Attribute by templates, one per value; empty takes what the schema's
    /// SCIM paths suggest.
    pub attributes: BTreeMap<String, Vec<Template>>,
    /// Attributes that suggest an existing account is somebody's.
    pub match_by: Vec<String>,
    /// Names for entitlements used in rules: alias to id or name at the target.
    pub entitlements: BTreeMap<String, String>,
    /// Targets whose account must exist before this one's.
    pub after: BTreeSet<ConnectorName>,
    /// Login names that are never written.
    pub protected: BTreeSet<Pattern>,
    /// What becomes of access here that nobody gave.
    pub access: TargetAccess,
}

/// Who gets what.
#[derive(Debug)]
pub struct Rule {
    pub name: RuleName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub when: Condition,
    /// Outside of it the rule is not asked.
    pub valid: Validity,
    /// In the order of the file.
    pub roles: Vec<RoleName>,
    pub accounts: BTreeSet<ConnectorName>,
    /// Entitlements by target, as templates.
    pub grants: BTreeMap<ConnectorName, Vec<Template>>,
}

#[derive(Debug)]
pub struct LifecyclePolicy {
    /// For facts that are dates without a zone.
    pub timezone: TimeZone,
    /// How long before the start accounts are made (disabled).
    pub prehire: SignedDuration,
    /// Values of the fact `status`, lower-case, and what they mean.  Empty:
    /// the fact is not looked at.  Not empty: a value that is not in it
    /// holds the identity.
    pub status: BTreeMap<String, LifecycleState>,
}

#[derive(Debug, Clone)]
pub struct LeaverPolicy {
    /// This long after its owner left, or lost it, a disabled account is
    /// deleted; none is never.
    pub delete_after: Option<SignedDuration>,
    pub revoke_grants: bool,
}

/// How much may be taken away before a person has to look.
#[derive(Debug, Clone)]
pub struct LimitsPolicy {
    /// Accounts (at one target, in the window) that may lose something, and
    /// that one plan may enable: the larger of the two.
    pub removals_percent: u8,
    pub removals_floor: u32,
    pub removals_window: SignedDuration,
    /// Within the same window.
    pub classes: ClassLimits,
}

/// Limits by what is done; what is not in here has none, except removals.
#[derive(Debug, Clone, Default)]
pub struct ClassLimits {
    pub everywhere: BTreeMap<Class, Bound>,
    /// In place of those everywhere.
    pub targets: BTreeMap<ConnectorName, BTreeMap<Class, Bound>>,
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Accounts that lose something.
    Removals,
    /// Accounts that are disabled.
    Disables,
    /// Privileged grants and revokes.
    Privileged,
    /// Accounts that are created.
    Creates,
}

/// How many at one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Of the accounts that are ours; none: `max` alone counts.
    pub percent: Option<u8>,
    /// So many in any case, below the percentage.
    pub floor: u32,
    /// Never more, whatever the percentage says.
    pub max: Option<u32>,
}

impl Bound {
    /// For so many accounts that are ours.
    pub fn limit(&self, ours: u64) -> u64 {
        let share = self.percent.map(|percent| {
            (ours.saturating_mul(u64::from(percent)) / 100).max(u64::from(self.floor))
        });
        let max = self.max.map(u64::from);
        share.into_iter().chain(max).min().unwrap_or_default()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { percent, floor, max } = self;
        let share = percent.map(|percent| format!("{percent} percent, at least {floor}"));
        let max = max.map(|max| format!("at most {max}"));
        let parts: Vec<String> = share.into_iter().chain(max).collect();
        f.write_str(&parts.join(", "))
    }
}
