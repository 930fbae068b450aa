//! Cases: questions that only a person can answer, and what was answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    fact::RecordKey,
    id::{Digest, IdentityId},
};

/// An open question; the same one in every run until somebody decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The beginning of a digest of what it is about.
    pub id: String,
    pub about: About,
    /// Whose it may be, each once, in the order of their ids.
    pub candidates: Vec<Candidate>,
    /// What makes it a question, in a sentence.
    pub because: String,
}

/// What nobody can tell whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A record of a source, for which nothing is done until it is decided.
    Record(RecordKey),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    pub identity: IdentityId,
    /// What is equal: "mail", "given_name and family_name", "name".
    pub matched: Vec<String>,
}

impl About {
    /// The id of the case about it.
    pub fn case(&self) -> String {
        let text = match self {
            Self::Record(RecordKey { source, key }) => format!("record\n{source}\n{key}"),
        };
        Digest::of(text).short().to_owned()
    }

    /// For people.
    pub fn named(&self) -> String {
        match self {
            Self::Record(RecordKey { source, key }) => format!("record `{key}` of `{source}`"),
        }
    }
}

/// What a person said of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    Identity(IdentityId),
    /// Somebody who was not known before.
    New,
}

/// What people said of records, whatever they look like.
pub type Decisions = BTreeMap<RecordKey, Whose>;
