//! The order of a run: what may begin, what waits, what is out.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Operation, OperationKind},
    plan::Plan,
};

/// The operations of a plan that are not done yet.
pub(super) struct Schedule {
    operations: BTreeMap<OperationId, Operation>,
    /// How many operations each still waits for.
    waits: BTreeMap<OperationId, usize>,
    followers: BTreeMap<OperationId, Vec<OperationId>>,
    /// What waits for the first attempt of another, and not for what becomes
    /// of it.
    beside: BTreeMap<OperationId, OperationId>,
    ready: BTreeMap<ConnectorName, BTreeSet<OperationId>>,
    attempts: BTreeMap<OperationId, u32>,
}

impl Schedule {
    pub(super) fn new(plan: &Plan, blocked: &BTreeSet<OperationId>) -> Self {
        let operations: BTreeMap<OperationId, Operation> = plan
            .operations
            .iter()
            .filter(|operation| !blocked.contains(&operation.id))
            .map(|operation| (operation.id, operation.clone()))
            .collect();
        let mut waits = BTreeMap::new();
        let mut followers: BTreeMap<OperationId, Vec<OperationId>> = BTreeMap::new();
        // Operations on one account keep the order of the plan.
        let mut beside = BTreeMap::new();
        let mut last: BTreeMap<(IdentityId, &ConnectorName), OperationId> = BTreeMap::new();
        for (id, operation) in &operations {
            let named = operation.after.iter().chain(&operation.prefer_after).copied();
            let mut before: BTreeSet<OperationId> =
                named.filter(|id| operations.contains_key(id)).collect();
            let previous = last.insert((operation.identity, &operation.target), *id);
            let disabling = previous.filter(|it| is_beside(operation, operations.get(it)));
            if let Some(disabling) = disabling {
                beside.insert(disabling, *id);
            } else {
                before.extend(previous);
            }
            waits.insert(*id, before.len() + usize::from(disabling.is_some()));
            for earlier in before {
                followers.entry(earlier).or_default().push(*id);
            }
        }
        let mut schedule = Self {
            operations,
            waits,
            followers,
            beside,
            ready: BTreeMap::new(),
            attempts: BTreeMap::new(),
        };
        let free: Vec<OperationId> =
            schedule.waits.iter().filter(|(_, waits)| **waits == 0).map(|(id, _)| *id).collect();
        for id in free {
            schedule.make_ready(id);
        }
        schedule
    }

    pub(super) fn make_ready(&mut self, id: OperationId) {
        if let Some(operation) = self.operations.get(&id) {
            self.ready.entry(operation.target.clone()).or_default().insert(id);
        }
    }

    /// The next operation of any target that has room for one.
    pub(super) fn take(
        &mut self,
        room: impl Fn(&ConnectorName) -> bool,
    ) -> Option<(Operation, u32)> {
        let (_, ready) =
            self.ready.iter_mut().find(|(target, ready)| !ready.is_empty() && room(target))?;
        let id = ready.pop_first()?;
        let operation = self.operations.get(&id)?.clone();
        let attempt = self.attempts.entry(id).or_default();
        *attempt += 1;
        Some((operation, *attempt))
    }

    /// An attempt has ended, however it did.
    pub(super) fn tried(&mut self, id: OperationId) {
        if let Some(other) = self.beside.remove(&id) {
            self.waits_less(other);
        }
    }

    pub(super) fn succeeded(&mut self, id: OperationId) {
        self.tried(id);
        for follower in self.followers.remove(&id).unwrap_or_default() {
            self.waits_less(follower);
        }
        self.operations.remove(&id);
    }

    fn waits_less(&mut self, id: OperationId) {
        let free = self.waits.get_mut(&id).is_some_and(|waits| {
            *waits = waits.saturating_sub(1);
            *waits == 0
        });
        if free {
            self.make_ready(id);
        }
    }

    /// Takes out what depended on a failed operation.  A later one on the
    /// same account that did not name it in `after` still gets its turn: a
    /// failed update must not keep an account from being disabled.
    pub(super) fn failed(&mut self, id: OperationId) -> Vec<Operation> {
        self.tried(id);
        self.operations.remove(&id);
        for ready in self.ready.values_mut() {
            ready.remove(&id);
        }
        let mut out = Vec::new();
        for follower in self.followers.remove(&id).unwrap_or_default() {
            let needs = self.operations.get(&follower).is_some_and(|it| it.after.contains(&id));
            if needs {
                out.extend(self.operations.get(&follower).cloned());
                out.extend(self.failed(follower));
            } else {
                self.waits_less(follower);
            }
        }
        out
    }

    /// Everything that was not begun or not finished.
    pub(super) fn rest(&mut self) -> Vec<Operation> {
        self.ready.clear();
        std::mem::take(&mut self.operations).into_values().collect()
    }

    pub(super) fn is_done(&self) -> bool {
        self.operations.is_empty()
    }
}

/// Whoever is signed in is put out beside being disabled: as soon as that was
/// tried, so that nobody signs in between, and whatever became of it.
fn is_beside(operation: &Operation, previous: Option<&Operation>) -> bool {
    let disables = previous.is_some_and(|it| it.change.kind() == OperationKind::Disable);
    disables && operation.change.kind().is_about_credentials()
}

#[cfg(test)]
mod tests {
    use lanyard_core::{
        operation::{Change, CredentialVerb, Event},
        value::ObjectRef,
    };

    use super::*;

    /// Operations at one target, each of another person, after these.
    fn plan(after: &[&[u32]]) -> Plan {
        let target: ConnectorName = "directory".parse().unwrap();
        let operations = (0..).zip(after).map(|(id, after)| {
            let uid = format!("u{id}");
            Operation {
                id: OperationId(id),
                identity: IdentityId::first_seen(&target, &uid),
                target: target.clone(),
                change: Change::Enable {
                    account: ObjectRef { object_type: "user".to_owned(), uid },
                },
                after: after.iter().copied().map(OperationId).collect(),
                prefer_after: Vec::new(),
                event: Event::Joiner,
                causes: Vec::new(),
            }
        });
        Plan { operations: operations.collect(), ..Plan::default() }
    }

    fn taken(schedule: &mut Schedule) -> Option<u32> {
        schedule.take(|_| true).map(|(operation, _)| operation.id.0)
    }

    /// Somebody is disabled, signed out and deleted.
    fn closing() -> Plan {
        let mut plan = plan(&[&[], &[], &[]]);
        let account = ObjectRef { object_type: "user".to_owned(), uid: "u0".to_owned() };
        let changes = [
            Change::Disable { account: account.clone() },
            Change::Credentials { account: account.clone(), verb: CredentialVerb::Revoke },
            Change::Delete { account },
        ];
        let identity = plan.operations[0].identity;
        for (operation, change) in plan.operations.iter_mut().zip(changes) {
            (operation.identity, operation.change) = (identity, change);
        }
        plan
    }

    #[test]
    fn what_somebody_is_signed_in_with_ends_beside_their_being_disabled() {
        let mut schedule = Schedule::new(&closing(), &BTreeSet::new());
        assert_eq!(taken(&mut schedule), Some(0));
        assert_eq!(taken(&mut schedule), None, "somebody could sign in again");
        // It is tried again later, for which nobody waits.
        schedule.tried(OperationId(0));
        assert_eq!(taken(&mut schedule), Some(1));
        schedule.tried(OperationId(0));
        assert_eq!(taken(&mut schedule), None, "what comes after keeps its turn");
        schedule.succeeded(OperationId(0));
        schedule.succeeded(OperationId(1));
        assert_eq!(taken(&mut schedule), Some(2));
    }

    #[test]
    fn whoever_could_not_be_disabled_is_put_out_all_the_same() {
        let mut schedule = Schedule::new(&closing(), &BTreeSet::new());
        assert_eq!(taken(&mut schedule), Some(0));
        assert!(schedule.failed(OperationId(0)).is_empty());
        assert_eq!(taken(&mut schedule), Some(1));
        let blocked = BTreeSet::from([OperationId(0)]);
        let mut schedule = Schedule::new(&closing(), &blocked);
        assert_eq!(taken(&mut schedule), Some(1));
    }

    #[test]
    fn one_that_failed_before_its_turn_ends_nobody_elses() {
        let mut schedule = Schedule::new(&plan(&[&[], &[], &[]]), &BTreeSet::new());
        schedule.failed(OperationId(0));
        assert_eq!(taken(&mut schedule), Some(1));
        assert_eq!(taken(&mut schedule), Some(2));
        assert_eq!(taken(&mut schedule), None);
    }

    #[test]
    fn a_retry_of_one_that_is_out_ends_nobody_elses_turn() {
        let mut schedule = Schedule::new(&plan(&[&[], &[], &[0, 1]]), &BTreeSet::new());
        assert_eq!(taken(&mut schedule), Some(0));
        let out = schedule.failed(OperationId(0));
        assert_eq!(out.iter().map(|it| it.id.0).collect::<Vec<_>>(), [2]);
        schedule.make_ready(OperationId(0));
        assert_eq!(taken(&mut schedule), Some(1));
        schedule.succeeded(OperationId(1));
        assert_eq!(taken(&mut schedule), None);
        assert!(schedule.is_done());
    }
}
