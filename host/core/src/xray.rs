//! What is there, before anything is decided: whose every account is, or may
//! be, and what stands out.  Nothing is planned by it.

mod class;
mod flag;
mod likely;
mod people;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    account::{AccountState, Coverage},
    desired::{Imagined, desired, desired_adopting, imagined, surely},
    fact::Reading,
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::Observed,
    plan::{PlanSettings, doubts},
    policy::Policy,
    value::ObjectRef,
};

use self::people::People;

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
    /// Who works here, and whose account of ours is shown by no reading, where
    /// that proves nothing.
    pub unseen: Vec<Unseen>,
}

/// What they are called of whom `unseen` speaks.
pub const UNSEEN: &str =
    "work here, and their account of ours was not seen: the target is doubted, or was not read";

/// Somebody whose account of ours was not seen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unseen {
    pub person: Person,
    /// Targets that are doubted, or were not read.
    pub targets: Vec<ConnectorName>,
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
    /// Attributes that stand for one person alone where they are filled: a
    /// number or an address.
    #[serde(skip)]
    pub telling: BTreeSet<String>,
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
    /// It is sure, and a plan adopts it: something gives its owner an account
    /// there, or they have left and it is closed.
    pub adopted_next: bool,
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
    /// They have left, or it is proven that no source has them any more.
    pub gone: bool,
}

/// Looks through every target that was read.
///
/// What rules would give plays no part in whose an account is, so that the
/// file needs none; only in what a plan would adopt.
/// `readings` are those of sources that `assembled` is made of.
pub fn xray(
    policy: &Policy,
    (readings, assembled): (&[Reading], &Assembled),
    mut observed: Observed,
    dormant_after: SignedDuration,
    now: Timestamp,
) -> Xray {
    let planned = planned(policy, assembled, observed.clone(), now);
    let desired = desired(policy, assembled, &observed, now);
    let Imagined { whole, contents } = imagined(policy, assembled, &desired, &observed, now);
    loop {
        let found = surely(policy, assembled, &whole, &observed);
        if found.is_empty() {
            break;
        }
        observed.adopt(found);
    }
    let people = People::new(assembled, &desired, &observed.kept.absences);
    let doubts = doubts(&PlanSettings::of(policy), &whole, &observed);
    let around = class::Around {
        policy,
        observed: &observed,
        contents: &contents,
        doubts: &doubts,
        planned: &planned,
        people: &people,
    };
    let mut targets = class::targets(&around, assembled);
    flag::mark(policy, &observed, &mut targets, dormant_after, now);
    let (without_account, unseen) = people.without(&targets, &observed);
    Xray {
        at: now,
        dormant_after_seconds: dormant_after.as_secs(),
        sources: readings.iter().map(SourceXray::new).collect(),
        without_account,
        unseen,
        targets,
        not_read: Vec::new(),
    }
}

/// Accounts, with whose they become, that a plan of the same adopts; and those
/// of who left, which the next one closes.
type Planned = BTreeSet<(IdentityId, ConnectorName, ObjectRef)>;

fn planned(
    policy: &Policy,
    assembled: &Assembled,
    mut observed: Observed,
    now: Timestamp,
) -> Planned {
    desired_adopting(policy, assembled, &mut observed, now);
    let adopting = observed.adopting.into_iter();
    adopting.map(|it| (it.identity, it.target, it.account)).collect()
}

impl Xray {
    /// Accounts of who left, and that are not known to be disabled.
    pub fn left_but_active(&self) -> usize {
        self.targets.iter().map(|it| it.flagged(Flag::LeftButActive).count()).sum()
    }

    /// Accounts that are not known to be disabled and of whose owner nobody
    /// can tell whether they have left.
    pub fn unclear(&self) -> usize {
        let accounts = self.targets.iter().flat_map(|it| &it.accounts);
        accounts.filter(|it| it.is_unclear()).count()
    }

    /// Whether everything that could be read was read wholly.
    pub fn is_whole(&self) -> bool {
        self.sources.iter().all(|it| it.whole) && self.targets.iter().all(|it| it.whole)
    }
}

impl AccountXray {
    fn is_unclear(&self) -> bool {
        let may_have_left = |it: &Owner| it.gone || it.person.state == UNCLEAR;
        is_open(self.state)
            && !self.flags.contains(&Flag::LeftButActive)
            && !self.owners.is_empty()
            && self.owners.iter().all(may_have_left)
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
            telling: BTreeSet::new(),
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

/// The word for somebody of whom nobody can tell where they stand.
const UNCLEAR: &str = "unclear";
