//! What a target remembers, and what must hold of every write it gets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard::connector::Write;
use lanyard_core::{
    account::{Account, AccountState},
    value::ObjectRef,
};

use crate::{
    air::Air,
    held::{Held, Holds, described},
    rng::Rng,
    schedule::Kind,
};

/// Something that became otherwise at a target.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) at: Timestamp,
    pub(crate) verb: &'static str,
    pub(crate) uid: String,
    /// Whose account it is, by what it carries.
    pub(crate) anchor: Option<String>,
    pub(crate) group: Option<String>,
}

impl Effect {
    /// Somebody lost something by it.
    pub(crate) fn removes(&self) -> bool {
        ["disable", "delete", "revoke"].contains(&self.verb)
    }
}

pub(crate) struct Inner {
    pub(crate) holds: Holds,
    pub(crate) effects: Vec<Effect>,
    /// Calls that came in with a write, whether they changed anything or not.
    pub(crate) writes: u32,
    /// When each account was last looked at by itself.
    pub(crate) looked: BTreeMap<String, (u32, Timestamp)>,
    pub(crate) rng: Rng,
    /// Who was there when a listing began, and is still.
    pub(crate) throughout: BTreeSet<String>,
    /// The same of the last listing that came to its end.
    pub(crate) proven: Option<BTreeSet<String>>,
    /// Writes that take effect later, and when.
    pub(crate) late: Vec<(Timestamp, String, Write)>,
    /// Every call, and whether it was refused as too many.
    pub(crate) calls: Vec<(Timestamp, bool)>,
    /// What an account is said to be, where only success codes count.
    pub(crate) said: BTreeMap<String, Option<AccountState>>,
}

impl Inner {
    pub(crate) fn new(kind: &Kind, seed: u64) -> Self {
        Self {
            holds: Holds::new(kind),
            effects: Vec::new(),
            writes: 0,
            looked: BTreeMap::new(),
            rng: Rng::new(seed ^ kind.name.len() as u64),
            throughout: BTreeSet::new(),
            proven: None,
            late: Vec::new(),
            calls: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    /// What must hold of a write, whatever the target makes of it.
    pub(crate) fn judge(&mut self, air: &Air, name: &str, write: &Write) {
        self.writes += 1;
        let (verb, uid, _) = described(write);
        if verb != "create"
            && let Some(held) = self.holds.accounts.get(&uid)
            && !held.ours
        {
            air.broke("P5 no takeover", format!("{verb} of {uid} at {name}, which is not ours"));
        }
        if verb == "delete" {
            let run = air.run.load(std::sync::atomic::Ordering::SeqCst);
            let looked = self.looked.get(&uid);
            if looked.is_none_or(|(when, at)| *when != run || *at > air.now()) {
                let text = format!("{uid} at {name} is deleted and was not looked at before");
                air.broke("P11 freshness of decision", text);
            }
        }
    }

    /// Nobody has two accounts that we made.
    pub(crate) fn judge_twins(&self, air: &Air, name: &str, made: &ObjectRef) {
        let anchor = self.holds.anchor(&made.uid);
        let ours = |held: &&Held| held.ours && held.account.anchor == anchor;
        let twins: Vec<&str> = self
            .holds
            .accounts
            .values()
            .filter(ours)
            .map(|held| held.account.reference.uid.as_str())
            .collect();
        if twins.len() > 1 {
            air.broke("P3 no double create", format!("{} at {name} are one's", twins.join(", ")));
        }
    }

    pub(crate) fn shown(&self, now: Timestamp) -> BTreeMap<String, Account> {
        self.holds.shown(now)
    }
}
