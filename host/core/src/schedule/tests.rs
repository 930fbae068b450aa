mod hours;
mod laws;
mod order;
mod pacing;
mod throttled;
mod urgency;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Class, Gates, Next, Pace, Pacing, Queue, Shut, Turn};
use crate::{
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Change, Event, Operation},
    plan::Plan,
    value::ObjectRef,
};

/// Targets by their pace; others are called at any time.
#[derive(Default)]
struct Paces(BTreeMap<ConnectorName, Pace>);

impl Gates for Paces {
    type Turn = Option<(ConnectorName, Turn)>;

    fn enter(
        &mut self,
        target: &ConnectorName,
        class: Class,
        now: Timestamp,
    ) -> Result<Self::Turn, Shut> {
        let Some(pace) = self.0.get_mut(target) else { return Ok(None) };
        Ok(Some((target.clone(), pace.enter(Some(class), now)?)))
    }

    fn shut(&self, target: &ConnectorName, class: Class, now: Timestamp) -> Option<Shut> {
        self.0.get(target)?.shut(Some(class), now)
    }
}

impl Paces {
    fn of(paces: impl IntoIterator<Item = (&'static str, Pacing)>) -> Self {
        let paces = paces.into_iter();
        Self(paces.map(|(name, pacing)| (target(name), Pace::new(pacing))).collect())
    }
}

fn target(name: &str) -> ConnectorName {
    name.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn millis(ms: i64) -> SignedDuration {
    SignedDuration::from_millis(ms)
}

fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

/// Somebody's account at a target is enabled.
fn operation(id: u32, who: &str, target: &str, event: Event) -> Operation {
    let target = self::target(target);
    Operation {
        id: OperationId(id),
        identity: IdentityId::first_seen(&self::target("hr"), who),
        target,
        change: Change::Enable { account: user(who) },
        after: Vec::new(),
        prefer_after: Vec::new(),
        event,
        causes: Vec::new(),
    }
}

fn disable(id: u32, who: &str, target: &str, event: Event) -> Operation {
    let change = Change::Disable { account: user(who) };
    Operation { change, ..operation(id, who, target, event) }
}

fn queue(operations: Vec<Operation>) -> Queue {
    Queue::new(&Plan { operations, ..Plan::default() }, &[].into())
}

/// What begins now at targets that take so many at once.
fn begun(queue: &mut Queue, now: Timestamp, room: u32, paces: &mut Paces) -> Vec<u32> {
    let mut begun = Vec::new();
    while let Next::Begin { operation, .. } = queue.next(now, |_| room, paces) {
        begun.push(operation.id.0);
    }
    begun
}
