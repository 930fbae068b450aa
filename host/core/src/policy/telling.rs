//! What steps tell people, and in which language.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    id::{ConnectorName, FactName, MessageName},
    template::Template,
};

/// What steps with an effect need of the operator's file.
#[derive(Debug, Default)]
pub struct StepsPolicy {
    pub messages: BTreeMap<MessageName, Message>,
    /// Of those who have no fact `language`, or one that a message lacks.
    pub language: String,
    /// Whoever has a value for this fact that means yes is told nothing.
    pub opt_out: Option<FactName>,
    /// All messages of a run to one recipient are one.
    pub digest: bool,
    /// Keys of the people behind OS users.
    pub actors: BTreeMap<String, String>,
    pub delegations: Vec<Delegation>,
    /// Components that carry out steps, and the facts of a person that each
    /// is handed.
    pub components: BTreeMap<ConnectorName, BTreeSet<FactName>>,
}

/// A message by language (`en`); the language of the file is always there.
#[derive(Debug)]
pub struct Message {
    pub subject: BTreeMap<String, Template>,
    pub body: BTreeMap<String, Template>,
}

/// Somebody answers in the place of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Keys of their records.
    pub from: String,
    pub to: String,
    pub until: Timestamp,
}

impl StepsPolicy {
    /// The keys of those whom somebody with the keys `own` answers for.
    pub fn stands_for<'a>(
        &'a self,
        own: &'a [&str],
        now: Timestamp,
    ) -> impl Iterator<Item = &'a str> {
        let valid = self.delegations.iter().filter(move |it| now < it.until);
        valid.filter(|it| own.contains(&it.to.as_str())).map(|it| it.from.as_str())
    }
}

impl Message {
    /// Subject and body in a language, or in that of the file.
    pub fn in_language(&self, wanted: &str, default: &str) -> Option<(&Template, &Template)> {
        let pick = |texts: &'_ BTreeMap<String, Template>| -> Option<String> {
            let main = wanted.split(['-', '_']).next().unwrap_or_default();
            let known = [wanted, main, default];
            known.into_iter().find(|it| texts.contains_key(*it)).map(str::to_owned)
        };
        Some((self.subject.get(&pick(&self.subject)?)?, self.body.get(&pick(&self.body)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{at, noon};

    #[test]
    fn whoever_answers_for_somebody_does_so_until_the_time_is_over_and_not_then() {
        let delegation = Delegation { from: "1".to_owned(), to: "2".to_owned(), until: noon() };
        let policy = StepsPolicy { delegations: vec![delegation], ..StepsPolicy::default() };
        let stands_for = |own: &[&str], now: Timestamp| -> Vec<String> {
            policy.stands_for(own, now).map(str::to_owned).collect()
        };
        let before = at("2026-06-01T11:59:59Z");
        assert_eq!(stands_for(&["2"], before), ["1"]);
        assert!(stands_for(&["1"], before).is_empty());
        assert!(stands_for(&["2"], noon()).is_empty());
    }
}
