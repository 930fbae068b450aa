//! By which words somebody is spoken of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    fact::{Fact, Identity},
    history::PastFact,
    id::FactName,
    identity::{facts_now, label},
    value::Value,
};

/// Shorter words stand for too much else to be looked for within a text.
const SHORTEST: usize = 5;

/// Words that mean one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What they are called: labels, keys of records, login names, addresses.
    names: BTreeSet<String>,
    /// What is true of nobody else.
    values: BTreeSet<String>,
}

/// The words by which `identity` is spoken of; `past` are facts of theirs from
/// before, and `everybody` those of whom some things may be true as well.
pub fn words(
    identity: &Identity,
    past: &[PastFact],
    everybody: &[Identity],
    now: Timestamp,
) -> Words {
    let mut own: BTreeMap<&FactName, BTreeSet<String>> = BTreeMap::new();
    let facts =
        identity.facts.iter().flat_map(|(name, facts)| facts.iter().map(move |it| (name, it)));
    let all = facts.chain(past.iter().map(|past| (&past.name, &past.fact)));
    for (name, fact) in all.filter(|(name, _)| tells_who(name)) {
        own.entry(name).or_default().extend(texts(fact));
    }
    for other in everybody.iter().filter(|other| other.id != identity.id) {
        for (name, facts) in &other.facts {
            if let Some(own) = own.get_mut(name) {
                for text in facts.iter().flat_map(texts) {
                    own.remove(&text);
                }
            }
        }
    }
    let mut words = Words::default();
    // What others are called as well says nothing of whom it is about.
    let others = || everybody.iter().filter(|other| other.id != identity.id);
    let called = label(identity, &facts_now(identity, now));
    if !others().any(|other| label(other, &facts_now(other, now)) == called) {
        words.name(&called);
    }
    for record in &identity.records {
        if !others().any(|other| other.records.iter().any(|it| it.key == record.key)) {
            words.name(&record.key);
        }
    }
    for value in own.into_values().flatten() {
        // An address is what somebody is called, whoever else has the domain.
        if value.contains('@') {
            words.name(&value);
        } else if value.chars().count() >= SHORTEST {
            words.values.insert(value);
        }
    }
    words
}

/// Facts that say who somebody is: others may be true of nobody else by chance
/// alone.
fn tells_who(name: &FactName) -> bool {
    ["name", "mail", "phone", "mobile"].iter().any(|part| name.as_str().contains(part))
}

fn texts(fact: &Fact) -> impl Iterator<Item = String> + '_ {
    fact.values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.trim().to_lowercase()).filter(|text| !text.is_empty()),
        _ => None,
    })
}

impl Words {
    /// One more name of theirs.
    pub fn name(&mut self, name: &str) {
        let name = name.trim().to_lowercase();
        if !name.is_empty() {
            self.names.insert(name);
        }
    }

    /// Whether a text, or JSON as it is stored, speaks of them.
    pub fn in_text(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.names.iter().chain(&self.values).any(|word| speaks_of(&text, word))
    }

    /// Whether it calls them by a name.
    pub fn names_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.names.iter().any(|word| speaks_of(&text, word))
    }

    /// A text without them: all of it goes when any of it speaks of them.
    pub fn out_of(&self, text: &str) -> Option<&'static str> {
        let exactly = self.names.contains(&text.to_lowercase());
        (exactly || self.in_text(text)).then_some("(erased)")
    }
}

/// Short words count where they stand alone: as a string of JSON, or quoted.
fn speaks_of(text: &str, word: &str) -> bool {
    if word.chars().count() < SHORTEST {
        return text.contains(&format!("\"{word}\"")) || text.contains(&format!("`{word}`"));
    }
    // What stands for itself in JSON is written otherwise there.
    let written = serde_json::to_string(word).unwrap_or_default();
    let written = written.trim_matches('"');
    [word, written].into_iter().any(|word| stands_in(text, word))
}

/// Whether it stands there as a word of its own.
fn stands_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = at.checked_add(found.len()).and_then(|end| text.get(end..));
        let after = after.and_then(|after| after.chars().next());
        let goes_on = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        !goes_on(before) && !goes_on(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{hired, noon, policy, worker};

    fn of_ada() -> Words {
        let policy = policy();
        let ada =
            worker("1001", ("Ada", "Example"), &[("birth_name", "Kleinstadt"), ("floor", "third")]);
        let bela = worker("1002", ("Béla", "Muster"), &[("floor", "third")]);
        let everybody = hired(&policy, vec![ada, bela]).identities;
        let ada = everybody.iter().find(|it| it.records[0].key == "1001").unwrap();
        words(ada, &[], &everybody, noon())
    }

    #[test]
    fn somebody_is_spoken_of_by_name_by_key_and_by_what_is_true_of_nobody_else() {
        let words = of_ada();
        for text in ["dear Ada Example,", r#"{"record":"1001"}"#, "record `1001` of", "KLEINSTADT"]
        {
            assert!(words.in_text(text), "{text}");
        }
        for text in ["Béla Muster", "on the third floor", "run 1001 of 2", "Kleinstadtern"] {
            assert!(!words.in_text(text), "{text}");
        }
        assert!(!words.names_in("Kleinstadt"));
    }
}
