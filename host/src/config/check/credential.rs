//! Steps that make a password, and the messages that tell it.

use std::collections::BTreeSet;

use lanyard_core::{
    id::MessageName,
    template::Template,
    workflow::{Action, On, Recipient, Whom},
};

use super::{Check, effects, notify::OWN};
use crate::config::{
    document::Place,
    permissions::Tls,
    report::ConfigError,
    written::{File, Step, Verb, Workflow},
};

/// Random characters of a password: fewer can be guessed, and more are typed
/// by nobody.
const LENGTHS: std::ops::RangeInclusive<u16> = 12..=64;
const LENGTH: u16 = 16;

/// What a message calls it.
const WORD: &str = "credential";

/// Messages that tell a credential.
pub(super) fn messages(file: &File) -> BTreeSet<&MessageName> {
    let steps = file.workflow.iter().flat_map(|(_, workflow)| &workflow.steps);
    let telling = steps.filter(|step| step.verb == Some(Verb::Credential));
    telling.filter_map(|step| step.template.as_ref()).collect()
}

/// What a text of a message may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing of a credential.
    Nothing,
    /// Who it is for.
    Login,
    /// All of it; without it nobody would learn it.
    Credential,
}

impl Told {
    pub(super) fn by(file: &File, message: &MessageName) -> Self {
        if messages(file).contains(message) { Self::Credential } else { Self::Nothing }
    }

    /// Subjects are shown in lists, and kept in logs.
    pub(super) fn subject(self) -> Self {
        match self {
            Self::Credential => Self::Login,
            other => other,
        }
    }
}

pub(super) fn template(
    check: &mut Check<'_, '_>,
    place: &Place,
    text: &str,
    told: Told,
) -> Option<Template> {
    let more: &[&str] = match told {
        // That nobody else reads it is told below, and not as a fact.
        Told::Nothing => &[WORD],
        Told::Login | Told::Credential => &[WORD, "login"],
    };
    let own: Vec<&str> = OWN.iter().chain(more).copied().collect();
    let template = check.template(place, text, &own)?;
    match (template.reads().contains(WORD), told) {
        (true, Told::Nothing) => {
            let error = ConfigError::new("`credential` is nothing that this message can read")
                .label("no step with `do = \"credential\"` sends it");
            check.value(place, error);
        }
        (true, Told::Login) => {
            let error = ConfigError::new("a credential does not belong into a subject")
                .label("subjects are shown in lists, and kept in logs")
                .hint("put it into the `body`");
            check.value(place, error);
        }
        (false, Told::Credential) => {
            let error = ConfigError::new("the message does not say the credential")
                .label("a step with `credential` sends it, and nobody would learn it")
                .hint("`{{ login }}` and `{{ credential }}`");
            check.value(place, error);
        }
        _ => {}
    }
    Some(template)
}

/// Whoever has left gets none.
pub(super) fn not_for_leavers(check: &mut Check<'_, '_>, place: &Place, workflow: &Workflow) {
    let On::State(state) = &workflow.on.0 else { return };
    if !state.is_over() {
        return;
    }
    for (index, step) in workflow.steps.iter().enumerate() {
        if step.verb == Some(Verb::Credential) {
            let place = place.key("steps").index(index).key("do");
            let error = ConfigError::new("whoever has left gets no credential")
                .label(format!("the workflow begins when somebody is {}", state.word()));
            check.value(&place, error);
        }
    }
}

pub(super) fn credential(
    check: &mut Check<'_, '_>,
    file: &File,
    place: &Place,
    step: &Step,
) -> Option<Action<String>> {
    let told = effects::told(check, file, place, Verb::Credential.word(), step);
    if let Some((to, _)) = &told {
        recipients(check, file, place, to);
    }
    let length = step.length.unwrap_or(LENGTH);
    if !LENGTHS.contains(&length) {
        let error = ConfigError::new("bad value for `length`").label(format!(
            "needs {} to {} characters",
            LENGTHS.start(),
            LENGTHS.end()
        ));
        check.value(&place.key("length"), error);
    }
    let targets = step.targets.as_deref().unwrap_or_default();
    let [_] = targets else {
        let error = ConfigError::new("a step with `credential` needs one target")
            .label("a password is for one account")
            .hint("`targets = [\"directory\"]`; write a step for each");
        check.value(place, error);
        return None;
    };
    let target = check.target_names(&place.key("targets"), targets).into_iter().next()?;
    let (to, template) = told?;
    let must_change = step.must_change.unwrap_or(true);
    let again = step.again.unwrap_or_default();
    Some(Action::Credential { target, to, template, length, must_change, again })
}

fn recipients(check: &mut Check<'_, '_>, file: &File, place: &Place, to: &[Recipient]) {
    for (index, recipient) in to.iter().enumerate() {
        let place = place.key("to").index(index);
        match recipient {
            Recipient::Person(Whom::Themself) => {
                let error = ConfigError::new("nobody is told the credential of their own account")
                    .label("they could not read it without it")
                    .hint("tell somebody who hands it over: `to = [\"manager\"]`");
                check.value(&place, error);
            }
            Recipient::Webhook(name) => {
                let mut known = file.notify.webhook.iter().filter(|(it, _)| *it == name);
                if known.any(|(_, webhook)| !webhook.url.starts_with("https://")) {
                    let error =
                        ConfigError::new("a credential would be sent for everybody to read")
                            .label(format!("`[notify.webhook.{name}]` has no `https` URL"));
                    check.value(&place, error);
                }
            }
            Recipient::Person(_) | Recipient::Mail(_) => in_clear(check, file, &place),
        }
    }
}

/// A mail that everybody on the way to the server could read.
fn in_clear(check: &mut Check<'_, '_>, file: &File, place: &Place) {
    let bare = file.notify.smtp.as_ref().filter(|smtp| smtp.tls == Tls::Off);
    if bare.is_some_and(|smtp| !is_this_machine(&smtp.host)) {
        let error = ConfigError::new("a credential would be sent for everybody to read")
            .label("`[notify]` has `smtp` with `tls = \"off\"`")
            .hint("`tls = \"start-tls\"` or `\"tls\"`");
        check.value(place, error);
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.is_loopback())
}
