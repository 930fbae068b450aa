//! What was done within the window of the limits, as the guard counts it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    guard::Lately,
    id::{ConnectorName, OperationId},
    operation::{Change, Event, Operation},
    plan::Plan,
    value::ObjectRef,
    workflow::Effect,
};

/// Everything that counts, and when it was done.
#[derive(Debug, Default)]
pub(super) struct Window {
    done: Vec<(Timestamp, ConnectorName, Counted)>,
}

#[derive(Debug, Clone)]
enum Counted {
    Removed(ObjectRef),
    Disabled(ObjectRef),
    Created,
    Changed(ObjectRef),
    Password(ObjectRef),
}

impl Window {
    /// What was done before the simulation begins.
    pub(super) fn of(lately: &Lately, at: Timestamp) -> Self {
        let Lately { removed, disabled, created, granted, passwords } = lately;
        let mut window = Self::default();
        for (target, accounts) in removed {
            window.add(at, target, accounts.iter().cloned().map(Counted::Removed));
        }
        for (target, accounts) in disabled {
            window.add(at, target, accounts.iter().cloned().map(Counted::Disabled));
        }
        for (target, accounts) in passwords {
            window.add(at, target, accounts.iter().cloned().map(Counted::Password));
        }
        for (target, count) in created {
            window.add(at, target, std::iter::repeat_n(Counted::Created, *count));
        }
        for (target, entitlements) in granted {
            for (entitlement, count) in entitlements {
                let changed = Counted::Changed(entitlement.clone());
                window.add(at, target, std::iter::repeat_n(changed, *count));
            }
        }
        window
    }

    fn add(
        &mut self,
        at: Timestamp,
        target: &ConnectorName,
        counted: impl Iterator<Item = Counted>,
    ) {
        self.done.extend(counted.map(|counted| (at, target.clone(), counted)));
    }

    /// Operations of a plan that are carried out; ejections are counted apart.
    pub(super) fn carried_out(
        &mut self,
        plan: &Plan,
        stopped: &BTreeSet<OperationId>,
        at: Timestamp,
    ) {
        let done = plan.operations.iter().filter(|it| !stopped.contains(&it.id));
        for Operation { target, change, event, .. } in done {
            let removed = change.account().filter(|_| change.kind().removes());
            let removed = removed.filter(|_| *event != Event::Eject);
            self.add(at, target, removed.cloned().map(Counted::Removed).into_iter());
            let counted = match change {
                Change::Create { .. } => Counted::Created,
                Change::Disable { account } if *event != Event::Eject => {
                    Counted::Disabled(account.clone())
                }
                Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
                    Counted::Changed(entitlement.clone())
                }
                Change::Update { .. }
                | Change::Enable { .. }
                | Change::Disable { .. }
                | Change::Credentials { .. }
                | Change::Delete { .. } => continue,
            };
            self.add(at, target, std::iter::once(counted));
        }
        for step in &plan.steps {
            if let Effect::Credential { target, account, .. } = &step.effect {
                self.add(at, target, std::iter::once(Counted::Password(account.clone())));
            }
        }
    }

    /// What was done since then; the rest is forgotten.
    pub(super) fn since(&mut self, since: Timestamp) -> Lately {
        self.done.retain(|(when, ..)| *when >= since);
        let mut lately = Lately::default();
        for (_, target, counted) in &self.done {
            let target = target.clone();
            match counted.clone() {
                Counted::Removed(account) => {
                    lately.removed.entry(target).or_default().insert(account);
                }
                Counted::Disabled(account) => {
                    lately.disabled.entry(target).or_default().insert(account);
                }
                Counted::Password(account) => {
                    lately.passwords.entry(target).or_default().insert(account);
                }
                Counted::Created => *lately.created.entry(target).or_default() += 1,
                Counted::Changed(entitlement) => {
                    let here = lately.granted.entry(target).or_default();
                    *here.entry(entitlement).or_default() += 1;
                }
            }
        }
        lately
    }
}
