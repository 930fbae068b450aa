//! Roles, separation of duties, exclusive sets and what must stay held.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_core::{
    access::{
        AccessPolicy, Exclusive, LastOf, Risk, Role, Separation, SeparationException,
        SeparationMode, Side, TargetAccess, Unmanaged, Validity,
    },
    id::{ConnectorName, RoleName},
    pattern::Pattern,
};

use super::{Check, policy::grants, requests};
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written::{self, File},
};

pub(super) fn access(check: &mut Check<'_, '_>, file: &File, zone: &TimeZone) -> AccessPolicy {
    let roles = roles(check, file, zone);
    circles(check, &roles);
    let separations = separations(check, file, &roles, zone);
    let exclusives = exclusives(check, file);
    let last_of = last_of(check, &file.protect);
    let requestable = requests::requestable(check, file, &roles);
    AccessPolicy { roles, separations, exclusives, last_of, requestable, ..AccessPolicy::default() }
}

fn roles(check: &mut Check<'_, '_>, file: &File, zone: &TimeZone) -> BTreeMap<RoleName, Role> {
    let mut roles = BTreeMap::new();
    for (name, role) in file.role.iter() {
        let place = Place::of(["role", name.as_str()]);
        let includes = check.roles(&place.key("includes"), &role.includes);
        let checked = Role {
            line: check.report.line(&place),
            valid: check.validity(&place.key("valid"), &role.valid, zone),
            includes: includes.into_iter().collect(),
            accounts: check.target_names(&place.key("accounts"), &role.accounts),
            grants: grants(check, &place.key("grants"), &role.grants),
            owner: role.owner.as_ref().map(|owner| owner.0.clone()),
            risk: match role.risk {
                written::Risk::Low => Risk::Low,
                written::Risk::Medium => Risk::Medium,
                written::Risk::High => Risk::High,
            },
            description: role.description.clone(),
        };
        roles.insert(name.clone(), checked);
    }
    roles
}

/// Reports each circle of roles that include each other, once.
fn circles(check: &mut Check<'_, '_>, roles: &BTreeMap<RoleName, Role>) {
    let mut reported: BTreeSet<&RoleName> = BTreeSet::new();
    for start in roles.keys() {
        if reported.contains(start) {
            continue;
        }
        let Some(circle) = way(roles, start, start) else { continue };
        let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
        let error = ConfigError::new("roles include each other")
            .label(format!("{} → {start}", names.join(" → ")))
            .hint("take one of these out of its `includes`");
        reported.extend(circle);
        check.value(&Place::of(["role", start.as_str(), "includes"]), error);
    }
}

/// The shortest way along `includes` that leads to `end`, without it.
fn way<'r>(
    roles: &'r BTreeMap<RoleName, Role>,
    start: &'r RoleName,
    end: &RoleName,
) -> Option<Vec<&'r RoleName>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let next = way.last().and_then(|last| roles.get(*last)).map(|role| &role.includes);
        for name in next.into_iter().flatten() {
            if name == end {
                return Some(way);
            }
            if seen.insert(name) {
                ways.push_back([way.as_slice(), &[name]].concat());
            }
        }
    }
    None
}

fn separations(
    check: &mut Check<'_, '_>,
    file: &File,
    roles: &BTreeMap<RoleName, Role>,
    zone: &TimeZone,
) -> Vec<Separation> {
    let mut separations = Vec::new();
    for (name, written) in file.sod.iter() {
        let place = Place::of(["sod", name.as_str()]);
        let conflict = place.key("conflict");
        let mut sides: Vec<Side> = Vec::new();
        for (index, text) in written.conflict.iter().enumerate() {
            let place = conflict.index(index);
            let Some(side) = check.side(&place, text) else { continue };
            if let Some(one) = sides.iter().find(|other| comes_with(roles, other, &side)) {
                let error = ConfigError::new(format!("`{name}` keeps apart what is one"))
                    .label(format!("always comes together with {}", written_side(one)));
                check.value(&place, error);
            }
            sides.push(side);
        }
        if written.conflict.len() < 2 {
            let error = ConfigError::new(format!("`{name}` keeps nothing apart"))
                .label("needs at least two roles or entitlements");
            check.value(&conflict, error);
        }
        let except = written.except.iter().enumerate().filter_map(|(index, except)| {
            exception(check, &place.key("except").index(index), except, zone)
        });
        let except = except.collect();
        let mode = match written.mode {
            written::Mode::Prevent => SeparationMode::Prevent,
            written::Mode::Detect => SeparationMode::Detect,
        };
        let line = check.report.line(&place);
        separations.push(Separation { name: name.clone(), line, sides, mode, except });
    }
    separations
}

/// Whether whoever has the one has the other.
fn comes_with(roles: &BTreeMap<RoleName, Role>, one: &Side, other: &Side) -> bool {
    match (one, other) {
        (Side::Role(one), Side::Role(other)) => {
            one == other || way(roles, one, other).is_some() || way(roles, other, one).is_some()
        }
        _ => one == other,
    }
}

fn written_side(side: &Side) -> String {
    match side {
        Side::Role(role) => format!("`{role}`"),
        Side::Entitlement { target, entitlement } => format!("`{target}/{entitlement}`"),
    }
}

fn exception(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &written::Except,
    zone: &TimeZone,
) -> Option<SeparationException> {
    let written::Except { identity, approver, until } = written;
    if identity.0.trim() == approver.0.trim() {
        let error = ConfigError::new("nobody approves an exception for themselves")
            .label("is the person it is for");
        check.value(&place.key("approver"), error);
    }
    let until = check.moment(&place.key("until"), &until.0, zone, true)?;
    let [identity, approver] = [identity, approver].map(|text| text.0.trim().to_owned());
    Some(SeparationException { identity, approver, until })
}

fn exclusives(check: &mut Check<'_, '_>, file: &File) -> Vec<Exclusive> {
    let mut exclusives = Vec::new();
    for (name, written) in file.exclusive.iter() {
        let place = Place::of(["exclusive", name.as_str(), "of"]);
        let mut of = Vec::new();
        for (index, text) in written.of.iter().enumerate() {
            of.extend(check.entitlement(&place.index(index), text));
        }
        if written.of.len() < 2 {
            let error = ConfigError::new(format!("`{name}` excludes nothing"))
                .label("needs at least two entitlements");
            check.value(&place, error);
        }
        exclusives.push(Exclusive { name: name.clone(), of });
    }
    exclusives
}

fn last_of(check: &mut Check<'_, '_>, written: &written::Protect) -> LastOf {
    let place = Place::of(["protect"]);
    let mut entitlements = BTreeMap::new();
    for (target, texts) in written.last_of.iter() {
        let known = check.target(&place.key("last-of").key(target), Part::Key, target);
        if let Some(target) = ConnectorName::new(target.as_str()).ok().filter(|_| known) {
            entitlements.insert(target, texts.iter().cloned().collect());
        }
    }
    if written.least == 0 {
        let error = ConfigError::new("bad value for `least`")
            .label("nobody would be protected")
            .hint("take `last-of` out instead");
        check.value(&place.key("least"), error);
    }
    LastOf { entitlements, least: written.least }
}

pub(super) fn of_target(
    check: &mut Check<'_, '_>,
    place: &Place,
    target: &written::Target,
) -> TargetAccess {
    if target.unmanaged != written::Unmanaged::Remove && !target.unmanaged_remove.is_empty() {
        let error = ConfigError::new("`unmanaged-remove` does nothing here")
            .label("nothing unmanaged is removed at this target")
            .hint("add `unmanaged = \"remove\"`");
        check.key(&place.key("unmanaged-remove"), error);
    }
    for (index, name) in target.service.iter().enumerate() {
        if name.trim().is_empty() {
            let error = ConfigError::new("bad value for `service`")
                .label("no account is called nothing")
                .hint("write names as the target has them, or with `*`: `svc-*`");
            check.value(&place.key("service").index(index), error);
        }
    }
    TargetAccess {
        unmanaged: match target.unmanaged {
            written::Unmanaged::Report => Unmanaged::Report,
            written::Unmanaged::Keep => Unmanaged::Keep,
            written::Unmanaged::Remove => Unmanaged::Remove,
        },
        remove: target.unmanaged_remove.iter().map(Pattern::new).collect(),
        privileged: target.privileged.iter().cloned().collect(),
        service: target.service.iter().map(Pattern::new).collect(),
    }
}

impl Check<'_, '_> {
    /// Those of `names` that are roles, once each; the others are reported.
    pub(super) fn roles(&mut self, place: &Place, names: &[String]) -> Vec<RoleName> {
        let mut known: Vec<RoleName> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let role = self.role(&place.index(index), name);
            known.extend(role.filter(|role| !known.contains(role)));
        }
        known
    }

    /// Is `name` a role?  If not, that is reported.
    pub(super) fn role(&mut self, place: &Place, name: &str) -> Option<RoleName> {
        let roles = self.names("role");
        if roles.iter().any(|role| role == name) {
            return RoleName::new(name).ok();
        }
        let error = ConfigError::new(format!("unknown role `{name}`"))
            .label(format!("no `[role.{name}]` in this file"))
            .nearest(name, roles.iter().map(String::as_str));
        self.value(place, error);
        None
    }

    /// A role, or an entitlement as `target/entitlement`.
    fn side(&mut self, place: &Place, text: &str) -> Option<Side> {
        if text.contains('/') {
            let (target, entitlement) = self.entitlement(place, text)?;
            return Some(Side::Entitlement { target, entitlement });
        }
        self.role(place, text).map(Side::Role)
    }

    /// `target/entitlement`.
    pub(super) fn entitlement(
        &mut self,
        place: &Place,
        text: &str,
    ) -> Option<(ConnectorName, String)> {
        let Some((target, entitlement)) = text.split_once('/').filter(|(_, it)| !it.is_empty())
        else {
            let error = ConfigError::new(format!("`{text}` is no entitlement"))
                .label("needs a target and an entitlement, like \"crm/sellers\"");
            self.value(place, error);
            return None;
        };
        let known = self.target(place, Part::Value, target);
        let target = ConnectorName::new(target).ok().filter(|_| known)?;
        Some((target, entitlement.to_owned()))
    }

    pub(super) fn validity(
        &mut self,
        place: &Place,
        written: &written::Valid,
        zone: &TimeZone,
    ) -> Validity {
        let written::Valid { from, until } = written;
        let from = from.as_ref().and_then(|it| self.moment(&place.key("from"), &it.0, zone, false));
        let last = &place.key("until");
        let until = until.as_ref().and_then(|it| self.moment(last, &it.0, zone, true));
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            let error = ConfigError::new("`until` is before `from`").label("it would never hold");
            self.value(last, error);
        }
        Validity { from, until }
    }

    /// A date or instant; `last`: a date counts to its end.
    pub(super) fn moment(
        &mut self,
        place: &Place,
        text: &str,
        zone: &TimeZone,
        last: bool,
    ) -> Option<Timestamp> {
        let day = |text: &str| -> Option<Timestamp> {
            let date: Date = text.parse().ok()?;
            let date = if last { date.tomorrow().ok()? } else { date };
            Some(date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?.timestamp())
        };
        let moment = match text.parse::<Timestamp>() {
            Ok(instant) => Some(instant),
            // An instant without an offset would pass as its date.
            Err(_) if text.len() > "2026-06-01".len() => None,
            Err(_) => day(text),
        };
        if moment.is_none() {
            let error = ConfigError::new(format!("`{text}` is no date")).label(
                "needs a date like \"2026-06-01\" or an instant like \"2026-06-01T08:00:00Z\"",
            );
            self.value(place, error);
        }
        moment
    }
}
