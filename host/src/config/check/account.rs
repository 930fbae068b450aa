//! What accounts at a target look like.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    id::{ConnectorName, FactName},
    obligation::CheckedBy,
    pattern::Pattern,
    policy::TargetPolicy,
    recognition::Recognition,
    schema::DisableEffect,
    template::Template,
};

use super::{Check, access, forgetting};
use crate::config::{
    document::Place,
    element::{duration::After, recognition::Match},
    report::ConfigError,
    written::{Account, Effect, Target},
};

/// What of a target says where it stands among the others.
pub(super) struct Order {
    pub(super) after: BTreeSet<ConnectorName>,
    pub(super) prefer_after: BTreeSet<ConnectorName>,
    pub(super) unique_with: BTreeSet<ConnectorName>,
    pub(super) checked_by: Option<CheckedBy>,
}

pub(super) fn target(
    check: &mut Check<'_, '_>,
    place: &Place,
    target: &Target,
    (order, provides): (Order, BTreeMap<FactName, String>),
) -> Option<TargetPolicy> {
    let access = access::of_target(check, place, target);
    let gone = forgetting::gone(check, place, target);
    let account = &target.account;
    let place = place.key("account");
    let name = if check.gives_nothing() {
        check.record_template(&place.key("name"), &account.name)
    } else {
        check.template(&place.key("name"), &account.name, &["suffix"])
    };
    let attributes = attributes(check, &place.key("attributes"), account);
    let mut references = BTreeMap::new();
    for (reference, text) in account.references.iter() {
        let template = check.template(&place.key("references").key(reference), text, &[]);
        references.extend(template.map(|template| (reference.clone(), template)));
    }
    one_owner(check, &place, account);
    let Order { after, prefer_after, unique_with, checked_by } = order;
    Some(TargetPolicy {
        object_type: account.object_type.clone(),
        name: name?,
        attributes,
        initial: account.initial.iter().cloned().collect(),
        theirs: account.theirs.iter().cloned().collect(),
        references,
        unique_with,
        reuse_names_after: match account.reuse_names_after {
            After::Never => None,
            After::Duration(duration) => Some(duration.0),
        },
        gone,
        match_by: recognition(check, &place.key("match"), account),
        provides,
        entitlements: target.entitlements.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        after,
        prefer_after,
        requires: target.require.iter().copied().map(effect).collect(),
        protected: target.protected.iter().map(Pattern::new).collect(),
        access,
        checked_by,
    })
}

/// What may recognise an account: what we would write there.
fn recognition(check: &mut Check<'_, '_>, place: &Place, account: &Account) -> Recognition {
    let lists = match &account.match_by {
        Match::Attributes(attributes) => {
            for (index, attribute) in attributes.iter().enumerate() {
                recognises(check, &place.index(index), account, attribute);
            }
            return Recognition::asking(attributes.iter().map(String::as_str));
        }
        Match::Lists(lists) => lists,
    };
    for (tier, marks) in [("sure", &lists.sure), ("ask", &lists.ask)] {
        for (index, marks) in marks.iter().enumerate() {
            let place = place.key(tier).index(index);
            if marks.is_empty() {
                let error = ConfigError::new("a list of no attributes recognises no account")
                    .label("names no attribute");
                check.value(&place, error);
            }
            if tier == "ask" && lists.sure.contains(marks) {
                let error = ConfigError::new("what is sure is not asked")
                    .label("stands in `sure` as well")
                    .hint("take it out of one of the two");
                check.value(&place, error);
            }
            for (index, attribute) in marks.iter().enumerate() {
                recognises(check, &place.index(index), account, attribute);
            }
        }
    }
    Recognition { sure: lists.sure.clone(), ask: lists.ask.clone() }
}

fn recognises(check: &mut Check<'_, '_>, place: &Place, account: &Account, attribute: &str) {
    if account.theirs.iter().any(|it| it == attribute) {
        let error = ConfigError::new(format!("`{attribute}` recognises no account"))
            .label("is never written, so there is nothing to compare it with")
            .hint("take it out of `theirs`, or out of `match`");
        check.value(place, error);
    }
}

fn attributes(
    check: &mut Check<'_, '_>,
    place: &Place,
    account: &Account,
) -> BTreeMap<String, Vec<Template>> {
    let mut attributes = BTreeMap::new();
    for (attribute, texts) in account.attributes.iter() {
        let place = place.key(attribute);
        let mut templates = Vec::new();
        for (index, text) in texts.0.iter().enumerate() {
            // A single value may be written without brackets.
            let element = place.index(index);
            let place = if check.report.document.has(&element) { &element } else { &place };
            let Some(template) = check.template(place, text, &["login", "reference"]) else {
                continue;
            };
            for reference in template.references() {
                unknown_reference(check, place, account, &reference);
            }
            templates.push(template);
        }
        attributes.insert(attribute.clone(), templates);
    }
    attributes
}

fn unknown_reference(check: &mut Check<'_, '_>, place: &Place, account: &Account, reference: &str) {
    let names = || account.references.iter().map(|(name, _)| name.as_str());
    if names().any(|name| name == reference) {
        return;
    }
    let error = ConfigError::new(format!("there is no reference `{reference}`"))
        .label(format!("needs `{reference} = \"{{{{ … }}}}\"` in `references`"))
        .nearest(reference, names());
    check.value(place, error);
}

/// An attribute is ours, ours at first, or the target's.
fn one_owner(check: &mut Check<'_, '_>, place: &Place, account: &Account) {
    for (index, attribute) in account.theirs.iter().enumerate() {
        let mapped = account.attributes.iter().any(|(name, _)| name == attribute);
        if mapped || account.initial.contains(attribute) {
            let other = if mapped { "attributes" } else { "initial" };
            let error = ConfigError::new(format!("`{attribute}` has two owners"))
                .label(format!("is also in `{other}`"))
                .hint("what is in `theirs` is never written; take it out of one of them");
            check.value(&place.key("theirs").index(index), error);
        }
    }
}

fn effect(written: Effect) -> DisableEffect {
    match written {
        Effect::BlocksLogin => DisableEffect::BlocksLogin,
        Effect::EndsSessions => DisableEffect::EndsSessions,
        Effect::RevokesTokens => DisableEffect::RevokesTokens,
        Effect::ReleasesLicence => DisableEffect::ReleasesLicence,
        Effect::Reversible => DisableEffect::Reversible,
    }
}
