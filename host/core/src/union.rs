//! Two identities that a person says are one, and one that they say are two.
//! Nothing is written at any target by it: a plan shows what follows.

mod known;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    case::{About, KeptCase, Whose},
    fact::{Fact, Identity, RecordKey, Unreadable},
    id::{ConnectorName, IdentityId, WorkflowName},
    lifecycle::Kept,
    observed::{Declined, HeldName, Link},
    value::ObjectRef,
    workflow::{Episode, Remembered},
};

/// Somebody who is somebody else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    pub other: IdentityId,
    pub keep: IdentityId,
    /// An OS user.
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
    pub came: Came,
}

/// What came with them, and goes with them again when they are split off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    pub records: Vec<RecordKey>,
    pub accounts: Vec<(ConnectorName, ObjectRef)>,
    pub declined: Vec<(ConnectorName, ObjectRef)>,
    pub names: Vec<(ConnectorName, String)>,
    /// Cases that were decided to be about them.
    pub cases: Vec<String>,
}

/// What changes in the books, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rearranged {
    /// Who is nobody by themselves any longer.
    pub forgotten: Option<IdentityId>,
    /// As they are from now on.
    pub identities: Vec<Identity>,
    /// What goes over, and to whom.
    pub moved: Came,
    pub from: IdentityId,
    pub to: IdentityId,
    /// Cases whose answer is no longer one.
    pub closed: Vec<String>,
    pub merged: Option<Merged>,
    /// A merge that is undone, by who had become somebody else.
    pub undone: Option<IdentityId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRearrange {
    #[error("they are one already")]
    Same,
    #[error("both have an account at `{target}`: `{one}` and `{other}`")]
    BothHave { target: ConnectorName, one: String, other: String },
    #[error("{0} was ejected")]
    Ejected(IdentityId),
    #[error("{identity} is under the legal hold `{hold}`")]
    Held { identity: IdentityId, hold: String },
    #[error("{identity} is in the workflow `{workflow}`")]
    InWorkflow { identity: IdentityId, workflow: WorkflowName },
    #[error("{identity} has the request `{request}`")]
    HasRequest { identity: IdentityId, request: String },
    #[error("they have no such record")]
    NoRecord,
    #[error("it is the only record they have")]
    Last,
    #[error("they were first known by this record")]
    First,
    #[error("somebody else was first known by this record")]
    Taken,
}

/// Everything that is kept of people.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    pub identities: &'a [Identity],
    pub links: &'a [Link],
    pub declined: &'a BTreeSet<Declined>,
    pub names: &'a [(ConnectorName, HeldName)],
    pub kept: &'a Kept,
    pub workflows: &'a Remembered,
    pub cases: &'a [KeptCase],
    pub merged: &'a [Merged],
}

/// Who says it, when, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
}

/// `other` is `keep`.
///
/// # Errors
/// When something of them contradicts it; a person has to see to that first.
pub fn merge(
    books: &Books<'_>,
    keep: &Identity,
    other: &Identity,
    said: Said,
) -> Result<Rearranged, CannotRearrange> {
    if keep.id == other.id {
        return Err(CannotRearrange::Same);
    }
    books.is_free(other.id)?;
    books.both_have(keep.id, other.id)?;
    let mut one = keep.clone();
    one.records.extend(other.records.iter().cloned());
    for (name, facts) in &other.facts {
        one.facts.entry(name.clone()).or_default().extend(facts.iter().cloned());
    }
    one.unreadable.extend(other.unreadable.iter().cloned());
    if other.absent_since.is_none() {
        one.absent_since = None;
    }
    let came = books.came(other);
    let Said { by, at, reason } = said;
    let merged = Merged { other: other.id, keep: keep.id, by, at, reason, came: came.clone() };
    Ok(Rearranged {
        forgotten: Some(other.id),
        identities: vec![one],
        moved: came,
        from: other.id,
        to: keep.id,
        closed: Vec::new(),
        merged: Some(merged),
        undone: None,
    })
}

/// A record of `who` is somebody else's.  One that came by a merge goes with
/// everything that came with it; of any other, accounts stay where they are.
///
/// # Errors
/// When nobody would be left, or nobody can be made of it.
pub fn split(
    books: &Books<'_>,
    who: &Identity,
    record: &RecordKey,
) -> Result<Rearranged, CannotRearrange> {
    if !who.records.contains(record) {
        return Err(CannotRearrange::NoRecord);
    }
    books.is_free(who.id)?;
    let merges = books.merged.iter().filter(|it| it.keep == who.id);
    let last = merges.filter(|it| it.came.records.contains(record)).max_by_key(|it| it.at);
    let (id, moved) = if let Some(last) = last {
        (last.other, books.still(who, &last.came))
    } else {
        let id = IdentityId::first_seen(&record.source, &record.key);
        if id == who.id {
            return Err(CannotRearrange::First);
        }
        let known = books.identities.iter().any(|it| it.id == id);
        if known || books.merged.iter().any(|it| it.other == id) {
            return Err(CannotRearrange::Taken);
        }
        (id, Came { records: vec![record.clone()], ..Came::default() })
    };
    let goes = |fact: &Fact| {
        let of_account = |(target, account): &(ConnectorName, ObjectRef)| {
            *target == fact.record.source && account.uid == fact.record.key
        };
        moved.records.contains(&fact.record) || moved.accounts.iter().any(of_account)
    };
    let mut left = who.clone();
    left.records.retain(|it| !moved.records.contains(it));
    if left.records.is_empty() {
        return Err(CannotRearrange::Last);
    }
    let mut off = Identity {
        id,
        records: moved.records.clone(),
        facts: [].into(),
        absent_since: who.absent_since,
        unreadable: Vec::new(),
        unchanged: [].into(),
    };
    let theirs = |it: &mut Unreadable| moved.records.contains(&it.record);
    off.unreadable = left.unreadable.extract_if(.., theirs).collect();
    for (name, facts) in &mut left.facts {
        let theirs: Vec<Fact> = facts.extract_if(.., |fact| goes(fact)).collect();
        if !theirs.is_empty() {
            off.facts.insert(name.clone(), theirs);
        }
    }
    left.facts.retain(|_, facts| !facts.is_empty());
    for (name, since) in &who.unchanged {
        if off.facts.contains_key(name) {
            off.unchanged.insert(name.clone(), *since);
        }
    }
    let about = |it: &&KeptCase| {
        let About::Record(about) = &it.case.about;
        // What was decided of theirs before they came is still so.
        last.is_none() && about == record
    };
    Ok(Rearranged {
        forgotten: None,
        identities: vec![left, off],
        moved,
        from: who.id,
        to: id,
        closed: books.cases.iter().filter(about).map(|it| it.case.id.clone()).collect(),
        merged: None,
        undone: last.map(|it| it.other),
    })
}

impl Books<'_> {
    /// What people ordered of somebody stays with them: it has to be taken
    /// back first, or ordered of the other one.
    fn is_free(&self, identity: IdentityId) -> Result<(), CannotRearrange> {
        if self.kept.ejected(identity).is_some() {
            return Err(CannotRearrange::Ejected(identity));
        }
        let mut holds = self.kept.legal_holds.iter();
        if let Some(hold) = holds.find(|hold| hold.people.contains(&identity)) {
            return Err(CannotRearrange::Held { identity, hold: hold.name.clone() });
        }
        let requests = self.kept.requests.get(&identity).into_iter().flatten();
        if let Some(request) = requests.into_iter().find(|request| request.ended.is_none()) {
            let id = request.id.clone();
            return Err(CannotRearrange::HasRequest { identity, request: id });
        }
        let episodes = self.workflows.episodes.get(&identity).into_iter().flatten();
        // What a person began has no other reason than their word.
        let asked = |episode: &Episode| episode.by.is_some() && episode.stands();
        let mut open = episodes.filter(|(_, episode)| episode.is_open() || asked(episode));
        match open.next() {
            Some((workflow, _)) => {
                Err(CannotRearrange::InWorkflow { identity, workflow: workflow.clone() })
            }
            None => Ok(()),
        }
    }

    fn both_have(&self, keep: IdentityId, other: IdentityId) -> Result<(), CannotRearrange> {
        let of = |identity| {
            self.links.iter().filter(move |link| link.identity == identity && !link.gone)
        };
        for link in of(other) {
            if let Some(own) = of(keep).find(|own| own.target == link.target) {
                return Err(CannotRearrange::BothHave {
                    target: link.target.clone(),
                    one: own.account.uid.clone(),
                    other: link.account.uid.clone(),
                });
            }
        }
        Ok(())
    }

    /// Everything of somebody.
    fn came(&self, other: &Identity) -> Came {
        let links = self.links.iter().filter(|link| link.identity == other.id);
        let declined = self.declined.iter().filter(|it| it.identity == other.id);
        let names = self.names.iter().filter(|(_, name)| name.identity == other.id);
        let about = |it: &&KeptCase| {
            let whose = it.decision.as_ref().map(|decision| decision.whose);
            whose == Some(Whose::Identity(other.id))
        };
        Came {
            records: other.records.clone(),
            accounts: links.map(|link| (link.target.clone(), link.account.clone())).collect(),
            declined: declined.map(|it| (it.target.clone(), it.account.clone())).collect(),
            names: names.map(|(target, name)| (target.clone(), name.name.clone())).collect(),
            cases: self.cases.iter().filter(about).map(|it| it.case.id.clone()).collect(),
        }
    }

    /// What of it is still somebody's.
    fn still(&self, who: &Identity, came: &Came) -> Came {
        let is_theirs = |(target, account): &&(ConnectorName, ObjectRef)| {
            let mut links = self.links.iter();
            links.any(|it| it.identity == who.id && it.target == *target && it.account == *account)
        };
        let mut still = came.clone();
        still.records.retain(|record| who.records.contains(record));
        still.accounts = came.accounts.iter().filter(is_theirs).cloned().collect();
        still
    }
}

#[cfg(test)]
mod tests;
