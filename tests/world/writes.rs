//! What becomes of a write at a target, as it was drawn.

use jiff::SignedDuration;
use lanyard::connector::{Outcome, Status, Write};
use lanyard_core::{
    account::AccountState,
    fault::{Fault, FaultKind},
    value::ObjectRef,
};

use crate::{
    air::locked,
    held::{described, user},
    record::Effect,
    schedule::Fault as Mishap,
    target::{Target, away, blank, fault, lost},
};

impl Target {
    /// What was on its way takes effect.
    pub(crate) fn comes_late(&self) {
        let now = self.air.now();
        let late = std::mem::take(&mut locked(&self.inner).late);
        let (due, later): (Vec<_>, Vec<_>) = late.into_iter().partition(|(at, ..)| *at <= now);
        locked(&self.inner).late.extend(later);
        for (_, key, write) in due {
            // Nobody waits for what becomes of it, and reads lag no more.
            if let Ok(done) = self.apply(&key, &write) {
                locked(&self.inner).holds.is_seen(&done.uid);
            }
        }
    }

    /// The answer that comes back, and what was done before it.
    pub(crate) fn carried(
        &self,
        key: &str,
        write: &Write,
        drawn: Option<Mishap>,
    ) -> Result<Outcome, Fault> {
        let (_, uid, _) = described(write);
        match drawn {
            Some(Mishap::Refused | Mishap::CutShort | Mishap::StaleCursor) => Err(away()),
            Some(Mishap::Throttled) => {
                Err(fault(FaultKind::RateLimited { retry_after_ms: Some(1_500) }))
            }
            Some(Mishap::LostBefore) => Err(lost()),
            Some(Mishap::Invited) => {
                let late =
                    (self.air.now() + SignedDuration::from_hours(5), key.to_owned(), write.clone());
                locked(&self.inner).late.push(late);
                Ok(Outcome {
                    status: Status::Pending {
                        ticket: "t1".to_owned(),
                        poll_after: None,
                        needs_human: Some("accept the invitation".to_owned()),
                        expires_at: None,
                    },
                    account: None,
                    side_effects: Vec::new(),
                    failed: Vec::new(),
                })
            }
            Some(Mishap::Late) => {
                let wait = SignedDuration::from_millis(i64::from(self.kind.delay_ms) / 2);
                let late = (self.air.now() + wait, key.to_owned(), write.clone());
                locked(&self.inner).late.push(late);
                self.comes_late();
                Err(lost())
            }
            Some(Mishap::LostAfter) => self.apply(key, write).and(Err(lost())),
            Some(Mishap::Slow) => {
                let done = self.apply(key, write);
                self.air.passes(30_000_000);
                done.and(Err(fault(FaultKind::TimedOut)))
            }
            Some(Mishap::Trapped) => self.apply(key, write).and(Err(fault(FaultKind::Trapped))),
            Some(Mishap::Lie) => Ok(self.answer(user(&uid))),
            Some(Mishap::Twice) => {
                let first = self.apply(key, write);
                first.and_then(|_| self.apply(key, write)).map(|it| self.answer(it))
            }
            Some(Mishap::Partial) => self.apply(key, write).map(|it| {
                locked(&self.inner).holds.partly.insert(key.to_owned());
                let failed = vec![("photo".to_owned(), away())];
                Outcome { status: Status::Partial, failed, ..self.answer(it) }
            }),
            None => self.apply(key, write).map(|it| self.answer(it)),
        }
    }

    fn apply(&self, key: &str, write: &Write) -> Result<ObjectRef, Fault> {
        let now = self.air.now();
        let mut inner = locked(&self.inner);
        let (verb, uid, group) = described(write);
        let anchor = inner.holds.anchor(&uid);
        let (reference, changed) = inner.holds.apply(write, key, now)?;
        if changed {
            let uid = reference.uid.clone();
            let anchor = inner.holds.anchor(&uid).or(anchor);
            self.air.say(|| format!("    {} does {verb} {uid} {group:?}", self.name()));
            inner.effects.push(Effect { at: now, verb, uid, anchor, group });
            if verb == "create" {
                inner.said.remove(&reference.uid);
                inner.judge_twins(&self.air, self.name(), &reference);
            }
        }
        Ok(reference)
    }

    /// What a success code says of an account.
    pub(crate) fn says(&self, write: &Write) {
        let said = match write {
            Write::Disable(account) => (account, Some(AccountState::Disabled)),
            Write::Enable(account) => (account, Some(AccountState::Active)),
            Write::Delete(account) => (account, None),
            _ => return,
        };
        locked(&self.inner).said.insert(said.0.uid.clone(), said.1);
    }

    fn answer(&self, reference: ObjectRef) -> Outcome {
        let found = locked(&self.inner).holds.accounts.get(&reference.uid).cloned();
        let mut account = found.map_or_else(|| blank(&reference.uid), |held| held.account);
        account.reference = reference;
        Outcome {
            status: Status::Applied,
            account: Some(account),
            side_effects: Vec::new(),
            failed: Vec::new(),
        }
    }
}
