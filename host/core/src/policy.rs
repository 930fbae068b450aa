//! What the operator decided, checked: names exist, templates compile.
//!
//! Built by the host's `config` room and by nothing else; no string in here
//! might still be wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    authority::Authority,
    condition::Condition,
    correlation::Correlation,
    id::{ConnectorName, Digest, FactName, RuleName},
    lifecycle::LifecycleState,
    template::{Expressions, Template},
    workflow::{Definition, Workflow},
};

#[derive(Debug)]
pub struct Policy {
    pub sources: BTreeMap<ConnectorName, SourcePolicy>,
    /// Sources of things that are not people.
    pub tables: BTreeMap<ConnectorName, TablePolicy>,
    pub targets: BTreeMap<ConnectorName, TargetPolicy>,
    /// Sources that are no longer there, and whose people have left.
    pub retired_sources: BTreeSet<ConnectorName>,
    /// Targets that are no longer there, and whose accounts we no longer
    /// answer for.
    pub retired_targets: BTreeSet<ConnectorName>,
    /// Which source decides a fact that several give.
    pub authority: Authority,
    /// By what records of several sources are one person's.
    pub correlation: Correlation,
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// In the order of the file.
    pub workflows: Vec<Workflow>,
    /// Workflows as open episodes began with them, where the file has changed.
    pub versions: BTreeMap<Digest, Workflow>,
    pub lifecycle: LifecyclePolicy,
    pub leaver: LeaverPolicy,
    pub limits: LimitsPolicy,
    /// Holds every compiled template and condition above.
    pub expressions: Expressions,
}

impl Policy {
    /// Facts that are no attribute of a record of people.
    pub fn of_tables_and_targets(&self) -> impl Iterator<Item = &FactName> {
        let of_tables = self
            .tables
            .values()
            .flat_map(|it| it.facts.keys().chain(it.tree.iter().map(|tree| &tree.within)));
        of_tables.chain(self.targets.values().flat_map(|target| target.provides.keys()))
    }

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

/// A source of things that are not people (an organisation tree, cost
/// centres), which people point into by a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePolicy {
    /// The fact whose value is the key of a record.
    pub key: FactName,
    /// Facts by the attribute of the record they are.
    pub facts: BTreeMap<FactName, String>,
    /// For a tree.
    pub tree: Option<Tree>,
    /// As of any other source.
    pub shrink_limit_percent: u8,
}

/// Records that are below one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The attribute with the key of the record above.
    pub parent: String,
    /// The fact that has the key and all those above it.
    pub within: FactName,
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
    /// Facts that the accounts of identities give, by attribute.
    pub provides: BTreeMap<FactName, String>,
    /// Names for entitlements used in rules: alias to id or name at the target.
    pub entitlements: BTreeMap<String, String>,
    /// Targets whose account must exist before this one's.
    pub after: BTreeSet<ConnectorName>,
    /// Login names that are never written.
    pub protected: BTreeSet<String>,
}

/// Who gets what.
#[derive(Debug)]
pub struct Rule {
    pub name: RuleName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    pub when: Condition,
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
}
