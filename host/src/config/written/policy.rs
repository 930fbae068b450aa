//! Rules, lifecycle, leavers, limits and tests, as written.

use std::collections::BTreeMap;

use lanyard_core::id::FactName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Bound, LimitsByTarget, Valid};
use super::forgetting::{Erasures, Rehire};
use super::lives::{Ejects, Leave};
use crate::config::element::{
    duration::{After, Duration},
    entries::Entries,
    percent::Percent,
    retention::Retention,
    text::{Text, Texts},
    when::When,
};

/// Who gets what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
pub(in crate::config) struct Rule {
    /// Facts and the values they may have; without it the rule is for all.
    pub(in crate::config) when: When,
    /// When it gives something.
    #[serde(skip_serializing_if = "Valid::is_always")]
    pub(in crate::config) valid: Valid,
    /// Roles, with what they give.
    pub(in crate::config) roles: Vec<String>,
    /// Targets to have an account at.
    pub(in crate::config) accounts: Vec<String>,
    /// Entitlements by target, as templates.
    pub(in crate::config) grants: Entries<String, Vec<String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Lifecycle {
    /// For dates, by its IANA name.
    pub(in crate::config) timezone: String,
    /// How long before the first day accounts are made, disabled.
    pub(in crate::config) prehire: Duration,
    /// What values of the fact `status` mean, ignoring case.
    pub(in crate::config) status: Status,
    /// The hour that ends a last day, like `17:00`; without it, its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) last_hour: Option<String>,
    /// How long before the last day somebody is leaving: active, and workflows
    /// can begin on it.
    pub(in crate::config) leaving: Duration,
    /// How long a mover keeps what nothing gives them any longer.
    pub(in crate::config) overlap: Duration,
    /// Sources whose records are a job each (an engagement), the primary ones
    /// first; without it, those of the source that says best when somebody
    /// begins and ends.
    pub(in crate::config) engagements: Vec<String>,
    /// Between two engagements no further apart than this everything stays as
    /// it was, if the later one was known before the earlier one ended.
    pub(in crate::config) bridge: Duration,
    /// A clock that went on by more than this between two looks is asked about
    /// before time alone takes anything away.
    pub(in crate::config) clock_jump: After,
    /// Types of leave; the facts `leave`, `leave_start` and `leave_end` say
    /// who is on one, as `status` does.
    pub(in crate::config) leave: Entries<String, Leave>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            timezone: "UTC".to_owned(),
            prehire: Duration::hours(7 * 24),
            status: Status::default(),
            last_hour: None,
            leaving: Duration::seconds(0),
            overlap: Duration::seconds(0),
            engagements: Vec::new(),
            bridge: Duration::seconds(0),
            // Whoever looks every week, or once a month, never sees it.
            clock_jump: After::Duration(Duration::hours(40 * 24)),
            leave: Entries::default(),
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Status {
    /// Works here; start and end count.
    pub(in crate::config) active: Vec<String>,
    /// Away for a while: accounts are disabled, grants stay.
    pub(in crate::config) on_leave: Vec<String>,
    /// Was to begin here, and does not.
    pub(in crate::config) cancelled: Vec<String>,
    /// Works here no more.
    pub(in crate::config) departed: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Leaver {
    /// How long after its owner left, or lost it, a disabled account is deleted.
    pub(in crate::config) delete_after: After,
    /// What becomes of the grants of a leaver, when the account is disabled.
    pub(in crate::config) grants: GrantsOfLeaver,
    /// How long after somebody left everything known of them is erased, once
    /// nothing of theirs is open.
    pub(in crate::config) retain: Retention,
    /// Who somebody is that is hired again once nothing of them is open.
    pub(in crate::config) rehire: Rehire,
}

impl Default for Leaver {
    fn default() -> Self {
        Self {
            delete_after: After::Duration(Duration::hours(30 * 24)),
            grants: GrantsOfLeaver::Revoke,
            retain: Retention::Never,
            rehire: Rehire::Same,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum GrantsOfLeaver {
    Revoke,
    Keep,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Limits {
    /// How many accounts of a target may lose something: the larger of percent
    /// and floor, within the window.
    pub(in crate::config) removals: Removals,
    /// How many people may be ejected, within the window.
    pub(in crate::config) ejects: Ejects,
    /// How many people may be erased, within the window.
    pub(in crate::config) erasures: Erasures,
    /// How many accounts of a target may be disabled; without it only
    /// `removals` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) disables: Option<Bound>,
    /// How many grants and revokes there may be at a target of what roles of
    /// high risk give and what a target calls `privileged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) privileged: Option<Bound>,
    /// How many accounts may be created at a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) creates: Option<Bound>,
    /// How many accounts of a target may get a new password; whoever is next
    /// waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) passwords: Option<Bound>,
    /// In place of the limits of all, by target.
    pub(in crate::config) target: LimitsByTarget,
}

/// How many accounts of a target may lose something before a person has to
/// look: the larger of `percent` and `floor`, within `window`.  One plan may
/// enable as many.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Removals {
    /// Of the accounts of a target that are ours.
    pub(in crate::config) percent: Percent,
    /// So many accounts may always lose something.
    pub(in crate::config) floor: u32,
    /// Never more, whatever the percentage says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) max: Option<u32>,
    /// Removals of the past count for this long.
    pub(in crate::config) window: Duration,
}

impl Default for Removals {
    fn default() -> Self {
        // A usual day of a company stays below both; a broken file does not.
        Self { percent: Percent(10), floor: 10, max: None, window: Duration::hours(24) }
    }
}

/// What the rules must say of an invented person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct TestCase {
    /// What `lanyard check` calls it.
    pub(in crate::config) name: String,
    /// The date (its first moment in the time zone) or instant to judge at.
    pub(in crate::config) at: Text,
    /// Facts of the invented person.
    #[serde(default)]
    pub(in crate::config) facts: Entries<FactName, Texts>,
    /// What must come out.
    #[serde(default)]
    pub(in crate::config) expect: Expect,
}

/// What is not written is not looked at.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Expect {
    /// The lifecycle state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) state: Option<State>,
    /// Every target to have an account at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::config) accounts: Option<Vec<String>>,
    /// Every entitlement to hold, by target.
    pub(in crate::config) grants: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum State {
    Announced,
    Cancelled,
    Prehire,
    Active,
    Leaving,
    OnLeave,
    Departed,
}
