//! Leave, legal holds, and what the lifecycle waits for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use lanyard_core::{
    id::ConnectorName,
    lifecycle::{LeavePolicy, LifecycleState},
    policy::{HoldPolicy, LifecyclePolicy},
};

use super::Check;
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written::{self, File, GrantsOnLeave, Login},
};

/// The hour that ends a last day.
pub(super) fn last_hour(check: &mut Check<'_, '_>, written: Option<&str>) -> Option<Time> {
    let text = written?;
    let hour = Some(text).filter(|text| text.len() == "17:00".len()).and_then(|it| it.parse().ok());
    if hour.is_none() {
        let error = ConfigError::new(format!("`{text}` is no hour of a day"))
            .label("needs an hour like \"17:00\"");
        check.value(&Place::of(["lifecycle", "last-hour"]), error);
    }
    hour
}

/// Types of leave, with the statuses that mean them.
pub(super) fn leaves(
    check: &mut Check<'_, '_>,
    written: &written::Lifecycle,
    policy: &mut LifecyclePolicy,
) {
    for (name, leave) in written.leave.iter() {
        let place = Place::of(["lifecycle", "leave", name]);
        if !leave.status.is_empty() && written.status.active.is_empty() {
            let error = ConfigError::new("no status means active")
                .label("with a status for this leave alone, everybody else would be held")
                .hint("say which do: `status = { active = [\"Active\"] }` in `[lifecycle]`");
            check.value(&place.key("status"), error);
        }
        for (index, status) in leave.status.iter().enumerate() {
            let lower = status.to_lowercase();
            let other = policy.status.insert(lower.clone(), LifecycleState::OnLeave);
            let again = policy.leave_status.insert(lower, name.clone());
            let also = match (again, other) {
                (Some(leave), _) => Some(format!("is also in `[lifecycle.leave.{leave}]`")),
                (None, Some(state)) => Some(format!("is also in `{}`", state.word())),
                (None, None) => None,
            };
            if let Some(also) = also {
                let error = ConfigError::new(format!("status `{status}` means two things"));
                check.value(&place.key("status").index(index), error.label(also));
            }
        }
        let (keep, keep_grants) = keeps(check, &place.key("keep"), &leave.keep);
        let leave = LeavePolicy {
            login: leave.login == Login::Keep,
            grants: leave.grants == GrantsOnLeave::Keep,
            keep,
            keep_grants,
        };
        policy.leaves.insert(name.clone(), leave);
    }
}

type Kept = (BTreeSet<ConnectorName>, BTreeMap<ConnectorName, BTreeSet<String>>);

/// `target` or `target/entitlement`.
fn keeps(check: &mut Check<'_, '_>, place: &Place, written: &[String]) -> Kept {
    let (mut targets, mut grants) = Kept::default();
    for (index, text) in written.iter().enumerate() {
        let (target, entitlement) = match text.split_once('/') {
            Some((target, entitlement)) => (target, Some(entitlement)),
            None => (text.as_str(), None),
        };
        if !check.target(&place.index(index), Part::Value, target) {
            continue;
        }
        let Ok(target) = ConnectorName::new(target) else { continue };
        match entitlement {
            Some(entitlement) => {
                let kept: &mut BTreeSet<String> = grants.entry(target).or_default();
                kept.insert(entitlement.to_owned());
            }
            None => {
                targets.insert(target);
            }
        }
    }
    (targets, grants)
}

pub(super) fn holds(check: &mut Check<'_, '_>, file: &File) -> BTreeMap<String, HoldPolicy> {
    let mut holds = BTreeMap::new();
    for (name, hold) in file.hold.iter() {
        let place = Place::of(["hold", name]);
        if hold.people.is_empty() {
            let error = ConfigError::new(format!("the hold `{name}` is for nobody"))
                .label("needs the keys of records, or ids");
            check.value(&place.key("people"), error);
        }
        let review = hold.review.0.parse::<Date>();
        let Ok(review) = review else {
            let error = ConfigError::new(format!("`{}` is no date", hold.review.0))
                .label("needs a date like \"2027-03-31\"");
            check.value(&place.key("review"), error);
            continue;
        };
        let people = hold.people.iter().cloned().collect();
        holds.insert(name.clone(), HoldPolicy { people, review, owner: hold.owner.clone() });
    }
    holds
}

/// Two readings at the same moment would confirm nothing.
pub(super) fn confirmations(check: &mut Check<'_, '_>, place: &Place, source: &written::Source) {
    if source.confirmations == 0 {
        let error = ConfigError::new("a record cannot be missing in no reading")
            .label("needs at least 1")
            .hint("for a record that is missing to mean nothing, write `missing = \"keep\"`");
        check.value(&place.key("confirmations"), error);
    } else if source.confirmations > 1 && source.interval.0.is_zero() {
        let error = ConfigError::new("readings at the same moment confirm nothing")
            .label("needs some time, like \"12h\"");
        check.value(&place.key("interval"), error);
    }
}

/// Sources of people whose records are an engagement each.
pub(super) fn engagements(check: &mut Check<'_, '_>, file: &File) -> Vec<ConnectorName> {
    let mut sources: Vec<ConnectorName> = Vec::new();
    for (index, name) in file.lifecycle.engagements.iter().enumerate() {
        let place = Place::of(["lifecycle", "engagements"]).index(index);
        let Some((source, written)) = file.source.iter().find(|(it, _)| it.as_str() == name) else {
            // One that is written wrongly is told where it stands.
            let names = check.names("source");
            if !names.iter().any(|it| it == name) {
                let error = ConfigError::new(format!("unknown source `{name}`"))
                    .label(format!("no `[source.{name}]` in this file"))
                    .nearest(name, names.iter().map(String::as_str));
                check.value(&place, error);
            }
            continue;
        };
        if written.table.is_some() {
            let error = ConfigError::new(format!("source `{source}` has no people"))
                .label("is a table, whose records nobody is engaged by");
            check.value(&place, error);
        } else if sources.contains(source) {
            let error = ConfigError::new(format!("source `{source}` is named twice"));
            check.value(&place, error.label("was named before"));
        } else {
            sources.push(source.clone());
        }
    }
    sources
}
