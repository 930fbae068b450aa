//! Leave of absence: of which type, from when to when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use super::dates::Dates;
use crate::{
    fact::Fact,
    id::{ConnectorName, FactName},
    policy::LifecyclePolicy,
    value::Value,
};

/// What becomes of accounts and grants during a type of leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeavePolicy {
    /// Whether accounts stay enabled.
    pub login: bool,
    /// Whether grants stay.
    pub grants: bool,
    /// Targets where accounts stay enabled and grants stay, whatever the two
    /// above say.
    pub keep: BTreeSet<ConnectorName>,
    /// Entitlements that stay, by target, as rules write them.
    pub keep_grants: BTreeMap<ConnectorName, BTreeSet<String>>,
}

impl LeavePolicy {
    /// A leave of no type: accounts are disabled, grants stay.
    pub fn plain() -> Self {
        Self { grants: true, ..Self::default() }
    }

    pub fn keeps_login(&self, target: &ConnectorName) -> bool {
        self.login || self.keep.contains(target)
    }

    /// Whether a grant stays; `same` says whether two texts mean one.
    pub fn keeps_grant(
        &self,
        target: &ConnectorName,
        entitlement: &str,
        same: &dyn Fn(&str, &str) -> bool,
    ) -> bool {
        let named = self.keep_grants.get(target);
        self.grants
            || self.keep.contains(target)
            || named.is_some_and(|named| named.iter().any(|named| same(named, entitlement)))
    }
}

/// Away now, by what, and until when.
pub(super) struct Away {
    pub(super) kind: Option<String>,
    pub(super) because: String,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// The facts that decide it, where the file knows types of leave.
pub(super) const FACTS: [&str; 3] = ["leave", "leave_start", "leave_end"];

/// Whether somebody is away now; `status` is a text that says so.
///
/// Dates decide when it begins and ends, if there are any; without them it
/// lasts as long as the status or the fact `leave` says so.
///
/// # Errors
/// The sentence why it cannot be told.
pub(super) fn away(
    facts: &BTreeMap<FactName, &Fact>,
    status: Option<&str>,
    policy: &LifecyclePolicy,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Option<Away>, String> {
    let by_status = |text: &str| Away {
        kind: policy.leave_status.get(&text.to_lowercase()).cloned(),
        because: format!("status is `{text}`"),
        since: None,
        until: None,
    };
    if policy.leaves.is_empty() {
        return Ok(status.map(by_status));
    }
    let named = match facts.get("leave").and_then(|fact| fact.values.first()) {
        Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.trim()),
        _ => None,
    };
    let kind = named.map(|named| known(named, policy)).transpose()?;
    let dates = Dates::of(facts, ("leave_start", "leave_end"), None, zone)?;
    let mut away = match (status, named) {
        (Some(text), _) => by_status(text),
        (None, Some(named)) => {
            Away { kind: None, because: format!("leave is `{named}`"), since: None, until: None }
        }
        (None, None) if dates.start.is_some() => {
            Away { kind: None, because: String::new(), since: None, until: None }
        }
        (None, None) => return Ok(None),
    };
    away.kind = kind.or(away.kind);
    if let Some(start) = dates.start {
        away.because = format!("leave_start {} has come", start.written);
        away.since = Some(start.at);
        if now < start.at {
            return Ok(None);
        }
    }
    if dates.passed(now).is_some() {
        return Ok(None);
    }
    away.until = dates.end.map(|end| end.at);
    Ok(Some(away))
}

/// The name of a type as the file writes it.
fn known(named: &str, policy: &LifecyclePolicy) -> Result<String, String> {
    let mut types = policy.leaves.keys();
    types.find(|name| name.to_lowercase() == named.to_lowercase()).cloned().ok_or_else(|| {
        let known: Vec<String> = policy.leaves.keys().map(|name| format!("`{name}`")).collect();
        format!("leave `{named}` is none of {}; add `[lifecycle.leave.…]` for it", known.join(", "))
    })
}
