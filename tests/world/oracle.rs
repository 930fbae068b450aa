//! What must hold, each property by its name.  The judge is what targets
//! hold, and what HR and people said; of the store only what the property
//! itself speaks of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard::{reconcile::Survey, store::Store as _};
use lanyard_core::{account::AccountState, obligation::Loss, operation::OperationKind};

use crate::{
    disk::now,
    node::{Node, Undone},
    play::{World, identity},
    record::Effect,
    schedule::{Hand, Mishap, Order},
    target::Target,
    truth::{DAY, GRACE, LIMIT, Row},
};

/// Clocks of nodes may be wrong by so much without being noticed.
const SLACK: SignedDuration = SignedDuration::from_mins(6);

/// What the engine may know of people.
#[derive(Default)]
pub(crate) struct Known {
    /// Every row that a source showed, since when.
    rows: BTreeMap<String, Vec<(Timestamp, Row)>>,
    /// Rows that may be what the engine goes by: the last that it took in,
    /// and those it was shown since.
    may_be: BTreeMap<String, Vec<Row>>,
    ejected: BTreeMap<String, Timestamp>,
    held: BTreeSet<String>,
    /// Since when a person releases what is too much at once.
    released: Option<Timestamp>,
    /// Effects that were judged, by target.
    judged: BTreeMap<&'static str, usize>,
}

impl Known {
    pub(crate) fn shown(&mut self, rows: Vec<Row>, at: Timestamp) {
        for row in rows {
            self.may_be.entry(row.key.clone()).or_default().push(row.clone());
            let before = self.rows.entry(row.key.clone()).or_default();
            if before.last().is_none_or(|(_, last)| *last != row) {
                before.push((at, row));
            }
        }
    }

    /// A look came to its end: what it was shown last is known.
    pub(crate) fn taken_in(&mut self) {
        for rows in self.may_be.values_mut() {
            rows.drain(..rows.len().saturating_sub(1));
        }
    }

    pub(crate) fn ordered(&mut self, key: &str, what: Order, at: Timestamp) {
        match what {
            Order::Eject => drop(self.ejected.entry(key.to_owned()).or_insert(at)),
            Order::Hold => drop(self.held.insert(key.to_owned())),
            Order::EndHold => drop(self.held.remove(key)),
        }
    }

    pub(crate) fn released(&mut self, at: Timestamp) {
        self.released = Some(at);
    }

    fn of(&self, anchor: Option<&String>) -> Option<&String> {
        let anchor = anchor?;
        self.rows.keys().find(|key| identity(key).to_string() == *anchor)
    }

    fn is_ejected(&self, key: &str, at: Timestamp) -> bool {
        self.ejected.get(key).is_some_and(|ejected| *ejected <= at)
    }

    fn in_force(&self, key: &str, at: Timestamp) -> Option<&Row> {
        let rows = self.rows.get(key)?;
        rows.iter().rev().find(|(since, _)| *since <= at).map(|(_, row)| row)
    }
}

/// P7, P8 and P18: what was taken away since this was last asked was to be
/// taken away, by what sources and people said, and was not too much.
pub(crate) fn removals(world: &mut World<'_>, began: Timestamp) {
    let air = &world.systems.air;
    for target in &world.systems.targets {
        let effects = target.effects();
        let judged = world.known.judged.insert(target.name(), effects.len()).unwrap_or(0);
        for effect in effects.iter().skip(judged).filter(|effect| effect.removes()) {
            let Some(key) = world.known.of(effect.anchor.as_ref()) else { continue };
            let why = unjustified(&world.known, target, key, effect, began);
            if let Some(why) = why {
                let Effect { verb, uid, .. } = effect;
                let text = format!("{verb} of {uid} at {} ({key}): {why}", target.name());
                air.broke("P8 no removal without a reason", text);
            }
            if effect.verb == "delete" && world.known.held.contains(key) {
                air.broke("P18 hold", format!("{} at {}", effect.uid, target.name()));
            }
            if let Some(text) = too_many(&world.known, target, &effects, effect) {
                air.broke("P7 removal bound", text);
            }
        }
    }
}

/// Why nothing that is known asks for it.
fn unjustified(
    known: &Known,
    target: &Target,
    key: &String,
    effect: &Effect,
    began: Timestamp,
) -> Option<String> {
    if known.is_ejected(key, effect.at) {
        return None;
    }
    let rows = known.may_be.get(key)?;
    let moments = [began, effect.at];
    let moments = moments.iter().flat_map(|at| [*at - SLACK, *at + SLACK]);
    let moments: Vec<Timestamp> = moments.collect();
    let asked = rows.iter().any(|row| {
        moments.iter().any(|at| {
            let wanted = row.wanted(target.name(), *at);
            match (effect.verb, &effect.group) {
                ("disable", _) => wanted.account != Some(AccountState::Active),
                ("delete", _) => lost_for_long(known, target, key, row, *at),
                (_, Some(group)) => !wanted.groups.contains(&group.as_str()),
                _ => false,
            }
        })
    });
    (!asked).then(|| format!("HR has {rows:?}"))
}

/// Nothing wanted the account for the whole grace.
fn lost_for_long(known: &Known, target: &Target, key: &str, row: &Row, at: Timestamp) -> bool {
    // Somebody who was to come and never did has nothing to wait for.
    if row.gone && at < crate::truth::midnight(row.start) {
        return true;
    }
    let steps = 12;
    (0..=steps).all(|step| {
        let then = at - GRACE * step / steps + SLACK;
        let wants = |row: &Row| row.wanted(target.name(), then).account.is_some();
        !wants(row) || known.in_force(key, then).is_some_and(|row| !wants(row))
    })
}

/// More accounts than may lost something within a day that ends with this.
fn too_many(known: &Known, target: &Target, effects: &[Effect], last: &Effect) -> Option<String> {
    if known.released.is_some_and(|released| last.at >= released) {
        return None;
    }
    let since = last.at - DAY + SLACK;
    let within = effects.iter().filter(|it| it.removes() && it.at > since && it.at <= last.at);
    let counted = within.filter(|it| {
        !known.of(it.anchor.as_ref()).is_some_and(|key| known.ejected.contains_key(key))
    });
    let who: BTreeSet<&String> = counted.filter_map(|it| it.anchor.as_ref()).collect();
    let count = who.len();
    (count > LIMIT).then(|| {
        format!("{count} accounts at {} lost something within a day, {LIMIT} may", target.name())
    })
}

/// P6: whoever has left is out of each account, or an obligation says that
/// they are not.
pub(crate) fn closure(world: &World<'_>, node: &Node, began: Timestamp) {
    let open: BTreeSet<(String, String)> = now(node.disk.obligations(false))
        .unwrap()
        .into_iter()
        .filter(|it| it.obligation.is_open())
        .map(|it| it.obligation.place)
        .filter(|place| matches!(place.loss, Loss::Disabled | Loss::Deleted))
        .map(|place| (place.target.to_string(), place.account.uid))
        .collect();
    let uncertain = uncertain(node);
    for (key, rows) in &world.known.may_be {
        // When it looked, by a clock that may be slow.
        let over = rows.iter().all(|row| row.is_over(began - SLACK));
        let makes_sense = rows.iter().all(|row| !row.is_no_life());
        let gone = (over && makes_sense) || world.known.is_ejected(key, began);
        if !gone {
            continue;
        }
        let anchor = identity(key).to_string();
        for target in world.systems.targets.iter().filter(|it| !unseen(world, it)) {
            for held in target.accounts() {
                let account = &held.account;
                let is_theirs = held.ours && account.anchor.as_ref() == Some(&anchor);
                if !is_theirs || account.state != AccountState::Active {
                    continue;
                }
                let name = target.name().to_owned();
                let place = (name.clone(), account.reference.uid.clone());
                if !open.contains(&place) && !uncertain.contains(&(name, anchor.clone())) {
                    let text = format!("{key} has left, and {place:?} is open to them");
                    world.systems.air.broke("P6 leaver closure", text);
                }
            }
        }
    }
}

/// Somebody enabled an account there, and nothing could be read since.
fn unseen(world: &World<'_>, target: &Target) -> bool {
    let enabled = world.schedule.mishaps.iter().any(|it| {
        let Mishap::ByHand { target: at, how: Hand::Enables, .. } = it else { return false };
        *at == target.name()
    });
    enabled && world.systems.air.is_dead(target.name())
}

/// Targets and people for whom nobody knows whether an account was made, or
/// which key it has by now.
fn uncertain(node: &Node) -> BTreeSet<(String, String)> {
    let unsettled = now(node.disk.unsettled(None)).unwrap().into_iter();
    let open = unsettled.filter(|it| {
        let kind = it.operation.change.kind();
        matches!(kind, OperationKind::Create | OperationKind::Update)
    });
    open.map(|it| (it.operation.target.to_string(), it.operation.identity.to_string())).collect()
}

/// P4: what a target made for us is ours by our books, or known to be
/// uncertain, once a run has come to its end.
pub(crate) fn linked(world: &World<'_>, node: &Node, survey: &Survey) {
    let links = now(node.disk.links()).unwrap();
    let uncertain = uncertain(node);
    for target in &world.systems.targets {
        let name = target.name();
        if survey.unread.keys().any(|unread| unread.as_str() == name) {
            continue;
        }
        for held in target.accounts().into_iter().filter(|held| held.ours) {
            let account = &held.account;
            let anchor = account.anchor.clone().unwrap_or_default();
            let known = links.iter().any(|link| {
                link.target.as_str() == name && link.account == account.reference && !link.gone
            });
            if !known && !uncertain.contains(&(name.to_owned(), anchor)) {
                let text = format!("{} at {name} was made by us", account.reference.uid);
                world.systems.air.broke("P4 no lost account", text);
            }
        }
    }
}

/// P22: what goes wrong at a target delays what is to be done at no other,
/// except what the file lets wait for it.
pub(crate) fn apart(world: &World<'_>, survey: &Survey, undone: &[Undone]) {
    let air = &world.systems.air;
    let planned = &survey.stored.plan.operations;
    let failed: BTreeSet<_> = undone.iter().map(|it| it.operation.id).collect();
    for Undone { operation, why } in undone {
        if !air.is_sound(operation.target.as_str()) {
            continue;
        }
        // Everything it waits for, over others.
        let mut before: BTreeSet<_> = operation.after.iter().copied().collect();
        for it in planned.iter().rev() {
            if before.contains(&it.id) {
                before.extend(it.after.iter().copied());
            }
        }
        let of_others =
            planned.iter().any(|it| before.contains(&it.id) && it.target != operation.target);
        let kind = operation.change.kind().word();
        if !of_others && !before.iter().any(|id| failed.contains(id)) {
            let text = format!("{kind} at {}, where nothing went wrong: {why}", operation.target);
            air.broke("P22 isolation", text);
        }
    }
}

/// P14: a listing that was complete by its own word showed everybody who was
/// there all the time.
pub(crate) fn paging(world: &World<'_>, node: &Node) {
    let observed = now(node.disk.observations()).unwrap();
    for target in &world.systems.targets {
        let Some(proven) = target.proven() else { continue };
        let seen = observed.iter().find(|(name, _)| name.as_str() == target.name());
        let accounts = seen.into_iter().flat_map(|(_, seen)| &seen.accounts);
        let seen: BTreeSet<&String> = accounts.map(|account| &account.reference.uid).collect();
        if let Some(uid) = proven.iter().find(|uid| !seen.contains(uid)) {
            let text = format!("{uid} was at {} all the time, and was not seen", target.name());
            world.systems.air.broke("P14 paging", text);
        }
    }
}

/// P1: everybody has what they should have, and nothing else that we gave.
pub(crate) fn converged(world: &World<'_>) {
    let at = world.time();
    for (key, rows) in &world.known.may_be {
        let Some(row) = rows.last().filter(|row| !row.is_no_life()) else { continue };
        unsaid(world, key, row, at);
        for target in &world.systems.targets {
            if let Some(text) = differs(&world.known, key, row, target, at) {
                let text = format!("{key} at {}: {text}", target.name());
                world.systems.air.broke("P1 convergence", text);
            }
        }
    }
}

/// Where no process ended early and no mail went wrong, somebody is told that
/// they have left.
fn unsaid(world: &World<'_>, key: &str, row: &Row, at: Timestamp) {
    let disturbed = world.schedule.mishaps.iter().any(|it| match it {
        Mishap::Crash { .. } | Mishap::Pause { .. } | Mishap::Skew { .. } => true,
        Mishap::Call { system, .. } => *system == "mail",
        _ => false,
    });
    let id = identity(key);
    let had_one = world.systems.targets.iter().flat_map(|target| target.effects());
    let had_one = had_one
        .into_iter()
        .any(|it| it.verb == "enable" && it.anchor.as_deref() == Some(id.to_string().as_str()));
    if !disturbed && row.is_over(at) && had_one && world.systems.post.about(id) == 0 {
        world.systems.air.broke("no step is lost", format!("nobody is told that {key} has left"));
    }
}

fn differs(known: &Known, key: &str, row: &Row, target: &Target, at: Timestamp) -> Option<String> {
    let anchor = identity(key).to_string();
    let theirs = target
        .accounts()
        .into_iter()
        .filter(|held| held.ours && held.account.anchor.as_ref() == Some(&anchor));
    let theirs: Vec<_> = theirs.collect();
    let mut wanted = row.wanted(target.name(), at);
    if known.ejected.contains_key(key) {
        (wanted.account, wanted.groups) = (None, Vec::new());
    }
    let Some(state) = wanted.account else {
        let open = theirs.iter().find(|held| held.account.state == AccountState::Active);
        return open.map(|held| format!("{} is open, and nothing asks for it", held.account.name));
    };
    let [held] = theirs.as_slice() else {
        return Some(format!("{} accounts in place of one", theirs.len()));
    };
    if held.account.state != state {
        return Some(format!("{} in place of {}", held.account.state.word(), state.word()));
    }
    let groups = target.groups(&held.account.reference.uid);
    let lacks = wanted.groups.iter().find(|group| !groups.contains(**group));
    lacks.map(|group| format!("{group} is not held"))
}
