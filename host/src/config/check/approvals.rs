//! Which plans need the agreement of people.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    approval::{ApprovalRule, Gives},
    guard::FindingKind,
    id::MessageName,
    operation::OperationKind,
    policy::StepsPolicy,
    template::Template,
    workflow::{Approve, Whom},
};

use super::{Check, requests};
use crate::config::{
    document::Place,
    report::{ConfigError, nearest},
    written::{Approval, ApprovalWhen, File},
};

/// What a message about no one person can read.
const WORDS: [&str; 8] =
    ["approval", "reason", "requested", "requester", "until", "workflow", "step", "conflict"];

pub(super) fn approvals(
    check: &mut Check<'_, '_>,
    file: &File,
    steps: &StepsPolicy,
) -> Vec<ApprovalRule> {
    let mut rules = Vec::new();
    for (name, written) in file.approval.iter() {
        let place = Place::of(["approval", name.as_str()]);
        let when = &written.when;
        let (releases, gives) = (releases(check, &place, when), gives(check, &place, when));
        if when.releases.is_empty() && gives == Gives::default() {
            let error = ConfigError::new("it asks about nothing").hint(
                "`when = { releases = [\"mass-removal\"] }`, or `privileged = true`, `grants = 20`",
            );
            check.value(&place.key("when"), error);
        }
        let approval = Approval {
            stages: written.stages.clone(),
            expire: written.expire,
            escalate: written.escalate.clone(),
            template: written.template.clone(),
        };
        requests::sound(check, file, &place, &approval);
        by_key(check, &place, &approval);
        if let Some(template) = &approval.template {
            about_nobody(check, &place.key("template"), template, steps);
        }
        let stage = |stage: &Vec<crate::config::element::whom::Person>| {
            stage.iter().map(|person| person.0.clone()).collect()
        };
        rules.push(ApprovalRule {
            name: name.clone(),
            line: check.report.line(&place),
            releases,
            gives,
            approve: Approve {
                stages: approval.stages.iter().map(stage).collect(),
                expire: approval.expire.0.0,
                reason: None,
                escalate: approval.escalate.map(|it| (it.after.0, it.to.0)),
                template: approval.template,
            },
        });
    }
    rules
}

fn releases(
    check: &mut Check<'_, '_>,
    place: &Place,
    when: &ApprovalWhen,
) -> BTreeSet<FindingKind> {
    let can = || FindingKind::ALL.into_iter().filter(|kind| kind.releasable());
    let mut releases = BTreeSet::new();
    for (index, word) in when.releases.iter().enumerate() {
        if let Some(kind) = can().find(|kind| kind.word() == word) {
            releases.insert(kind);
            continue;
        }
        let error = ConfigError::new(format!("`{word}` is no finding that can be released"));
        let words: Vec<&str> = can().map(FindingKind::word).collect();
        let error = match nearest(word, words.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("findings that can be released: {}", words.join(", "))),
        };
        check.value(&place.key("when").key("releases").index(index), error);
    }
    releases
}

fn gives(check: &mut Check<'_, '_>, place: &Place, when: &ApprovalWhen) -> Gives {
    let ApprovalWhen { removals, disables, deletes, revokes, .. } = when;
    let refused = [
        ("removals", removals),
        ("disables", disables),
        ("deletes", deletes),
        ("revokes", revokes),
    ];
    for (key, _) in refused.into_iter().filter(|(_, written)| written.is_some()) {
        let error = ConfigError::new(format!("`{key}` cannot wait for an agreement"))
            .label("losing access never waits for people: a leaver would stay open")
            .hint(
                "`[limits]` holds back what is too much, and `releases = [\"mass-removal\"]` asks \
                 others before it is released",
            );
        check.key(&place.key("when").key(key), error);
    }
    let kinds = [
        (OperationKind::Create, when.creates),
        (OperationKind::Enable, when.enables),
        (OperationKind::Grant, when.grants),
    ];
    let more_than: BTreeMap<OperationKind, u32> =
        kinds.into_iter().filter_map(|(kind, most)| Some((kind, most?))).collect();
    Gives { everything: when.everything, privileged: when.privileged, more_than }
}

/// A plan has no manager.
fn by_key(check: &mut Check<'_, '_>, place: &Place, approval: &Approval) {
    let somebody = |whom: &Whom| matches!(whom, Whom::Key(key) if key != "owner");
    let mut wrong = Vec::new();
    for (index, stage) in approval.stages.iter().enumerate() {
        for (at, whom) in stage.iter().enumerate() {
            if !somebody(&whom.0) {
                wrong.push((place.key("stages").index(index).index(at), whom.0.to_string()));
            }
        }
    }
    if let Some(escalate) = approval.escalate.as_ref().filter(|it| !somebody(&it.to.0)) {
        wrong.push((place.key("escalate").key("to"), escalate.to.0.to_string()));
    }
    for (place, whom) in wrong {
        let error = ConfigError::new(format!("`{whom}` is nobody here"))
            .label("it is about a whole plan, and not about one person")
            .hint("name people by the keys of their records");
        check.value(&place, error);
    }
}

/// A message about a plan reads no facts of anybody.
pub(super) fn about_nobody(
    check: &mut Check<'_, '_>,
    place: &Place,
    template: &MessageName,
    steps: &StepsPolicy,
) {
    let Some(message) = steps.messages.get(template) else { return };
    let texts = message.subject.values().chain(message.body.values());
    let reads: BTreeSet<&str> = texts.flat_map(Template::reads).map(AsRef::as_ref).collect();
    for name in reads.into_iter().filter(|name| !WORDS.contains(name)) {
        let error = ConfigError::new(format!("message `{template}` reads `{name}`"))
            .label("it is about no one person, so that there are no facts to read")
            .hint(format!("what it can read: {}", WORDS.join(", ")));
        check.value(place, error);
    }
}
