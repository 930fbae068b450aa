//! The guard: limits and protected accounts; a plan in, findings out.

mod access;
mod classes;
mod clock;
mod counting;
mod effects;
mod ejects;
mod erasures;
mod last_of;
mod mass;
mod passwords;
mod protected;
mod separation;
mod shrank;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(crate) use self::classes::Privileged;
use self::counting::Counting;
pub use self::shrank::{TargetShrank, still_doubted};
pub use self::{
    access::{AccessGuard, Lately},
    clock::clock_jump,
    effects::{unpromised, words as words_of_effects},
    ejects::mass_ejects,
    erasures::{mass_erasures, room_to_erase},
    last_of::last_ones,
    passwords::passwords_waiting,
};
pub(crate) use classes::privileged;

use crate::{
    id::{ConnectorName, OperationId},
    identity::Shrank,
    observed::Observed,
    operation::{Event, Operation, OperationKind},
    pattern::Pattern,
    plan::Plan,
    policy::{Policy, TargetPolicy},
};

/// The guard's objection to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub target: Option<ConnectorName>,
    /// What is wrong and what to do about it.
    pub text: String,
    /// The operations it blocks; everything else goes on.
    pub blocks: Vec<OperationId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// More would be taken away than the limit allows.
    MassRemoval,
    /// More disabled accounts would be enabled than the limit allows.
    MassEnable,
    /// More people were ejected than may be within a window.
    MassEject,
    /// The clock jumped, and time alone would take something away.
    ClockJump,
    /// A protected account would be written.
    Protected,
    /// A source lost far more of the keys it had than is usual.
    SourceShrank,
    /// More people would be erased than the limit allows.
    MassErase,
    /// A target no longer has many accounts of ours.
    TargetShrank,
    /// Disabling an account there does not do what the file requires.
    DisableEffects,
    /// More accounts would be disabled than the limit allows.
    MassDisable,
    /// More accounts would be created than the limit allows.
    MassCreate,
    /// More privileged access would change than the limit allows.
    MassPrivileged,
    /// More accounts would get a new password than the limit allows.
    MassPassword,
    /// Too few would be left who hold what somebody must hold.
    LastOf,
    /// What must not be held together is; it blocks nothing.
    Separation,
    /// Accounts would be disabled where no reading shows that they are; it
    /// blocks nothing.
    UnverifiableDisable,
    /// The file asks for the agreement of people.
    Approval,
}

impl FindingKind {
    pub const ALL: [Self; 17] = [
        Self::MassRemoval,
        Self::MassEnable,
        Self::MassEject,
        Self::MassErase,
        Self::ClockJump,
        Self::Protected,
        Self::SourceShrank,
        Self::TargetShrank,
        Self::DisableEffects,
        Self::MassDisable,
        Self::MassCreate,
        Self::MassPrivileged,
        Self::MassPassword,
        Self::LastOf,
        Self::Separation,
        Self::UnverifiableDisable,
        Self::Approval,
    ];

    /// The word to release it with.
    pub fn word(self) -> &'static str {
        match self {
            Self::MassRemoval => "mass-removal",
            Self::MassEnable => "mass-enable",
            Self::MassEject => "mass-eject",
            Self::MassErase => "mass-erase",
            Self::ClockJump => "clock-jump",
            Self::Protected => "protected",
            Self::SourceShrank => "source-shrank",
            Self::TargetShrank => "target-shrank",
            Self::DisableEffects => "disable-effects",
            Self::MassDisable => "mass-disable",
            Self::MassCreate => "mass-create",
            Self::MassPrivileged => "mass-privileged",
            Self::MassPassword => "mass-password",
            Self::LastOf => "last-of",
            Self::Separation => "separation",
            Self::UnverifiableDisable => "unverifiable-disable",
            Self::Approval => "approval",
        }
    }

    /// Whether a person can release it; what the file itself forbids never
    /// is, and what holds nothing back need not be.
    pub fn releasable(self) -> bool {
        match self {
            Self::MassRemoval
            | Self::MassEnable
            | Self::MassEject
            | Self::MassErase
            | Self::ClockJump
            | Self::SourceShrank
            | Self::TargetShrank
            | Self::MassDisable
            | Self::MassCreate
            | Self::MassPrivileged
            | Self::MassPassword => true,
            Self::Protected
            | Self::DisableEffects
            | Self::LastOf
            | Self::Separation
            | Self::UnverifiableDisable
            | Self::Approval => false,
        }
    }
}

/// What the guard needs of the operator's file.
#[derive(Debug, Clone, Default)]
pub struct GuardSettings<'a> {
    /// The larger of the two is how many accounts of one target may lose
    /// something within the window, and how many one plan may enable.
    pub removals_percent: u8,
    pub removals_floor: u32,
    /// Login names that are never written.
    pub protected: BTreeMap<&'a ConnectorName, &'a BTreeSet<Pattern>>,
    /// What disabling has to do, and of which accounts.
    pub requires: BTreeMap<&'a ConnectorName, &'a TargetPolicy>,
    pub access: AccessGuard<'a>,
}

impl<'a> GuardSettings<'a> {
    pub fn of(policy: &'a Policy) -> Self {
        let protected = policy.targets.iter().map(|(name, target)| (name, &target.protected));
        Self {
            removals_percent: policy.limits.removals_percent,
            removals_floor: policy.limits.removals_floor,
            protected: protected.collect(),
            requires: policy
                .targets
                .iter()
                .filter(|(_, target)| !target.requires.is_empty())
                .collect(),
            access: AccessGuard::of(policy),
        }
    }
}

/// Everything the guard objects to.
pub fn guard(
    settings: &GuardSettings<'_>,
    plan: &Plan,
    observed: &Observed,
    lately: &Lately,
    shrank: &[Shrank],
) -> Vec<Finding> {
    let GuardSettings { access: about, .. } = settings;
    let mut others = Vec::new();
    if let Some(last_of) = about.last_of {
        others.extend(last_of::findings(last_of, &about.aliases, plan, observed));
    }
    others.extend(separation::findings(plan));
    others.extend(access::unverifiable(plan, observed));
    others.extend(protected::protected(settings, plan, observed));
    others.extend(effects::missing(settings, plan, observed));
    others.extend(shrank.iter().map(|shrank| shrank::source_shrank(plan, shrank)));
    // What does not go anyway takes nobody's place within a limit.
    let counting = Counting::besides(plan, &others);
    let mut findings = mass::removals(settings, plan, observed, &lately.removed, &counting);
    findings.extend(mass::enables(settings, plan, observed, &counting));
    findings.extend(classes::findings(about, plan, observed, lately, &counting));
    findings.extend(passwords::findings(about, plan, observed, lately));
    findings.extend(others);
    findings
}

/// The operations that may not be executed, with those that wait for them;
/// `released` findings block nothing, except those nobody can release.
pub fn blocked(
    plan: &Plan,
    findings: &[Finding],
    released: &BTreeSet<FindingKind>,
) -> BTreeSet<OperationId> {
    let standing =
        findings.iter().filter(|it| !(it.kind.releasable() && released.contains(&it.kind)));
    let mut blocked: BTreeSet<OperationId> =
        standing.flat_map(|finding| finding.blocks.iter().copied()).collect();
    // One pass is enough: an operation waits only for earlier ones.
    for operation in &plan.operations {
        if operation.after.iter().any(|before| blocked.contains(before)) {
            blocked.insert(operation.id);
        }
    }
    let kept_in = signed_in_again(plan, &blocked);
    blocked.extend(kept_in);
    blocked
}

/// Whoever is not kept out is not signed out beside it: they would come back,
/// and be signed out by every plan anew.
fn signed_in_again(plan: &Plan, blocked: &BTreeSet<OperationId>) -> Vec<OperationId> {
    let account = |it: &Operation| it.change.account().map(|key| (it.target.clone(), key.clone()));
    let of = |kind: fn(OperationKind) -> bool| {
        plan.operations.iter().filter(move |it| kind(it.change.kind()))
    };
    let open: BTreeSet<_> = of(|kind| kind == OperationKind::Disable)
        .filter(|it| blocked.contains(&it.id))
        .filter_map(account)
        .collect();
    of(OperationKind::is_about_credentials)
        .filter(|it| account(it).is_some_and(|it| open.contains(&it)))
        .map(|it| it.id)
        .collect()
}

impl Finding {
    /// Whether it holds anything back: operations, erasures, or what a system
    /// said and is not believed.
    pub fn holds_back(&self) -> bool {
        !self.blocks.is_empty()
            || matches!(
                self.kind,
                FindingKind::SourceShrank
                    | FindingKind::TargetShrank
                    | FindingKind::MassErase
                    | FindingKind::MassPassword
                    | FindingKind::ClockJump
            )
    }
}

fn by_target(
    plan: &Plan,
    counts: impl Fn(&Operation) -> bool,
) -> BTreeMap<&ConnectorName, Vec<&Operation>> {
    let mut found: BTreeMap<&ConnectorName, Vec<&Operation>> = BTreeMap::new();
    for operation in plan.operations.iter().filter(|it| counts(it)) {
        found.entry(&operation.target).or_default().push(operation);
    }
    found
}

/// Whether so many are more than a limit allows.
fn is_beyond(count: usize, limit: u64) -> bool {
    u64::try_from(count).map_or(true, |count| count > limit)
}

/// Whether a limit counts it: ejections have a bound of their own.
fn limited(operation: &Operation) -> bool {
    operation.event != Event::Eject
}

/// How many accounts are ours at a target.
fn ours(observed: &Observed, target: &ConnectorName) -> u64 {
    let ours = observed.links.iter().filter(|link| !link.gone && link.target == *target);
    u64::try_from(ours.count()).unwrap_or(u64::MAX)
}

/// How a command refers to the plan.
fn plan_word(plan: &Plan) -> String {
    plan.digest().map_or_else(|_| "PLAN".to_owned(), |digest| digest.short().to_owned())
}

#[cfg(test)]
mod tests;
