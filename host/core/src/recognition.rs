//! By what existing accounts at a target are recognised as somebody's.

use std::collections::BTreeSet;

use crate::{
    account::Account,
    desired::AccountContent,
    matching::normal,
    schema::{Matching, ObjectDef},
    value::Value,
};

/// Attributes that must all be there and equal.
pub type Marks = Vec<String>;

/// Lists of attributes, the strongest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognition {
    /// An account that is equal in one of them, and in no stronger one
    /// different, is theirs, where nothing else is like it.
    pub sure: Vec<Marks>,
    /// What makes a person look.
    pub ask: Vec<Marks>,
}

/// What the strongest sure list says whose attributes both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    Different,
    Unknown,
}

/// Combinations of values that are looked up for one list.
const MOST_KEYS: usize = 64;

impl Recognition {
    /// Single attributes that make a person look.
    pub fn asking<'a>(attributes: impl IntoIterator<Item = &'a str>) -> Self {
        let ask = attributes.into_iter().map(|it| vec![it.to_owned()]);
        Self { sure: Vec::new(), ask: ask.collect() }
    }

    /// Every list, the sure ones first.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Marks> {
        self.sure.iter().chain(&self.ask)
    }

    /// Every attribute that is looked at.
    pub fn attributes(&self) -> BTreeSet<&str> {
        self.lists().flatten().map(String::as_str).collect()
    }

    pub(crate) fn verdict(
        &self,
        def: &ObjectDef,
        content: &AccountContent,
        account: &Account,
    ) -> Verdict {
        for marks in &self.sure {
            let wanted = keys(marks, |attribute| of_content(def, content, attribute));
            let found = keys(marks, |attribute| of_account(def, account, attribute));
            if wanted.is_empty() || found.is_empty() {
                continue;
            }
            let same = wanted.iter().any(|key| found.contains(key));
            return if same { Verdict::Same } else { Verdict::Different };
        }
        Verdict::Unknown
    }
}

/// "attribute mail", "attributes sn and givenName"
pub(crate) fn named(marks: &Marks) -> String {
    let word = if marks.len() == 1 { "attribute" } else { "attributes" };
    format!("{word} {}", marks.join(" and "))
}

/// Every combination of values for a list; none when one has no value.
pub(crate) fn keys(marks: &Marks, values: impl Fn(&str) -> BTreeSet<String>) -> Vec<Vec<String>> {
    if marks.is_empty() {
        return Vec::new();
    }
    let mut keys: Vec<Vec<String>> = vec![Vec::new()];
    for attribute in marks {
        let values = values(attribute);
        let longer = keys.iter().flat_map(|key| {
            values.iter().map(move |value| [key.as_slice(), std::slice::from_ref(value)].concat())
        });
        keys = longer.take(MOST_KEYS).collect();
    }
    keys
}

/// What we would write, as the target compares it.
pub(crate) fn of_content(
    def: &ObjectDef,
    content: &AccountContent,
    attribute: &str,
) -> BTreeSet<String> {
    if attribute == def.name_attribute {
        return comparable(def, attribute, [content.name.as_str()]);
    }
    let values = content.attributes.get(attribute).or_else(|| content.initial.get(attribute));
    of_values(def, attribute, values.into_iter().flatten())
}

/// What the target has, as it compares it.
pub(crate) fn of_account(def: &ObjectDef, account: &Account, attribute: &str) -> BTreeSet<String> {
    if attribute == def.name_attribute {
        return comparable(def, attribute, [account.name.as_str()]);
    }
    if Some(attribute) == def.anchor_attribute.as_deref() {
        return comparable(def, attribute, account.anchor.as_deref());
    }
    let found = account.attributes.iter().filter(|it| it.name == attribute);
    of_values(def, attribute, found.flat_map(|it| &it.values))
}

fn of_values<'a>(
    def: &ObjectDef,
    attribute: &str,
    values: impl Iterator<Item = &'a Value>,
) -> BTreeSet<String> {
    let texts: Vec<String> = values.map(ToString::to_string).collect();
    comparable(def, attribute, texts.iter().map(String::as_str))
}

/// Empty values recognise nobody.
fn comparable<'a>(
    def: &ObjectDef,
    attribute: &str,
    texts: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<String> {
    let matching = def.attribute(attribute).map_or(&Matching::Exact, |it| &it.matching);
    let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
    texts.map(|text| normal(matching, text).into_owned()).collect()
}
