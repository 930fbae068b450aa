//! How several sources become one identity, as written.

use lanyard_core::id::FactName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::element::{duration::Duration, entries::Entries, percent::Percent};

/// Which source decides a fact that several give: names of sources, or
/// `target.NAME` for a target that provides it; the first that has it counts.
pub(in crate::config) type Authority = Entries<FactName, Vec<String>>;

/// By what records of several sources are one person's.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Correlate {
    /// Whether the same key in two sources is the same person.
    pub(in crate::config) key: bool,
    /// Lists of facts, the strongest first; all of a list must be there and
    /// be equal to join two records.
    #[schemars(with = "Vec<Vec<String>>")]
    pub(in crate::config) sure: Vec<Vec<FactName>>,
    /// Lists of facts that make a person look: whose a record is that is equal
    /// to somebody's in one of them, `lanyard case decide` says.
    #[schemars(with = "Vec<Vec<String>>")]
    pub(in crate::config) ask: Vec<Vec<FactName>>,
    /// Facts that recognise nobody.
    #[schemars(with = "Vec<String>")]
    pub(in crate::config) never: Vec<FactName>,
    /// When two values of a fact are equal.
    pub(in crate::config) compare: Entries<FactName, Compare>,
}

impl Default for Correlate {
    fn default() -> Self {
        Self {
            key: true,
            sure: Vec::new(),
            ask: Vec::new(),
            never: Vec::new(),
            compare: Entries::default(),
        }
    }
}

/// When two values are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Compare {
    /// Character by character.
    Exact,
    /// In one normal form of Unicode.
    Unicode,
    /// Besides, whatever the case.
    IgnoreCase,
    Email,
    /// Distinguished names of directories.
    Dn,
    Uuid,
    /// Telephone numbers and the like.
    Digits,
}

/// A source of things that are not people, which people point into.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct Table {
    /// The fact of a person that is the key of a record here.
    #[schemars(with = "String")]
    pub(in crate::config) key: FactName,
    /// Facts, and the attribute of the record that each is.
    #[serde(default)]
    pub(in crate::config) facts: Entries<FactName, String>,
    /// The attribute with the key of the record above, in a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) parent: Option<String>,
    /// The fact that has the key, and all those above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(in crate::config) within: Option<FactName>,
}

/// What a record means that is in no source any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Missing {
    #[default]
    Departed,
    Keep,
}

pub(super) fn once() -> u32 {
    1
}

pub(super) fn half_a_day() -> Duration {
    // A file that is wrong today is usually mended by the next night.
    Duration::hours(12)
}

pub(super) fn shrink_limit() -> Percent {
    // More than a bad quarter, far less than a file cut in half.
    Percent(20)
}
