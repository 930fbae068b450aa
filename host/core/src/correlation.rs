//! By what records are recognised as one person's.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use unicode_normalization::UnicodeNormalization as _;

use crate::{id::FactName, matching::normal, schema::Matching};

/// Facts that must all be there and equal.
pub type Tier = BTreeSet<FactName>;

/// How records of several sources become one identity.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// Whether the same key in two sources is the same person.
    pub key: bool,
    /// The strongest first: two records that both have the facts of a tier
    /// are one person when they are equal, and two when they are not.
    pub sure: Vec<Tier>,
    /// What makes a person look.
    pub ask: Vec<Tier>,
    pub compare: BTreeMap<FactName, Compare>,
}

impl Default for Correlation {
    fn default() -> Self {
        Self { key: true, sure: Vec::new(), ask: Vec::new(), compare: BTreeMap::new() }
    }
}

/// When two values of a fact are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Exact,
    /// In one normal form of Unicode, without the space around it.
    Unicode,
    IgnoreCase,
    Email,
    DistinguishedName,
    Uuid,
    /// Telephone numbers and the like.
    Digits,
}

impl Compare {
    pub const ALL: [Self; 7] = [
        Self::Exact,
        Self::Unicode,
        Self::IgnoreCase,
        Self::Email,
        Self::DistinguishedName,
        Self::Uuid,
        Self::Digits,
    ];

    /// As in the operator's file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Unicode => "unicode",
            Self::IgnoreCase => "ignore-case",
            Self::Email => "email",
            Self::DistinguishedName => "dn",
            Self::Uuid => "uuid",
            Self::Digits => "digits",
        }
    }

    /// What is usual for a fact of that name.
    pub fn usual(fact: &FactName) -> Self {
        match fact.as_str() {
            "mail" | "email" => Self::Email,
            "given_name" | "family_name" | "display_name" => Self::IgnoreCase,
            "phone" | "mobile" => Self::Digits,
            "dn" => Self::DistinguishedName,
            "uuid" | "guid" => Self::Uuid,
            _ => Self::Unicode,
        }
    }

    /// The form that is the same for all texts that are equal; empty for one
    /// that is none.
    pub fn normal(self, text: &str) -> String {
        let by = |matching: &Matching| -> String {
            let normal: Cow<'_, str> = normal(matching, text);
            normal.trim().to_owned()
        };
        match self {
            Self::Exact if text.trim().is_empty() => String::new(),
            Self::Exact => text.to_owned(),
            Self::Unicode => text.trim().nfc().collect(),
            Self::IgnoreCase => by(&Matching::IgnoreCaseTrimmed),
            Self::Email => by(&Matching::Email),
            Self::DistinguishedName => by(&Matching::DistinguishedName),
            Self::Uuid => by(&Matching::Uuid),
            Self::Digits => by(&Matching::Phone),
        }
    }
}

impl Correlation {
    pub fn compare(&self, fact: &FactName) -> Compare {
        self.compare.get(fact).copied().unwrap_or_else(|| Compare::usual(fact))
    }

    /// Every fact that is looked at.
    pub fn facts(&self) -> BTreeSet<&FactName> {
        self.sure.iter().chain(&self.ask).flatten().collect()
    }

    pub fn has_tiers(&self) -> bool {
        !self.sure.is_empty() || !self.ask.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> [String; 7] {
        Compare::ALL.map(|it| it.normal(text))
    }

    #[test]
    fn each_way_to_compare_has_one_form_for_what_is_equal() {
        assert_eq!(forms(" Ada "), [" Ada ", "Ada", "ada", "ada", "ada", "ada", ""]);
        let (apart, composed) = ("A\u{30a}", "\u{c5}");
        assert_eq!(Compare::Exact.normal(apart), apart);
        assert_eq!(Compare::Unicode.normal(apart), composed);
        assert_eq!(Compare::IgnoreCase.normal(apart), "\u{e5}");
        assert_eq!(Compare::Digits.normal("0049 (30) 1"), "+49301");
    }

    #[test]
    fn what_is_no_value_has_no_form() {
        for nothing in ["", "  "] {
            assert_eq!(forms(nothing), [const { String::new() }; 7]);
        }
    }
}
