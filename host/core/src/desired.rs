//! Accounts and grants that should be true now.

mod access;
mod achieved;
mod adopting;
mod approvers;
mod carry;
mod compute;
mod content;
mod credential;
pub(crate) mod desk;
mod effects;
mod ended;
mod episode;
mod imagined;
mod jobs;
pub(crate) mod leave;
mod life;
mod mapping;
mod names;
pub(crate) mod person;
mod reach;
mod references;
pub(crate) mod requests;
mod reviewed;
mod steps;
mod topic;
mod typed;
mod unused;
mod unwanted;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use crate::engagement::EngagementNow;
use crate::{
    id::{ConnectorName, IdentityId, StepName, WorkflowName},
    lifecycle::StateNow,
    operation::{Cause, CredentialVerb},
    policy::TargetPolicy,
    schema::{ObjectDef, ObjectRole, Schema},
    value::{ObjectRef, Value},
    workflow::PlannedStep,
};

pub use self::adopting::desired_adopting;
pub use self::imagined::liken;
pub use self::{
    access::{AccessNow, Conflict, RoleNow},
    compute::{deleted_from, desired},
    episode::EpisodeNow,
    life::{engagements, standing},
    requests::{RequestNow, RequestsNow, Taken},
    reviewed::ReviewedNow,
    steps::workflows_delete,
    wishes::TakenByStep,
};
pub(crate) use self::{
    adopting::surely,
    imagined::{Imagined, imagined},
};
pub use unwanted::unwanted;

/// What should be true of every identity at every target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    pub identities: BTreeMap<IdentityId, DesiredIdentity>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredIdentity {
    /// How people call them in a plan: the display name, or the key.
    pub label: String,
    pub state: StateNow,
    /// Where there are several, the primary one first.
    pub engagements: Vec<EngagementNow>,
    /// One entry per target that a rule speaks of or an account exists at.
    /// No entry: nothing is said, and nothing is done.
    pub accounts: BTreeMap<ConnectorName, DesiredAccount>,
    /// Targets where rules give an account and of which nothing was read.
    pub unread: BTreeSet<ConnectorName>,
    /// A rule or mapping failed: nothing of this identity is changed, and
    /// these sentences say why (law 7).
    pub holds: Vec<String>,
    /// Legal holds that cover them: nothing of theirs is deleted.
    pub legal_holds: Vec<String>,
    /// What goes at once, whatever movers may keep.
    pub at_once: AtOnce,
    /// Episodes of workflows that began, went on or ended.
    pub episodes: Vec<EpisodeNow>,
    pub steps: DesiredSteps,
    /// What they are signed in with that steps have ended.
    pub ends: Vec<WantedEnd>,
    /// Roles they have, and what they hold or are denied for what they hold.
    pub access: AccessNow,
    /// What accounts of theirs would look like, of somebody who is to be
    /// erased: none that may be theirs is left behind.
    pub likeness: BTreeMap<ConnectorName, AccountContent>,
}

/// A step that ends what somebody is signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedEnd {
    pub verb: CredentialVerb,
    /// None: wherever they have an account.
    pub targets: Option<BTreeSet<ConnectorName>>,
    /// What was ended then or later is done; none: all of it is.
    pub since: Option<Timestamp>,
    pub cause: Cause,
}

impl WantedEnd {
    pub fn is_at(&self, target: &ConnectorName) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.contains(target))
    }
}

/// What goes at once, whatever movers may keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtOnce {
    /// Targets where every grant does.
    pub targets: BTreeSet<ConnectorName>,
    pub grants: BTreeSet<(ConnectorName, ObjectRef)>,
    /// Targets where the account does.
    pub accounts: BTreeSet<ConnectorName>,
}

impl AtOnce {
    pub fn takes(&self, target: &ConnectorName, entitlement: &ObjectRef) -> bool {
        self.targets.contains(target)
            || self.grants.contains(&(target.clone(), entitlement.clone()))
    }
}

/// Steps of workflows with an effect outside accounts and access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DesiredSteps {
    /// To be carried out once.
    pub planned: Vec<PlannedStep>,
    /// Due, and nobody can tell what they would do.
    pub unable: Vec<DesiredStep>,
    /// People are to be asked, and nobody can be.
    pub unasked: Vec<DesiredStep>,
    /// Failed, and open until a person says something.
    pub open: Vec<DesiredStep>,
}

/// A step, and a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredStep {
    pub workflow: WorkflowName,
    pub step: StepName,
    pub text: String,
}

/// What should be true of one identity at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredAccount {
    pub presence: Presence,
    pub causes: Vec<Cause>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// There should be an account that is enabled (or disabled) and looks so.
    Present { enabled: bool, content: AccountContent },
    /// There need not be one; if we have one, it is disabled and holds no
    /// grants, until it is due to be deleted.
    Disabled,
    /// Nothing gives it any longer, and it stays as it is until then.
    Kept { until: Timestamp },
    /// If we have one, it is due to go since `due`.
    Deleted { due: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountContent {
    pub object_type: String,
    pub name: String,
    pub anchor: String,
    /// Attributes we manage, by name; empty values clear.
    pub attributes: BTreeMap<String, Vec<Value>>,
    /// Attributes that are written when the account is made, and are the
    /// target's from then on.
    pub initial: BTreeMap<String, Vec<Value>>,
    /// Attributes that wait for the account of somebody they speak of.
    pub waits: Vec<String>,
    /// Entitlements as written in the file (an alias, a name or an id) and
    /// the causes of each.
    pub grants: BTreeMap<DesiredGrant, Vec<Cause>>,
    /// The causes of each attribute: the facts its template read.
    pub attribute_causes: BTreeMap<String, Vec<Cause>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DesiredGrant {
    pub entitlement: String,
    pub relation: String,
}

/// The type of the accounts we manage at a target: the one the file names,
/// or the only one there is.
pub fn managed_object<'a>(policy: &TargetPolicy, schema: &'a Schema) -> Option<&'a ObjectDef> {
    if let Some(named) = &policy.object_type {
        return schema.object(named).filter(|object| object.role == ObjectRole::Account);
    }
    let mut accounts = schema.in_role(ObjectRole::Account);
    accounts.next().filter(|_| accounts.next().is_none())
}

#[cfg(test)]
mod tests;
