//! Who is told or asked: `"manager"`, `"self"`, `"manager.manager"`, the key
//! of a record; and `"mail:it@example.org"`, `"webhook:ops"`.

use std::{fmt, str::FromStr};

use lanyard_core::{
    id::WebhookName,
    workflow::{Recipient, Whom},
};

use super::text_element;
use crate::config::report::nearest;

/// Managers of managers beyond this are a mistake.
const MOST_LEVELS: usize = 5;
const MAIL: &str = "mail:";
const WEBHOOK: &str = "webhook:";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Person(pub(in crate::config) Whom);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct To(pub(in crate::config) Recipient);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum WhomError {
    #[error("needs `manager`, `self` or the key of a record")]
    Empty,
    #[error("is no way to say somebody; did you mean `{0}`?")]
    Misspelt(String),
    #[error("goes up more than {MOST_LEVELS} managers")]
    TooHigh,
    #[error("is no mail address")]
    Mail,
    #[error("is no name of a webhook")]
    Webhook,
    #[error("is no person: only people are asked")]
    NoPerson,
}

impl FromStr for Person {
    type Err = WhomError;
    fn from_str(text: &str) -> Result<Self, WhomError> {
        if text.starts_with(MAIL) || text.starts_with(WEBHOOK) {
            return Err(WhomError::NoPerson);
        }
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(WhomError::Empty);
        }
        if text == "self" {
            return Ok(Self(Whom::Themself));
        }
        if text.split('.').all(|level| level == "manager") {
            let levels = text.split('.').count();
            let levels = u8::try_from(levels).ok().filter(|it| usize::from(*it) <= MOST_LEVELS);
            return levels.map(|it| Self(Whom::Manager(it))).ok_or(WhomError::TooHigh);
        }
        match nearest(text, ["manager", "manager.manager", "self"]) {
            Some(near) => Err(WhomError::Misspelt(near.to_owned())),
            None => Ok(Self(Whom::Key(text.to_owned()))),
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for To {
    type Err = WhomError;
    fn from_str(text: &str) -> Result<Self, WhomError> {
        if let Some(address) = text.strip_prefix(MAIL) {
            let address: lettre::Address = address.parse().map_err(|_| WhomError::Mail)?;
            return Ok(Self(Recipient::Mail(address.to_string())));
        }
        if let Some(name) = text.strip_prefix(WEBHOOK) {
            let name = WebhookName::new(name).map_err(|_| WhomError::Webhook)?;
            return Ok(Self(Recipient::Webhook(name)));
        }
        let Person(whom) = text.parse()?;
        Ok(Self(Recipient::Person(whom)))
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Recipient::Person(whom) => whom.fmt(f),
            Recipient::Mail(address) => write!(f, "{MAIL}{address}"),
            Recipient::Webhook(name) => write!(f, "{WEBHOOK}{name}"),
        }
    }
}

text_element!(Person, "Person", "`manager`, `manager.manager` or the key of a record", "^[^\n]+$");
text_element!(
    To,
    "Recipient",
    "`manager`, `self`, the key of a record, `mail:…` or `webhook:…`",
    "^[^\n]+$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_is_written_back_as_it_was() {
        for text in
            ["self", "manager", "manager.manager", "1001", "mail:it@example.org", "webhook:ops"]
        {
            assert_eq!(text.parse::<To>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_slip_is_no_key_and_a_line_break_is_nobody() {
        assert_eq!("manger".parse::<To>(), Err(WhomError::Misspelt("manager".to_owned())));
        assert_eq!("mail:nobody".parse::<To>(), Err(WhomError::Mail));
        assert_eq!("mail:a@example.org\nBcc: x@example.org".parse::<To>(), Err(WhomError::Mail));
        assert_eq!("webhook:ops".parse::<Person>(), Err(WhomError::NoPerson));
        assert_eq!("10\n01".parse::<Person>(), Err(WhomError::Empty));
    }
}
