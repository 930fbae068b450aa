//! What had an end in the file that has come: it is no mover's to keep.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    AtOnce, jobs,
    person::{Given, Wanted},
    steps::Subject,
};
use crate::{
    access::Validity, id::ConnectorName, observed::OwnedGrant, template::Template, value::ObjectRef,
};

/// A grant of a target, or its account.
type Thing<'a> = (&'a ConnectorName, Option<&'a ObjectRef>);

/// Of what they have and nothing gives any longer, notes what came from a
/// rule or role whose time is over.
///
/// That is what they would be given had it not ended, and what nothing else
/// that still holds could have given them.
pub(super) fn ended(
    subject: &Subject<'_>,
    wanted: &BTreeMap<ConnectorName, Wanted>,
    at_once: &mut AtOnce,
) {
    let ends = ends(subject);
    if ends.is_empty() || subject.policy.lifecycle.overlap.is_zero() {
        return;
    }
    let left = left(subject, wanted);
    if left.is_empty() {
        return;
    }
    let earlier: Vec<Given> = ends.iter().filter_map(|end| given_before(subject, *end)).collect();
    for (target, grant) in left {
        let would = earlier.iter().any(|given| gave(subject, given, (target, grant)));
        if would || only_ended(subject, (target, grant)) {
            match grant {
                Some(grant) => _ = at_once.grants.insert((target.clone(), grant.clone())),
                None => _ = at_once.accounts.insert(target.clone()),
            }
        }
    }
}

/// When rules and roles of the file have ended.
fn ends(subject: &Subject<'_>) -> BTreeSet<Timestamp> {
    let rules = subject.policy.rules.iter().map(|rule| &rule.valid);
    let all = rules.chain(subject.policy.access.roles.values().map(|role| &role.valid));
    all.filter_map(|valid| valid.until).filter(|until| *until <= subject.now).collect()
}

fn left<'s>(subject: &'s Subject<'_>, wanted: &BTreeMap<ConnectorName, Wanted>) -> Vec<Thing<'s>> {
    let mut left = Vec::new();
    for link in subject.links {
        let here = wanted.get(&link.target);
        if here.is_none() {
            left.push((&link.target, None));
        }
        let given: BTreeSet<&ObjectRef> = here
            .into_iter()
            .flat_map(|wanted| wanted.grants.keys())
            .filter_map(|grant| subject.entitlement(&link.target, &grant.entitlement))
            .map(|it| &it.reference)
            .collect();
        let owned = subject.owned(link).filter(|it| !given.contains(&it.entitlement));
        left.extend(
            owned.map(|OwnedGrant { target, entitlement, .. }| (target, Some(entitlement))),
        );
    }
    left
}

/// What rules would have given just before something ended, by the facts of
/// today.
fn given_before(subject: &Subject<'_>, end: Timestamp) -> Option<Given> {
    let Subject { policy, facts, scope, state, others, .. } = *subject;
    let before = end.checked_sub(SignedDuration::from_nanos(1)).ok()?;
    jobs::given(policy, None, (facts, scope, state), others, (&BTreeSet::new(), before)).ok()
}

fn gave(subject: &Subject<'_>, given: &Given, (target, grant): Thing<'_>) -> bool {
    let Some(wanted) = given.wanted.get(target) else { return false };
    let Some(grant) = grant else { return true };
    wanted.grants.keys().any(|it| subject.means(target, &it.entitlement, grant))
}

/// Whether rules or roles that ended speak of it, and none that still hold.
fn only_ended(subject: &Subject<'_>, thing: Thing<'_>) -> bool {
    let mut over = false;
    for (valid, accounts, grants) in parts(subject) {
        let (target, grant) = thing;
        let speaks = match grant {
            None => accounts.contains(target),
            Some(grant) => {
                let here = grants.get(target).into_iter().flatten();
                here.into_iter().any(|it| may_give(subject, target, it, grant))
            }
        };
        if speaks && valid.until.is_none_or(|until| until > subject.now) {
            return false;
        }
        over |= speaks;
    }
    over
}

type Part<'a> =
    (&'a Validity, &'a BTreeSet<ConnectorName>, &'a BTreeMap<ConnectorName, Vec<Template>>);

fn parts<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = Part<'s>> {
    let policy = subject.policy;
    let plain = policy.rules.iter().map(|it| (&it.valid, &it.accounts, &it.grants));
    let all = policy.access.roles.values();
    plain.chain(all.map(|it| (&it.valid, &it.accounts, &it.grants)))
}

/// Whether a template gives an entitlement, by whatever facts.
fn may_give(
    subject: &Subject<'_>,
    target: &ConnectorName,
    template: &Template,
    entitlement: &ObjectRef,
) -> bool {
    if template.reads().is_empty() {
        let text = subject.policy.expressions.render(template, subject.scope);
        return text.is_ok_and(|text| subject.means(target, text.trim(), entitlement));
    }
    let shape = template.shape();
    subject.names(target, entitlement).iter().any(|name| shape.matches(name))
}
