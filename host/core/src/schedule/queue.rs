//! The operations of a plan in their turn: what may begin, what waits, what
//! is out.
//!
//! The most urgent come first, and within a class the order of the plan.
//! Nothing waits for ever behind what is more urgent: a plan has so many
//! operations and no more, and each is tried so often and no more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Class, Gates, Reason, Shut, Waiting, Why};
use crate::{
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Operation, OperationKind},
    plan::Plan,
};

/// Whose account where.
type Site = (IdentityId, ConnectorName);

/// The operations of a plan that are not done yet.
#[derive(Debug)]
pub struct Queue {
    items: BTreeMap<OperationId, Item>,
    followers: BTreeMap<OperationId, Vec<OperationId>>,
    /// What waits for the first attempt of another, and not for what becomes
    /// of it.
    beside: BTreeMap<OperationId, OperationId>,
    ready: BTreeMap<ConnectorName, BTreeSet<(Class, OperationId)>>,
    later: BTreeSet<(Timestamp, OperationId)>,
    running: BTreeMap<OperationId, Site>,
}

#[derive(Debug)]
struct Item {
    operation: Operation,
    class: Class,
    /// As urgent as the most urgent of what waits for it.
    turn: Class,
    waits: BTreeSet<OperationId>,
    attempts: u32,
}

/// What to do now.
#[derive(Debug)]
pub enum Next<T> {
    /// Attempts count from 1.
    Begin { operation: Box<Operation>, attempt: u32, turn: T },
    /// Nothing before then, unless something ends.
    Until(Timestamp),
    /// Nothing, unless something ends.
    Nothing,
}

impl Queue {
    /// Everything of a plan but what is blocked.
    pub fn new(plan: &Plan, blocked: &BTreeSet<OperationId>) -> Self {
        let operations = plan.operations.iter().filter(|it| !blocked.contains(&it.id));
        let mut items: BTreeMap<OperationId, Item> = operations
            .map(|operation| {
                let class = Class::of(operation);
                let operation = operation.clone();
                let waits = BTreeSet::new();
                (operation.id, Item { operation, class, turn: class, waits, attempts: 0 })
            })
            .collect();
        let mut followers: BTreeMap<OperationId, Vec<OperationId>> = BTreeMap::new();
        let mut beside = BTreeMap::new();
        let mut last: BTreeMap<Site, Vec<OperationId>> = BTreeMap::new();
        let ids: Vec<OperationId> = items.keys().copied().collect();
        for id in &ids {
            let Some(Item { operation, .. }) = items.get(id) else { continue };
            let named = operation.after.iter().chain(&operation.prefer_after).copied();
            let mut before: BTreeSet<OperationId> =
                named.filter(|it| items.contains_key(it)).collect();
            // Operations on one account keep the order of the plan.
            let earlier = last.entry(site(operation)).or_default();
            let previous = earlier.last().copied();
            let before_it = previous.and_then(|it| items.get(&it)).map(|it| &it.operation);
            let disabling = before_it.filter(|it| is_beside(operation, it)).map(|it| it.id);
            if let Some(disabling) = disabling {
                beside.insert(disabling, *id);
            } else if operation.change.kind().is_about_credentials() {
                before.extend(previous);
            } else {
                before.extend(std::mem::take(earlier));
            }
            earlier.push(*id);
            for earlier in &before {
                followers.entry(*earlier).or_default().push(*id);
            }
            before.extend(disabling);
            if let Some(item) = items.get_mut(id) {
                item.waits = before;
            }
        }
        let mut queue = Self {
            items,
            followers,
            beside,
            ready: BTreeMap::new(),
            later: BTreeSet::new(),
            running: BTreeMap::new(),
        };
        queue.hurry(&ids);
        for id in ids {
            queue.make_ready_if_free(id);
        }
        queue
    }

    /// Whatever something urgent waits for is as urgent.
    fn hurry(&mut self, ids: &[OperationId]) {
        for id in ids.iter().rev() {
            let Some(item) = self.items.get(id) else { continue };
            let (turn, waits) = (item.turn, item.waits.clone());
            for earlier in waits {
                if let Some(earlier) = self.items.get_mut(&earlier) {
                    earlier.turn = earlier.turn.min(turn);
                }
            }
        }
    }

    /// What to do now, where `room` says how many operations each target
    /// takes at once.
    pub fn next<G: Gates>(
        &mut self,
        now: Timestamp,
        room: impl Fn(&ConnectorName) -> u32,
        gates: &mut G,
    ) -> Next<G::Turn> {
        self.wake(now);
        loop {
            let mut candidates = self.candidates(&room);
            candidates.sort_unstable();
            let mut soonest = self.later.first().map(|(at, _)| *at);
            let mut overtaken = false;
            let mut refused: BTreeSet<ConnectorName> = BTreeSet::new();
            for (_, id) in candidates {
                let Some(item) = self.items.get(&id) else { continue };
                let target = &item.operation.target;
                if refused.contains(target) {
                    continue;
                }
                match gates.enter(target, item.class, now) {
                    Ok(turn) => return self.begin(id, turn).unwrap_or(Next::Nothing),
                    Err(Shut { until, why }) => {
                        soonest = Some(soonest.map_or(until, |soonest| soonest.min(until)));
                        if why == Why::NoWrites {
                            overtaken |= self.overtake(id);
                        } else {
                            refused.insert(target.clone());
                        }
                    }
                }
            }
            if !overtaken {
                return soonest.map_or(Next::Nothing, Next::Until);
            }
        }
    }

    /// The first of each target that has room.
    fn candidates(&self, room: &impl Fn(&ConnectorName) -> u32) -> Vec<(Class, OperationId)> {
        let mut busy: BTreeMap<&ConnectorName, u32> = BTreeMap::new();
        for (_, target) in self.running.values() {
            *busy.entry(target).or_default() += 1;
        }
        let with_room = self
            .ready
            .iter()
            .filter(|(target, _)| busy.get(target).copied().unwrap_or(0) < room(target));
        with_room.flat_map(|(_, ready)| self.first_of(ready)).collect()
    }

    /// The first whose account nothing is done to, and the first of those
    /// that take access away: it may be let in where others are not.
    fn first_of(&self, ready: &BTreeSet<(Class, OperationId)>) -> BTreeSet<(Class, OperationId)> {
        let mut free = ready.iter().filter(|(_, id)| !self.is_busy(*id)).copied();
        // None of a class stands behind what is less urgent.
        let first = |most: Class| {
            let urgent = ready.iter().take_while(|(turn, _)| *turn <= most).copied();
            let is = |id: &OperationId| self.items.get(id).is_some_and(|it| it.class <= most);
            urgent.filter(|(_, id)| !self.is_busy(*id)).find(|(_, id)| is(id))
        };
        let firsts = [free.next(), first(Class::Excess), first(Class::Eject)];
        firsts.into_iter().flatten().collect()
    }

    /// Whether something is done to the same account.
    fn is_busy(&self, id: OperationId) -> bool {
        let Some(item) = self.items.get(&id) else { return false };
        let site = site(&item.operation);
        self.running.values().any(|running| *running == site)
    }

    fn begin<T>(&mut self, id: OperationId, turn: T) -> Option<Next<T>> {
        let item = self.items.get_mut(&id)?;
        item.attempts = item.attempts.saturating_add(1);
        let operation = Box::new(item.operation.clone());
        let next = Next::Begin { attempt: item.attempts, turn, operation };
        let site = site(&item.operation);
        if let Some(ready) = self.ready.get_mut(&site.1) {
            ready.remove(&(item.turn, id));
        }
        self.running.insert(id, site);
        Some(next)
    }

    /// What takes access away does not wait for what may not be written now
    /// and only comes before it by the order of the plan.  True when
    /// something became ready by that.
    fn overtake(&mut self, id: OperationId) -> bool {
        let mut freed = false;
        for follower in self.followers.get(&id).cloned().unwrap_or_default() {
            let Some(item) = self.items.get(&follower) else { continue };
            let Operation { after, prefer_after, .. } = &item.operation;
            let bound = after.contains(&id) || prefer_after.contains(&id);
            if bound || !item.class.takes_access() || !item.waits.contains(&id) {
                continue;
            }
            freed |= self.waits_less(follower, id);
        }
        self.slow(id);
        freed
    }

    /// As urgent as what still waits for it, and no more.
    fn slow(&mut self, id: OperationId) {
        let Some(item) = self.items.get(&id) else { return };
        let followers = self.followers.get(&id).into_iter().flatten();
        let waiting = followers.filter_map(|it| self.items.get(it));
        let waiting = waiting.filter(|it| it.waits.contains(&id)).map(|it| it.turn);
        let (before, turn) = (item.turn, waiting.chain([item.class]).min().unwrap_or(item.class));
        if before == turn {
            return;
        }
        if let Some(ready) = self.ready.get_mut(&item.operation.target)
            && ready.remove(&(before, id))
        {
            ready.insert((turn, id));
        }
        let waits = item.waits.clone();
        if let Some(item) = self.items.get_mut(&id) {
            item.turn = turn;
        }
        for earlier in waits {
            self.slow(earlier);
        }
    }

    fn wake(&mut self, now: Timestamp) {
        while let Some(first) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.remove(&first);
            self.make_ready(first.1);
        }
    }

    fn make_ready(&mut self, id: OperationId) {
        if let Some(item) = self.items.get(&id) {
            let ready = self.ready.entry(item.operation.target.clone()).or_default();
            ready.insert((item.turn, id));
        }
    }

    fn make_ready_if_free(&mut self, id: OperationId) -> bool {
        let free = self.items.get(&id).is_some_and(|item| item.waits.is_empty());
        if free {
            self.make_ready(id);
        }
        free
    }

    /// An attempt has ended without an end of the operation, which is tried
    /// again then.
    pub fn again(&mut self, id: OperationId, at: Timestamp) {
        self.tried(id);
        if self.items.contains_key(&id) {
            self.later.insert((at, id));
        }
    }

    /// An attempt has ended, however it did.
    fn tried(&mut self, id: OperationId) {
        self.running.remove(&id);
        if let Some(other) = self.beside.remove(&id) {
            self.waits_less(other, id);
        }
    }

    pub fn succeeded(&mut self, id: OperationId) {
        self.tried(id);
        self.take_out(id);
        for follower in self.followers.remove(&id).unwrap_or_default() {
            self.waits_less(follower, id);
        }
    }

    fn waits_less(&mut self, id: OperationId, before: OperationId) -> bool {
        let Some(item) = self.items.get_mut(&id) else { return false };
        item.waits.remove(&before) && self.make_ready_if_free(id)
    }

    fn take_out(&mut self, id: OperationId) {
        if let Some(item) = self.items.remove(&id)
            && let Some(ready) = self.ready.get_mut(&item.operation.target)
        {
            ready.remove(&(item.turn, id));
        }
        self.later.retain(|(_, later)| *later != id);
    }

    /// Takes out what depended on a failed operation.  A later one on the
    /// same account that did not name it in `after` still gets its turn: a
    /// failed update must not keep an account from being disabled.
    pub fn failed(&mut self, id: OperationId) -> Vec<Operation> {
        self.tried(id);
        self.take_out(id);
        let mut out = Vec::new();
        for follower in self.followers.remove(&id).unwrap_or_default() {
            let needs = self.items.get(&follower).map(|it| it.operation.after.contains(&id));
            if needs == Some(true) {
                let item = self.items.get(&follower);
                out.extend(item.map(|it| it.operation.clone()));
                let others = item.map(|it| it.waits.clone()).unwrap_or_default();
                out.extend(self.failed(follower));
                for other in others {
                    self.slow(other);
                }
            } else {
                self.waits_less(follower, id);
            }
        }
        out
    }

    /// Everything that has not ended and is not under way, and why.
    pub fn waiting(&self, now: Timestamp, gates: &impl Gates) -> Vec<Waiting> {
        let items = self.items.iter().filter(|(id, _)| !self.running.contains_key(id));
        items
            .map(|(id, item)| {
                let operation = item.operation.clone();
                let again = self.later.iter().find(|(_, later)| later == id).map(|(at, _)| *at);
                let shut = gates.shut(&operation.target, item.class, now);
                let reason = match (item.waits.first(), again, shut) {
                    (Some(first), _, _) => Reason::After(*first),
                    (None, _, Some(shut)) => Reason::Shut(shut),
                    (None, Some(at), None) => Reason::Again(at),
                    (None, None, None) => Reason::Turn,
                };
                Waiting { operation, reason }
            })
            .collect()
    }

    /// Everything that was not begun or not finished.
    pub fn rest(self) -> Vec<Operation> {
        self.items.into_values().map(|item| item.operation).collect()
    }

    pub fn is_done(&self) -> bool {
        self.items.is_empty()
    }
}

fn site(operation: &Operation) -> Site {
    (operation.identity, operation.target.clone())
}

/// Whoever is signed in is put out beside being disabled: as soon as that was
/// tried, so that nobody signs in between, and whatever became of it.
fn is_beside(operation: &Operation, previous: &Operation) -> bool {
    previous.change.kind() == OperationKind::Disable
        && operation.change.kind().is_about_credentials()
}
