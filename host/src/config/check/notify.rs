//! Messages and where they go: everything named is there, every text
//! compiles.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use lanyard_core::{
    id::MessageName,
    lifecycle::parse_moment,
    policy::{Delegation, Message, StepsPolicy},
    template::Template,
    value::Value,
};

use super::{Check, components, credential};
use crate::config::{
    document::Place,
    element::localised::Localised,
    notify::{Mail, Notify, Webhook},
    permissions::Tls,
    report::ConfigError,
    written::{self, File},
};

/// What a message can read besides facts.
pub(super) const OWN: [&str; 10] = [
    "manager",
    "accounts",
    "workflow",
    "step",
    "approval",
    "reason",
    "requested",
    "requester",
    "until",
    "conflict",
];

pub(super) fn steps(check: &mut Check<'_, '_>, file: &File, timezone: &TimeZone) -> StepsPolicy {
    let notify = &file.notify;
    let place = Place::of(["notify"]);
    if let Some(fact) = &notify.opt_out {
        check.fact(fact.as_str(), |check, error| check.value(&place.key("opt-out"), error));
    }
    let actors = file.actors.iter().map(|(user, key)| (user.clone(), key.0.clone()));
    StepsPolicy {
        messages: messages(check, file),
        language: notify.language.clone(),
        opt_out: notify.opt_out.clone(),
        digest: notify.digest,
        actors: actors.collect(),
        delegations: delegations(check, file, timezone),
        components: components::handed(check, file),
    }
}

pub(super) fn notify(check: &mut Check<'_, '_>, file: &File) -> Notify {
    let place = Place::of(["notify"]);
    let mail = mail(check, &place, &file.notify);
    let mut webhooks = BTreeMap::new();
    for (name, webhook) in file.notify.webhook.iter() {
        let place = place.key("webhook").key(name.as_str());
        let bearer = webhook
            .bearer
            .as_ref()
            .map(|secret| check.secret_source(&place.key("bearer"), "bearer", secret));
        match url(&webhook.url) {
            Ok(url) => {
                webhooks.insert(name.clone(), Webhook { url, bearer });
            }
            Err(problem) => {
                let error = ConfigError::new("bad value for `url`").label(problem);
                check.value(&place.key("url"), error);
            }
        }
    }
    Notify { mail, webhooks }
}

fn url(text: &str) -> Result<http::Uri, &'static str> {
    let url: http::Uri =
        text.parse().map_err(|_| "needs a URL like `https://ops.example.org/in`")?;
    match (url.scheme_str(), url.authority()) {
        (_, Some(authority)) if authority.as_str().contains('@') => {
            Err("has a user in it; name the secret as `bearer`")
        }
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err("needs a URL like `https://ops.example.org/in`"),
    }
}

fn mail(check: &mut Check<'_, '_>, place: &Place, notify: &written::Notify) -> Option<Mail> {
    let from = notify.from.as_ref().and_then(|from| from.parse().ok());
    if notify.from.is_some() && from.is_none() {
        let error = ConfigError::new("bad value for `from`").label("is no mail address");
        check.value(&place.key("from"), error);
    }
    let smtp = notify.smtp.as_ref()?;
    if notify.from.is_none() {
        let error = ConfigError::new("`[notify]` has no `from`")
            .label("mails need an address that they come from")
            .hint("`from = \"lanyard@example.org\"`");
        check.key(&place.key("smtp"), error);
    }
    let place = place.key("smtp");
    let sign_in = match (&smtp.user, &smtp.password) {
        (Some(user), Some(password)) => {
            let source = check.secret_source(&place.key("password"), "password", password);
            Some((user.clone(), source))
        }
        (None, None) => None,
        _ => {
            let error = ConfigError::new("`user` and `password` of `smtp` belong together");
            check.value(&place, error);
            None
        }
    };
    if sign_in.is_some() && smtp.tls == Tls::Off {
        let error = ConfigError::new("a password would be sent for everybody to read")
            .label("`tls = \"off\"`, and somebody signs in")
            .hint("`tls = \"start-tls\"` or `\"tls\"`");
        check.value(&place.key("tls"), error);
    }
    let port = smtp.port.unwrap_or(match smtp.tls {
        Tls::Off => 25,
        Tls::StartTls => 587,
        Tls::Tls => 465,
    });
    Some(Mail { from: from?, host: smtp.host.clone(), port, tls: smtp.tls, sign_in })
}

fn messages(check: &mut Check<'_, '_>, file: &File) -> BTreeMap<MessageName, Message> {
    let mut messages = BTreeMap::new();
    let default = &file.notify.language;
    for (name, message) in file.message.iter() {
        let place = Place::of(["message", name.as_str()]);
        let told = credential::Told::by(file, name);
        let subject =
            texts(check, &place.key("subject"), &message.subject, default, told.subject());
        let body = texts(check, &place.key("body"), &message.body, default, told);
        messages.insert(name.clone(), Message { subject, body });
    }
    messages
}

fn texts(
    check: &mut Check<'_, '_>,
    place: &Place,
    written: &Localised,
    default: &str,
    told: credential::Told,
) -> BTreeMap<String, Template> {
    let mut texts = BTreeMap::new();
    match written {
        Localised::One(text) => {
            let template = credential::template(check, place, text, told);
            texts.extend(template.map(|template| (default.to_owned(), template)));
        }
        Localised::Each(each) => {
            for (language, text) in each.iter() {
                let template = credential::template(check, &place.key(language), text, told);
                texts.extend(template.map(|template| (language.to_lowercase(), template)));
            }
            if each.iter().all(|(language, _)| language.to_lowercase() != default) {
                let error = ConfigError::new(format!("no text in the language `{default}`"))
                    .label("whoever speaks none of these is told in the language of the file")
                    .hint("add it, or name another `language` in `[notify]`");
                check.value(place, error);
            }
        }
    }
    texts
}

fn delegations(check: &mut Check<'_, '_>, file: &File, timezone: &TimeZone) -> Vec<Delegation> {
    let mut delegations = Vec::new();
    for (index, written) in file.delegation.iter().enumerate() {
        let place = Place::of(["delegation"]).index(index);
        let written::Delegation { from, to, until } = written;
        if from == to {
            let error = ConfigError::new("somebody answers in their own place anyway")
                .label("the same key as `from`");
            check.value(&place.key("to"), error);
        }
        if let Some(until) = end_of(&until.0, timezone) {
            delegations.push(Delegation { from: from.clone(), to: to.clone(), until });
        } else {
            let error =
                ConfigError::new("bad value for `until`").label("needs a date or an instant");
            check.value(&place.key("until"), error);
        }
    }
    delegations
}

/// A date counts until its end.
fn end_of(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    match parse_moment(text)? {
        Value::Instant(at) => Some(at),
        Value::Date(date) => {
            let next = date.tomorrow().ok()?;
            Some(next.to_zoned(timezone.clone()).ok()?.timestamp())
        }
        _ => None,
    }
}
