//! Steps that tell, ask or remember: what they name is there.

use jiff::SignedDuration;
use lanyard_core::{
    access::Side,
    id::MessageName,
    workflow::{Action, Approve, Recipient, Whom},
};

use super::{Check, credential};
use crate::config::{
    document::Place,
    report::ConfigError,
    written::{File, Step, Verb},
};

/// Facts that decide who works here, which no step may say.
const DECIDING: [&str; 3] = ["start", "end", "status"];

/// `notify` and `ticket`: who is told what.
pub(super) fn told(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    verb: &str,
    step: &Step,
) -> Option<(Vec<Recipient>, MessageName)> {
    let to: Vec<Recipient> = step.to.iter().map(|to| to.0.clone()).collect();
    let (false, Some(template)) = (to.is_empty(), &step.template) else {
        // What is written and wrong has been told.
        let written = |key| check.report.document.has(&place.key(key));
        if !written("to") || !written("template") || step.to.is_empty() && !bad_to(check, place) {
            let error = ConfigError::new(format!("a step with `{verb}` needs `to` and `template`"));
            check.value(place, error);
        }
        return None;
    };
    if verb == Verb::Credential.word() {
        known_message(check, file, &place.key("template"), template);
    } else {
        message(check, file, &place.key("template"), template);
    }
    for (index, recipient) in to.iter().enumerate() {
        let place = place.key("to").index(index);
        match recipient {
            Recipient::Webhook(name) => {
                let known: Vec<&str> =
                    file.notify.webhook.iter().map(|(name, _)| name.as_str()).collect();
                if !known.contains(&name.as_str()) {
                    let error = ConfigError::new(format!("unknown webhook `{name}`"))
                        .label(format!("no `[notify.webhook.{name}]` in this file"))
                        .nearest(name.as_str(), known);
                    check.value(&place, error);
                }
            }
            Recipient::Mail(_) | Recipient::Person(_) => by_mail(check, file, &place),
        }
    }
    Some((to, template.clone()))
}

/// Whether something that was wrong has been taken out of `to`.
fn bad_to(check: &Check<'_, '_>, place: &Place) -> bool {
    check.report.document.has(&place.key("to").index(0))
}

pub(super) fn by_mail(check: &mut Check<'_, '_>, file: &File, place: &Place) {
    if file.notify.smtp.is_none() {
        let error = ConfigError::new("there is no way to send a mail")
            .label("people are told by mail")
            .hint("`[notify]` with `from` and `smtp = { host = \"mail.example.org\" }`");
        check.value(place, error);
    }
}

/// One that everybody may read.
pub(super) fn message(check: &mut Check<'_, '_>, file: &File, place: &Place, name: &MessageName) {
    known_message(check, file, place, name);
    if credential::messages(file).contains(name) {
        let error = ConfigError::new(format!("the message `{name}` tells a credential"))
            .label("only steps with `credential` send it")
            .hint("write another `[message.…]`");
        check.value(place, error);
    }
}

fn known_message(check: &mut Check<'_, '_>, file: &File, place: &Place, name: &MessageName) {
    let known: Vec<&str> = file.message.iter().map(|(name, _)| name.as_str()).collect();
    if !known.contains(&name.as_str()) {
        let error = ConfigError::new(format!("unknown message `{name}`"))
            .label(format!("no `[message.{name}]` in this file"))
            .nearest(name.as_str(), known);
        check.value(place, error);
    }
}

pub(super) fn approve(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    step: &Step,
) -> Option<Action<String>> {
    let stages = match (step.by.is_empty(), step.stages.is_empty()) {
        (false, true) => vec![step.by.iter().map(|it| it.0.clone()).collect()],
        (true, false) => {
            let stage = |stage: &Vec<_>| stage.iter().map(whom).collect();
            step.stages.iter().map(stage).collect()
        }
        _ => {
            let error = ConfigError::new("a step with `approve` needs either `by` or `stages`")
                .hint("`by = [\"manager\"]`, or several in order: `stages = [[\"manager\"], [\"1001\"]]`");
            check.value(place, error);
            return None;
        }
    };
    own(check, place, &stages);
    let expire = step.expire.unwrap_or_default().0.0;
    in_time(check, place, step.escalate.as_ref().map(|it| it.after.0), expire);
    if let Some(template) = &step.template {
        message(check, file, &place.key("template"), template);
        by_mail(check, file, &place.key("template"));
    }
    if let Some(reason) = &step.reason {
        check.template(&place.key("reason"), reason, &[]);
    }
    Some(Action::Approve(Approve {
        stages,
        expire,
        reason: step.reason.clone(),
        escalate: step.escalate.as_ref().map(|it| (it.after.0, it.to.0.clone())),
        template: step.template.clone(),
    }))
}

fn whom(person: &crate::config::element::whom::Person) -> Whom {
    person.0.clone()
}

/// A stage that nobody may ever pass.
pub(super) fn own(check: &mut Check<'_, '_>, place: &Place, stages: &[Vec<Whom>]) {
    for (index, stage) in stages.iter().enumerate() {
        let by = check.report.document.has(&place.key("by"));
        let place = if by { place.key("by") } else { place.key("stages").index(index) };
        if stage.is_empty() {
            check.value(&place, ConfigError::new("nobody is asked in this stage"));
        } else if stage.iter().all(|whom| *whom == Whom::Themself) {
            let error =
                ConfigError::new("nobody decides about themselves").label("only `self` is asked");
            check.value(&place, error);
        } else if let Some(one) = alone(stage)
            && stages.iter().take(index).any(|before| alone(before) == Some(one))
        {
            let error = ConfigError::new("nobody agrees in two stages")
                .label(format!("only `{one}` is asked, who alone is asked in a stage before"))
                .hint("name somebody else, or take one of the stages out");
            check.value(&place, error);
        }
    }
}

/// The only one who is asked.
fn alone(stage: &[Whom]) -> Option<&Whom> {
    let first = stage.first()?;
    stage.iter().all(|whom| whom == first).then_some(first)
}

/// Others are asked as well before it is too late to answer.
pub(super) fn in_time(
    check: &mut Check<'_, '_>,
    place: &Place,
    escalate: Option<SignedDuration>,
    expire: SignedDuration,
) {
    if escalate.is_some_and(|after| after >= expire) {
        let error = ConfigError::new("it is too late to ask others then")
            .label("no answer is a no by that time")
            .hint("`after` has to be shorter than `expire` (5d, if it is not written)");
        check.value(&place.key("escalate").key("after"), error);
    }
}

pub(super) fn set_fact(
    check: &mut Check<'_, '_>,
    place: &Place,
    step: &Step,
) -> Option<Action<String>> {
    let (Some(fact), Some(value)) = (&step.fact, &step.value) else {
        let error = ConfigError::new("a step with `set-fact` needs `fact` and `value`");
        check.value(place, error);
        return None;
    };
    if DECIDING.contains(&fact.as_str()) {
        let error = ConfigError::new(format!("`{fact}` cannot be set by a step"))
            .label("who works here is for a source to say");
        check.value(&place.key("fact"), error);
    }
    check.template(&place.key("value"), value, &[]);
    Some(Action::SetFact { fact: fact.clone(), value: value.clone() })
}

/// `do = "request"`: what may be asked for, and on its terms.
pub(super) fn request(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    step: &Step,
) -> Option<Action<String>> {
    let access = match (&step.role, &step.entitlement) {
        (Some(role), None) => check.role(&place.key("role"), role).map(Side::Role),
        (None, Some(text)) => {
            let found = check.entitlement(&place.key("entitlement"), text);
            found.map(|(target, entitlement)| Side::Entitlement { target, entitlement })
        }
        _ => {
            let error = ConfigError::new("a step with `request` needs `role` or `entitlement`")
                .label("one of the two");
            check.value(place, error);
            None
        }
    }?;
    let longest = match &access {
        Side::Role(role) => {
            let mut roles = file.role.iter().filter(|(name, _)| *name == role);
            roles.find(|(_, it)| it.requestable).map(|(_, it)| it.longest)
        }
        Side::Entitlement { target, entitlement } => {
            let mut targets = file.target.iter().filter(|(name, _)| *name == target);
            targets.find(|(_, it)| it.requestable.contains(entitlement)).map(|(_, it)| it.longest)
        }
    };
    let until = step.until.map(|it| it.0);
    match longest {
        None => {
            let error = ConfigError::new(format!("{access} is nothing that can be asked for"))
                .hint("a role with `requestable = true`, or what a target has in `requestable`");
            check.value(place, error);
        }
        Some(Some(longest)) if until.is_none_or(|until| until > longest.0) => {
            let error = ConfigError::new(format!("{access} is not given for so long"))
                .hint(format!("`until = \"{longest}\"`, or less"));
            check.value(place, error);
        }
        Some(_) => {}
    }
    if let Some(reason) = &step.reason {
        check.template(&place.key("reason"), reason, &[]);
    }
    Some(Action::Request { access, until, reason: step.reason.clone() })
}

/// `do = "end-requests"`: of these roles, at these targets, or all.
pub(super) fn end_requests(
    check: &mut Check<'_, '_>,
    place: &Place,
    step: &Step,
) -> Action<String> {
    let roles = step.roles.as_ref();
    let targets = step.targets.as_ref();
    Action::EndRequests {
        roles: roles.map(|it| check.roles(&place.key("roles"), it).into_iter().collect()),
        targets: targets.map(|it| check.target_names(&place.key("targets"), it)),
    }
}
