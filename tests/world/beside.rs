//! What people do beside the engine: at targets, by their orders, and when
//! they are asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard::{
    reconcile::said_by_a_person,
    store::{AuditEntry, Store as _},
};
use lanyard_core::{
    account::AccountState,
    lifecycle::{Ejection, LegalHold},
    operation::OperationKind,
    schema::CreateSafety,
};

use crate::{
    disk::now,
    play::{World, identity},
    schedule::{Hand, Mishap, Order},
};

impl World<'_> {
    /// What people do beside the engine on this day.
    pub(crate) fn happens(&mut self, day: u32, mishap: &Mishap) {
        let air = Arc::clone(&self.systems.air);
        match mishap {
            Mishap::ByHand { day: on, target, person, how } if *on == day => {
                let person = &self.schedule.people[*person];
                let target = self.systems.targets.iter().find(|it| it.name() == *target).unwrap();
                air.count(&format!("by hand: {how:?}"));
                air.say(|| format!("by hand at {}: {how:?} {}", target.name(), person.key));
                let anchor = identity(&person.key).to_string();
                target.by_hand(|holds| match how {
                    Hand::Disables | Hand::Enables => {
                        let state = if *how == Hand::Enables {
                            AccountState::Active
                        } else {
                            AccountState::Disabled
                        };
                        if let Some(held) = holds.of(&anchor) {
                            held.account.state = state;
                        }
                    }
                    Hand::Deletes => holds.delete_by_hand(&anchor),
                    Hand::PutsIntoSales => holds.put_by_hand(&anchor, "sales"),
                    Hand::TakesOutOfStaff => holds.take_by_hand(&anchor, "staff"),
                    Hand::TakesTheName => holds.add_by_hand(&person.name.to_lowercase()),
                });
            }
            Mishap::Order { day: on, person, what } if *on == day => {
                self.order(&self.schedule.people[*person].key.clone(), *what);
            }
            Mishap::Skew { day: on, node, seconds } if *on == day => {
                self.skews[*node] = i64::from(*seconds);
                air.count("clock wrong from here on");
            }
            _ => {}
        }
    }

    /// A person orders something, by a process of its own.
    fn order(&mut self, key: &str, what: Order) {
        let air = Arc::clone(&self.systems.air);
        let node = self.begins(Vec::new());
        let (identity, at) = (identity(key), air.now());
        let known = now(node.disk.identities()).unwrap();
        if !known.iter().any(|it| it.id == identity) {
            return;
        }
        let by = || "operator".to_owned();
        let entry = AuditEntry {
            at,
            actor: by(),
            action: format!("{what:?}").to_lowercase(),
            identity: Some(identity),
            target: None,
            account: None,
            result: "ordered".to_owned(),
            verification: None,
            detail: BTreeMap::new(),
        };
        let done = match what {
            Order::Eject => {
                let reason = "as drawn".to_owned();
                let ejection = Ejection { identity, at, by: by(), reason, undone: None };
                now(node.disk.eject(&ejection, &entry)).is_ok()
            }
            Order::Hold => {
                let hold = LegalHold {
                    name: format!("trial-{key}"),
                    people: BTreeSet::from([identity]),
                    reason: "as drawn".to_owned(),
                    review: "2027-01-01".parse().unwrap(),
                    by: by(),
                    at,
                };
                now(node.disk.hold(&hold, &[entry])).is_ok()
            }
            Order::EndHold => {
                let name = format!("trial-{key}");
                now(node.disk.release_hold(&name, at, &[entry])).is_ok_and(|stood| stood)
            }
        };
        if done {
            air.count(&format!("order: {what:?}"));
            air.say(|| format!("order: {what:?} {key}"));
            self.known.ordered(key, what, at);
        }
    }

    /// Where a target cannot tell, a person has looked and says whether an
    /// account was made.
    pub(crate) fn says_what_became(&mut self) {
        let node = self.begins(Vec::new());
        let unsettled = now(node.disk.unsettled(None)).unwrap().into_iter();
        for open in unsettled.filter(|it| it.operation.change.kind() == OperationKind::Create) {
            let target = self.systems.targets.iter();
            let target = target.clone().find(|it| it.name() == open.operation.target.as_str());
            let Some(target) = target.filter(|it| it.kind.safety == CreateSafety::None) else {
                continue;
            };
            let anchor = open.operation.identity.to_string();
            let theirs = target
                .accounts()
                .into_iter()
                .find(|held| held.ours && held.account.anchor.as_ref() == Some(&anchor));
            let account = theirs.map(|held| held.account.reference);
            let by = ("operator", self.systems.air.now());
            self.systems.air.say(|| format!("a person says of a create: {account:?}"));
            for answer in said_by_a_person(&open, account.is_some(), account.as_ref(), by) {
                now(node.disk.answer(&answer)).unwrap();
            }
        }
    }
}
