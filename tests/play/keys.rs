//! Passwords and sessions at the targets of a scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard::connector::{Status, Write};
use lanyard_core::{
    account::Account,
    fault::{Fault, FaultKind},
    schema::CredentialAbility,
};

use crate::system::{Inner, System};

/// What a target does with credentials, and what it was told.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) can: BTreeSet<CredentialAbility>,
    told: Vec<String>,
    /// Each that was ever set, with the account; the last of an account
    /// opens it.
    set: Vec<(String, String)>,
    /// It does what it is told, and does not say so.
    breaks_off: bool,
    /// It does nothing of this kind.
    refuses: bool,
    /// It takes the order and carries it out later.
    takes_its_time: bool,
}

impl Keys {
    /// `directory can set-password`, `breaks off`, `refuses`, `takes its time`,
    /// `answers again`.
    pub(crate) fn becomes(&mut self, words: &[&str]) -> Result<(), String> {
        use CredentialAbility::{EndSessions, MustChange, RevokeAll, SetPassword};
        match words {
            ["can", word] => {
                let all = [EndSessions, MustChange, RevokeAll, SetPassword];
                let found = all.into_iter().find(|it| it.word() == *word);
                self.can.insert(found.ok_or_else(|| format!("no system can `{word}`"))?);
            }
            ["breaks", "off"] => self.breaks_off = true,
            ["refuses"] => self.refuses = true,
            ["takes", "its", "time"] => self.takes_its_time = true,
            _ => {
                (self.breaks_off, self.refuses, self.takes_its_time) = (false, false, false);
            }
        }
        Ok(())
    }

    /// What it says of what it did.
    pub(crate) fn status(&self, write: &Write) -> Status {
        if self.takes_its_time && matches!(write, Write::SetPassword { .. }) {
            let ticket = "1".to_owned();
            return Status::Pending {
                ticket,
                poll_after: None,
                needs_human: None,
                expires_at: None,
            };
        }
        Status::Applied
    }

    /// What it was told since somebody last asked.
    pub(crate) fn taken(&mut self) -> String {
        let told = std::mem::take(&mut self.told);
        if told.is_empty() { "nothing\n".to_owned() } else { told.concat() }
    }
}

impl Inner {
    pub(crate) fn key(&mut self, write: &Write) -> Result<Account, Fault> {
        let needed = match write {
            Write::EndSessions(_) => CredentialAbility::EndSessions,
            Write::RevokeCredentials(_) => CredentialAbility::RevokeAll,
            _ => CredentialAbility::SetPassword,
        };
        if !self.keys.can.contains(&needed) {
            return Err(Fault::new(FaultKind::Unsupported(needed.word().to_owned()), "it cannot"));
        }
        let (reference, what) = match write {
            Write::EndSessions(account) => (account, "sessions ended"),
            Write::RevokeCredentials(account) => (account, "everything revoked"),
            Write::SetPassword { account, must_change: true, .. } => {
                (account, "password set, to be changed")
            }
            Write::SetPassword { account, .. } => (account, "password set"),
            _ => return Err(Fault::new(FaultKind::Unsupported("it".to_owned()), "no key")),
        };
        let account = self.account(reference)?.clone();
        if self.keys.refuses {
            return Err(Fault::new(FaultKind::PermissionDenied(None), "it does not let us"));
        }
        self.keys.told.push(format!("{}: {what}\n", account.name));
        if let Write::SetPassword { password, .. } = write {
            self.keys.set.push((account.name.clone(), password.text().to_owned()));
        }
        if self.keys.breaks_off {
            return Err(Fault::new(FaultKind::TimedOut, "it did not answer in time"));
        }
        Ok(account)
    }
}

/// Passwords are made anew in every play: what each one opens now.
pub(crate) fn hidden(text: &str, targets: &BTreeMap<String, Arc<System>>) -> String {
    let mut text = text.to_owned();
    for (target, system) in targets {
        let set = system.inner().keys.set.clone();
        let current: BTreeMap<String, String> = set.iter().cloned().collect();
        for (account, password) in &set {
            let opens = if current.get(account) == Some(password) {
                format!("[opens {account} at {target}]")
            } else {
                "[opens nothing]".to_owned()
            };
            text = text.replace(password.as_str(), &opens);
        }
    }
    text
}
