//! Cases: questions that only a person can answer, and what was answered.

pub mod accounts;
pub mod reopen;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    fact::RecordKey,
    id::{ConnectorName, Digest, IdentityId},
    identity::Assembled,
    plan::{Note, NoteKind},
    policy::Policy,
};

/// An open question; the same one in every run until somebody decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The beginning of a digest of what it is about.
    pub id: String,
    pub about: About,
    /// The identity it would be, were it somebody new.
    pub newcomer: IdentityId,
    /// How people call whom it is about.
    pub label: String,
    /// Whose it may be, each once, in the order of their ids.
    pub candidates: Vec<Candidate>,
    /// What makes it a question, in a sentence.
    pub because: String,
    /// A person decided it, and what is sure says otherwise.
    pub contradicted: bool,
}

impl Case {
    /// Why nothing is done for whom it is about, and what to do about that.
    pub fn hold(&self) -> String {
        let Self { id, about, because, contradicted, .. } = self;
        let next = if *contradicted {
            format!("correct the facts at the source, or `lanyard case reopen {id}`")
        } else {
            format!("`lanyard case decide {id}` says so, or correct the facts at the source")
        };
        format!("nobody knows whose {} is: {because}; {next}", about.named())
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    Identity(IdentityId),
    /// Somebody who was not known before.
    New,
}

/// A case as it is kept, and what was decided of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCase {
    pub case: Case,
    pub opened: Timestamp,
    /// Whether the latest look found that it needs a person.
    pub open: bool,
    pub decision: Option<CaseDecision>,
}

impl KeptCase {
    /// Whether a person has to say something.
    pub fn waits(&self) -> bool {
        self.open && (self.decision.is_none() || self.case.contradicted)
    }
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDecision {
    pub whose: Whose,
    /// An OS user.
    pub by: String,
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// What was decided, as correlation asks for it.
pub fn decisions(cases: &[KeptCase]) -> Decisions {
    let decided = cases.iter().filter_map(|kept| {
        let About::Record(record) = &kept.case.about;
        Some((record.clone(), kept.decision.as_ref()?.whose))
    });
    decided.collect()
}

/// Whoever a record may be, of which somebody has to say whose it is.
pub fn waiting_for(cases: &[KeptCase]) -> BTreeSet<IdentityId> {
    let open = cases.iter().filter(|kept| kept.waits()).map(|kept| &kept.case);
    open.flat_map(may_be).collect()
}

/// Whoever a case is about.
pub fn may_be(case: &Case) -> impl Iterator<Item = IdentityId> + '_ {
    case.candidates.iter().map(|it| it.identity).chain([case.newcomer])
}

/// Cases that a look closes: they are about records that it would have found
/// to be one again.
///
/// `proven` are the sources whose records were all read.
pub fn closed(
    kept: &[KeptCase],
    found: &[Case],
    policy: &Policy,
    proven: &BTreeSet<&ConnectorName>,
) -> BTreeSet<String> {
    let found: BTreeSet<&str> = found.iter().map(|case| case.id.as_str()).collect();
    let told = |kept: &&KeptCase| {
        let About::Record(RecordKey { source, .. }) = &kept.case.about;
        proven.contains(source) || !policy.sources.contains_key(source)
    };
    let over = kept.iter().filter(|it| it.open && !found.contains(it.case.id.as_str()));
    over.filter(told).map(|it| it.case.id.clone()).collect()
}

/// Decisions that were followed, and that what is sure says the opposite of
/// by now: told, and left to a person.
pub fn notes(assembled: &Assembled) -> Vec<Note> {
    let note = |(identity, text): &(IdentityId, String)| Note {
        identity: Some(*identity),
        target: None,
        kind: NoteKind::Doubtful,
        text: text.clone(),
        open: false,
    };
    assembled.doubted.iter().map(note).collect()
}

/// What people said of records, whatever they look like.
pub type Decisions = BTreeMap<RecordKey, Whose>;

#[cfg(test)]
mod tests;
