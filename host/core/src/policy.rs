//! What the operator decided, checked: names exist, templates compile.
//!
//! Built by the host's `config` room and by nothing else; no string in here
//! might still be wrong.

mod limits;
mod telling;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::{
    access::{AccessPolicy, TargetAccess, Validity},
    authority::Authority,
    condition::Condition,
    correlation::Correlation,
    forgetting::{GoneWhen, Retain},
    id::{ConnectorName, Digest, FactName, RoleName, RuleName},
    lifecycle::{LeavePolicy, LifecycleState, decides},
    obligation::CheckedBy,
    pattern::Pattern,
    recognition::Recognition,
    schema::DisableEffect,
    template::{Expressions, Template},
    workflow::{Definition, On, Workflow},
};

pub use self::{
    limits::{Bound, Class, ClassLimits},
    telling::{Delegation, Message, StepsPolicy},
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
    /// Roles, and what must not be held together.
    pub access: AccessPolicy,
    pub lifecycle: LifecyclePolicy,
    pub leaver: LeaverPolicy,
    pub limits: LimitsPolicy,
    /// Legal holds of the file, by their names.
    pub holds: BTreeMap<String, HoldPolicy>,
    pub steps: StepsPolicy,
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

    /// Facts that are dates or instants: those the state is made of, and those
    /// that workflows count from.
    pub(crate) fn moments(&self) -> BTreeSet<&str> {
        let of_state = ["start", "end", "leave_start", "leave_end"].into_iter();
        let of_workflows = self.workflows.iter().filter_map(|workflow| match &workflow.on {
            On::Offset(offset) => Some(offset.fact.as_str()),
            On::State(_) | On::Changed(_) | On::Unused(_) | On::Demand => None,
        });
        of_state.filter(|name| decides(name, &self.lifecycle)).chain(of_workflows).collect()
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
    /// So many readings have to lack a record before that is believed.
    pub confirmations: u32,
    /// Readings count when they are at least this far apart.
    pub confirmation_interval: SignedDuration,
}

impl Default for SourcePolicy {
    fn default() -> Self {
        Self {
            facts: BTreeMap::new(),
            missing: WhenMissing::Departed,
            // More than a bad quarter, far less than a file cut in half.
            shrink_limit_percent: 20,
            confirmations: 1,
            confirmation_interval: SignedDuration::ZERO,
        }
    }
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
    /// Attributes that are written when an account is made, and are the
    /// target's from then on.
    pub initial: BTreeSet<String>,
    /// Attributes that are never written, whatever the schema suggests.
    pub theirs: BTreeSet<String>,
    /// People whose accounts attributes speak of, as `reference.NAME`; the
    /// template gives the key of the person.
    pub references: BTreeMap<String, Template>,
    /// Targets with which login names are shared: what somebody has at one of
    /// them, nobody else gets here.
    pub unique_with: BTreeSet<ConnectorName>,
    /// How long a name that nobody has any longer is kept from everybody
    /// else; none is for ever.
    pub reuse_names_after: Option<SignedDuration>,
    /// How often an account of ours that we did not delete has to be found
    /// missing until nobody is kept for its sake.
    pub gone: GoneWhen,
    /// By what an existing account is somebody's, or suggests that it is.
    pub match_by: Recognition,
    /// Facts that the accounts of identities give, by attribute.
    pub provides: BTreeMap<FactName, String>,
    /// Names for entitlements used in rules: alias to id or name at the target.
    pub entitlements: BTreeMap<String, String>,
    /// Targets whose account must exist before this one's.
    pub after: BTreeSet<ConnectorName>,
    /// Targets whose account comes first if it can be made.
    pub prefer_after: BTreeSet<ConnectorName>,
    /// What disabling an account has to do there, so that a leaver is out.
    pub requires: BTreeSet<DisableEffect>,
    /// Login names that are never written.
    pub protected: BTreeSet<Pattern>,
    /// What becomes of access here that nobody gave.
    pub access: TargetAccess,
    /// Who says whether somebody is closed here, in the place of the target.
    pub checked_by: Option<CheckedBy>,
}

impl TargetPolicy {
    /// One where only the form of login names is decided.
    pub fn new(name: Template) -> Self {
        Self {
            object_type: None,
            name,
            attributes: BTreeMap::new(),
            initial: BTreeSet::new(),
            theirs: BTreeSet::new(),
            references: BTreeMap::new(),
            unique_with: BTreeSet::new(),
            reuse_names_after: None,
            gone: GoneWhen::default(),
            match_by: Recognition::default(),
            provides: BTreeMap::new(),
            entitlements: BTreeMap::new(),
            after: BTreeSet::new(),
            prefer_after: BTreeSet::new(),
            requires: BTreeSet::new(),
            protected: BTreeSet::new(),
            access: TargetAccess::default(),
            checked_by: None,
        }
    }
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

#[derive(Debug, Clone)]
pub struct LifecyclePolicy {
    /// For facts that are dates without a zone.
    pub timezone: TimeZone,
    /// How long before the start accounts are made (disabled).
    pub prehire: SignedDuration,
    /// Values of the fact `status`, lower-case, and what they mean.  Empty:
    /// the fact is not looked at.  Not empty: a value that is not in it
    /// holds the identity.
    pub status: BTreeMap<String, LifecycleState>,
    /// The hour that ends a last day; none: it counts to its end.
    pub last_hour: Option<Time>,
    /// How long before the last day somebody is leaving.
    pub leaving: SignedDuration,
    /// How long a mover keeps what nothing gives them any longer.
    pub overlap: SignedDuration,
    /// Types of leave, by the names in the file.
    pub leaves: BTreeMap<String, LeavePolicy>,
    /// The type of leave that a value of `status`, lower-case, means.
    pub leave_status: BTreeMap<String, String>,
    /// A clock that went on by more than this since the last run is asked
    /// about before time alone takes anything away; none: never.
    pub clock_jump: Option<SignedDuration>,
    /// Sources whose records are an engagement each, the primary ones first.
    /// Empty: the one that says best when somebody begins and ends.
    pub engagements: Vec<ConnectorName>,
    /// Between two engagements no further apart than this everything stays as
    /// it was, if the later one was known in time.
    pub bridge: SignedDuration,
}

impl Default for LifecyclePolicy {
    fn default() -> Self {
        Self {
            timezone: TimeZone::UTC,
            prehire: SignedDuration::from_hours(7 * 24),
            status: BTreeMap::new(),
            last_hour: None,
            leaving: SignedDuration::ZERO,
            overlap: SignedDuration::ZERO,
            leaves: BTreeMap::new(),
            leave_status: BTreeMap::new(),
            clock_jump: None,
            engagements: Vec::new(),
            bridge: SignedDuration::ZERO,
        }
    }
}

/// A legal hold of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPolicy {
    /// Keys of records, or ids.
    pub people: BTreeSet<String>,
    pub review: Date,
    pub owner: String,
}

#[derive(Debug, Clone)]
pub struct LeaverPolicy {
    /// This long after its owner left, or lost it, a disabled account is
    /// deleted; none is never.
    pub delete_after: Option<SignedDuration>,
    pub revoke_grants: bool,
    /// Whoever is hired again is somebody new, once nothing is left open.
    pub begins_anew: bool,
    /// How long people are kept after they left; none: nobody is erased by
    /// time.
    pub retain: Option<Retain>,
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
    /// Ejections that are carried out within any window; the others wait.
    pub ejects_max: u32,
    pub ejects_window: SignedDuration,
    /// People who are erased within any window; the others wait.
    pub erasures_max: u32,
    pub erasures_window: SignedDuration,
}

impl Default for LimitsPolicy {
    fn default() -> Self {
        // A usual day of a company stays below these; a broken file does not.
        Self {
            removals_percent: 10,
            removals_floor: 10,
            removals_window: SignedDuration::from_hours(24),
            classes: ClassLimits::default(),
            ejects_max: 3,
            ejects_window: SignedDuration::from_hours(1),
            erasures_max: 20,
            erasures_window: SignedDuration::from_hours(24),
        }
    }
}
