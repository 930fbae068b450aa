//! What is there, before anything is decided: whose every account is, or may
//! be, and what stands out.  Nothing is planned by it.

mod class;
mod flag;
mod likely;
mod text;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    account::{AccountState, Coverage},
    desired::{Desired, Imagined, desired, imagined, surely},
    fact::Reading,
    id::{ConnectorName, IdentityId},
    identity::{self, Assembled},
    observed::Observed,
    plan::{PlanSettings, doubts},
    policy::Policy,
};

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Xray {
    pub at: Timestamp,
    /// Seconds without use after which an account is dormant.
    pub dormant_after_seconds: i64,
    pub sources: Vec<SourceXray>,
    pub targets: Vec<TargetXray>,
    /// Sources and targets that could not be read.
    pub not_read: Vec<NotRead>,
    /// Who works here and has no account that is or may be theirs.
    pub without_account: Vec<Person>,
}

/// A source that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceXray {
    pub source: ConnectorName,
    pub records: usize,
    /// The reading proves who is not there.
    pub whole: bool,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    pub read_at: Timestamp,
}

/// A source or target that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRead {
    pub name: ConnectorName,
    pub is_source: bool,
    pub why: String,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetXray {
    pub target: ConnectorName,
    pub recognised: Recognised,
    /// The reading proves what is not there; otherwise every count is one of
    /// at least so many.
    pub whole: bool,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// When it was read.
    pub read_at: Timestamp,
    /// In the order of their names.
    pub accounts: Vec<AccountXray>,
}

/// By what accounts are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recognised {
    /// By `match` in the file.
    Match,
    /// By what is usual, since the file does not say; nothing is sure.
    Likeness,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountXray {
    pub name: String,
    pub uid: String,
    pub object_type: String,
    pub state: AccountState,
    pub last_used: Option<Timestamp>,
    pub class: Class,
    /// Whose it is, or may be.
    pub owners: Vec<Owner>,
    pub flags: BTreeSet<Flag>,
    /// Names of privileged entitlements that it holds.
    pub privileged: Vec<String>,
}

/// Whose an account is; every account is in exactly one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Somebody's, and we manage it.
    Mine,
    /// Surely somebody's, and not adopted yet.
    Sure,
    /// It may be somebody's: a person has to say.
    Ask,
    /// It is like nobody.
    Orphan,
    /// The file says that it is no person's.
    Service,
}

impl Class {
    pub const ALL: [Self; 5] = [Self::Mine, Self::Sure, Self::Ask, Self::Orphan, Self::Service];

    pub fn word(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Sure => "sure",
            Self::Ask => "ask",
            Self::Orphan => "orphan",
            Self::Service => "service",
        }
    }
}

/// What stands out of an account, besides whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Everybody whose it is or may be has left, and it is not disabled.
    LeftButActive,
    /// It holds something privileged, and is surely nobody's.
    OwnerlessAdmin,
    /// It is not disabled, and was not used for long.
    Dormant,
    /// Its owner has another one of the same type there.
    SecondAccount,
    /// It is disabled and holds entitlements all the same.
    DisabledWithGrants,
}

impl Flag {
    pub const ALL: [Self; 5] = [
        Self::LeftButActive,
        Self::OwnerlessAdmin,
        Self::Dormant,
        Self::SecondAccount,
        Self::DisabledWithGrants,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::LeftButActive => "left-but-active",
            Self::OwnerlessAdmin => "ownerless-admin",
            Self::Dormant => "dormant",
            Self::SecondAccount => "second-account",
            Self::DisabledWithGrants => "disabled-with-grants",
        }
    }
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub identity: IdentityId,
    pub label: String,
    /// The key of their first record.
    pub key: String,
    /// Where they stand, in a word.
    pub state: String,
}

/// Whose an account is or may be, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    pub person: Person,
    /// "attribute mail"; none where it is theirs.
    pub matched: Option<String>,
    /// Why it is not sure.
    pub doubt: Option<String>,
    /// They have left, or no source has them any more.
    pub gone: bool,
}

/// Looks through every target that was read.
///
/// What rules would give plays no part, so that the file needs none.
/// `readings` are those of sources that `assembled` is made of.
pub fn xray(
    policy: &Policy,
    (readings, assembled): (&[Reading], &Assembled),
    mut observed: Observed,
    dormant_after: SignedDuration,
    now: Timestamp,
) -> Xray {
    let desired = desired(policy, assembled, &observed, now);
    let Imagined { whole, contents } = imagined(policy, assembled, &desired, &observed, now);
    loop {
        let found = surely(policy, assembled, &whole, &observed);
        if found.is_empty() {
            break;
        }
        observed.adopt(found);
    }
    let people = People::new(assembled, &desired);
    let doubts = doubts(&PlanSettings::of(policy), &whole, &observed);
    let around = class::Around {
        policy,
        observed: &observed,
        contents: &contents,
        doubts: &doubts,
        people: &people,
    };
    let mut targets = class::targets(&around, assembled);
    flag::mark(policy, &observed, &mut targets, dormant_after, now);
    Xray {
        at: now,
        dormant_after_seconds: dormant_after.as_secs(),
        sources: readings.iter().map(SourceXray::new).collect(),
        without_account: people.without(&targets),
        targets,
        not_read: Vec::new(),
    }
}

impl Xray {
    /// Accounts of who left, and that are not known to be disabled.
    pub fn left_but_active(&self) -> usize {
        self.targets.iter().map(|it| it.flagged(Flag::LeftButActive).count()).sum()
    }
}

impl SourceXray {
    fn new(reading: &Reading) -> Self {
        Self {
            source: reading.source.clone(),
            records: reading.records.len(),
            whole: reading.coverage.proves_absence(),
            left_out: left_out([&reading.coverage]),
            read_at: reading.read_at,
        }
    }
}

/// What readings left out, and why, each once.
fn left_out<'a>(coverages: impl IntoIterator<Item = &'a Coverage>) -> Vec<String> {
    let skipped = coverages.into_iter().flat_map(|coverage| &coverage.skipped);
    let left_out = skipped.map(|it| match it.count {
        Some(count) => format!("{count} {}: {}", it.what, it.why),
        None => format!("{}: {}", it.what, it.why),
    });
    left_out.collect::<BTreeSet<_>>().into_iter().collect()
}

impl TargetXray {
    fn new(
        target: &ConnectorName,
        recognised: Recognised,
        coverages: [&Coverage; 2],
        read_at: Timestamp,
    ) -> Self {
        Self {
            target: target.clone(),
            recognised,
            whole: coverages.into_iter().all(Coverage::proves_absence),
            left_out: left_out(coverages),
            read_at,
            accounts: Vec::new(),
        }
    }

    pub fn of(&self, class: Class) -> impl Iterator<Item = &AccountXray> {
        self.accounts.iter().filter(move |it| it.class == class)
    }

    pub fn flagged(&self, flag: Flag) -> impl Iterator<Item = &AccountXray> {
        self.accounts.iter().filter(move |it| it.flags.contains(&flag))
    }
}

/// Whether somebody may be able to use it.
fn is_open(state: AccountState) -> bool {
    !matches!(state, AccountState::Disabled | AccountState::SoftDeleted)
}

/// Everybody who is known.
struct People {
    known: BTreeMap<IdentityId, (Person, bool)>,
    /// Who works here now.
    here: BTreeSet<IdentityId>,
}

impl People {
    fn new(assembled: &Assembled, desired: &Desired) -> Self {
        let mut people = Self { known: BTreeMap::new(), here: BTreeSet::new() };
        for identity in &assembled.identities {
            let Some(now) = desired.identities.get(&identity.id) else { continue };
            let held = !now.holds.is_empty();
            let state = now.state.state;
            let gone = identity.absent_since.is_some() || (!held && state.is_over());
            let word = match (held, identity.absent_since) {
                (true, None) => "unclear".to_owned(),
                (_, Some(_)) if !state.is_over() => "missing from the sources".to_owned(),
                _ => state.word().to_owned(),
            };
            let person = Person {
                identity: identity.id,
                label: now.label.clone(),
                key: identity::key(identity).to_owned(),
                state: word,
            };
            if !gone && !held && crate::desired::person::enabled(state) == Some(true) {
                people.here.insert(identity.id);
            }
            people.known.insert(identity.id, (person, gone));
        }
        people
    }

    fn owner(&self, id: IdentityId, matched: Option<String>, doubt: Option<String>) -> Owner {
        let known = self.known.get(&id).cloned();
        let (person, gone) = known.unwrap_or_else(|| {
            let (label, key) = (id.to_string(), String::new());
            (Person { identity: id, label, key, state: "unknown".to_owned() }, true)
        });
        Owner { person, matched, doubt, gone }
    }

    fn without(&self, targets: &[TargetXray]) -> Vec<Person> {
        let accounts = targets.iter().flat_map(|it| &it.accounts);
        let owners = accounts.flat_map(|it| &it.owners).map(|it| it.person.identity);
        let owners: BTreeSet<IdentityId> = owners.collect();
        let without = self.here.difference(&owners).filter_map(|id| self.known.get(id));
        let mut without: Vec<Person> = without.map(|(person, _)| person.clone()).collect();
        without.sort_by(|one, other| (&one.label, &one.key).cmp(&(&other.label, &other.key)));
        without
    }
}
