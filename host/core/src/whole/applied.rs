//! What targets and our books hold once a plan is done, when every target
//! does what it is told and shows it at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Whole;
use crate::{
    account::{Account, AccountState, Assignment},
    forgetting::{Proof, Tombstone},
    id::{ConnectorName, OperationId},
    identity::Assembled,
    observed::{Ended, HeldName, Link, Observed, Origin, OwnedGrant},
    operation::{AccountPointer, Change, CredentialVerb, Operation},
    plan::{Adoption, Plan, PlanSettings, adopted_link},
    schema::{DeleteKind, Returned},
    value::{Attribute, ObjectRef, ValueChange},
};

/// Keys that renames gave, where keys follow names.
type Renamed = BTreeMap<(ConnectorName, ObjectRef), ObjectRef>;

/// The world after those operations of a plan that are `done`.
pub fn applied(
    observed: &Observed,
    plan: &Plan,
    done: impl Fn(OperationId) -> bool,
    now: Timestamp,
) -> Observed {
    let settings = PlanSettings {
        targets: BTreeMap::new(),
        spoken: BTreeMap::new(),
        revoke_grants: true,
        overlap: SignedDuration::ZERO,
        retain: None,
    };
    let mut whole = Whole::new(&settings, Assembled::default(), observed.clone());
    whole.apply(plan, done, now);
    whole.into_observed()
}

impl Whole {
    /// Takes those operations of a plan that are `done` for carried out, and
    /// its claims for ours.  What stays for a while is remembered.
    pub fn apply(&mut self, plan: &Plan, done: impl Fn(OperationId) -> bool, now: Timestamp) {
        for Adoption { identity, target, account, .. } in &plan.adopted {
            let known = |link: &Link| link.target == *target && link.account == *account;
            if !self.links_of(*identity).any(known) {
                self.link(adopted_link(*identity, target, account));
            }
        }
        self.books.adopting.clear();
        self.books.ledger.extend(plan.claims.iter().cloned());
        for (grant, since) in &plan.overlaps {
            match since {
                Some(since) => self.books.kept.unwanted_grants.insert(grant.clone(), *since),
                None => self.books.kept.unwanted_grants.remove(grant),
            };
        }
        let mut renamed = Renamed::new();
        for operation in plan.operations.iter().filter(|it| done(it.id)) {
            self.carry_out(operation, &mut renamed, now);
        }
        for erasure in &plan.erasures {
            let tombstone = Tombstone {
                at: now,
                by: String::new(),
                ordered: false,
                departed: Some(erasure.departed),
                reason: None,
                sources: BTreeSet::new(),
                started: None,
            };
            self.erase(erasure.identity, tombstone);
        }
    }

    fn carry_out(&mut self, operation: &Operation, renamed: &mut Renamed, now: Timestamp) {
        let target = &operation.target;
        let called = |it: &ObjectRef| renamed.get(&(target.clone(), it.clone())).cloned();
        let change = match operation.change.account().and_then(called) {
            Some(key) => operation.change.clone().about(&key),
            None => operation.change.clone(),
        };
        match &change {
            Change::Create { .. } => self.create(operation, &change, now),
            Change::Update { account, name, .. } => {
                if name.is_some() {
                    self.hold_name(target, account, now);
                }
                self.update(target, &change);
                self.follow_name(target, account, &change, renamed);
            }
            Change::Enable { account } => self.turn(target, account, None),
            Change::Disable { account } => self.turn(target, account, Some(now)),
            Change::Delete { account } => self.delete(target, account, now),
            Change::Grant { holder, entitlement, relation, .. } => {
                let holder = match holder {
                    AccountPointer::Known(holder) => holder.clone(),
                    AccountPointer::Created { .. } => {
                        let Some(made) = self.made(operation) else { return };
                        made
                    }
                };
                self.grant(target, holder, entitlement, relation);
            }
            Change::Revoke { holder, entitlement, .. } => self.revoke(target, holder, entitlement),
            Change::Credentials { account, verb } => self.end(target, account, *verb, now),
        }
    }

    fn create(&mut self, operation: &Operation, change: &Change, now: Timestamp) {
        let Change::Create { object_type, name, anchor, attributes, state } = change else {
            return;
        };
        let before = self.links_of(operation.identity).filter(|it| it.target == operation.target);
        let before = before.count();
        let Some(place) = self.places.get_mut(&operation.target) else { return };
        let def = place.frame().schema.object(object_type);
        let shown = |it: &&Attribute| {
            let attribute = def.and_then(|def| def.attribute(&it.name));
            attribute.is_none_or(|attribute| attribute.returned != Returned::Never)
        };
        let reference = new_key(operation, object_type, before);
        let account = Account {
            reference: reference.clone(),
            revision: None,
            name: name.clone(),
            anchor: Some(anchor.clone()),
            state: *state,
            state_until: None,
            last_used: None,
            attributes: attributes.iter().filter(shown).cloned().collect(),
        };
        place.add(account);
        let disabled = *state == AccountState::Disabled;
        self.link(Link {
            identity: operation.identity,
            target: operation.target.clone(),
            account: reference,
            origin: Origin::Created,
            disabled_since: disabled.then_some(now),
            unproven: false,
            was_enabled: !disabled,
            unwanted_since: None,
            gone: false,
            ended: Ended::default(),
        });
    }

    /// The account that was made last for the same identity at the target.
    fn made(&self, operation: &Operation) -> Option<ObjectRef> {
        let here = self.links_of(operation.identity).filter(|it| it.target == operation.target);
        here.last().map(|link| link.account.clone())
    }

    fn update(&mut self, target: &ConnectorName, change: &Change) {
        let Change::Update { account, name, anchor, attributes, .. } = change else { return };
        let Some(place) = self.places.get_mut(target) else { return };
        place.change(account, |there| {
            if let Some(name) = name {
                there.name.clone_from(name);
            }
            if let Some(anchor) = anchor {
                there.anchor = Some(anchor.clone());
            }
            for change in attributes {
                set(there, &change.name, &change.change);
            }
        });
    }

    /// Where keys follow names, a rename gives another key.
    fn follow_name(
        &mut self,
        target: &ConnectorName,
        account: &ObjectRef,
        change: &Change,
        renamed: &mut Renamed,
    ) {
        let Change::Update { name: Some(name), .. } = change else { return };
        let Some(place) = self.places.get_mut(target) else { return };
        if place.frame().gives_keys_once(&account.object_type) {
            return;
        }
        let to = ObjectRef { uid: format!("named-{name}"), ..account.clone() };
        let links: Vec<usize> = place.links(account).collect();
        place.rekey(account, &to);
        for link in links {
            if let Some(link) = self.books.links.get_mut(link) {
                link.account.clone_from(&to);
            }
        }
        let owned: Vec<OwnedGrant> = self.owned(target, account).cloned().collect();
        for grant in owned {
            let since = self.forget(&grant);
            let grant = OwnedGrant { holder: to.clone(), ..grant };
            if let Some(since) = since {
                self.books.kept.unwanted_grants.insert(grant.clone(), since);
            }
            self.books.ledger.insert(grant);
        }
        renamed.insert((target.clone(), account.clone()), to);
    }

    /// Enables an account, or disables it since then.
    fn turn(&mut self, target: &ConnectorName, account: &ObjectRef, since: Option<Timestamp>) {
        let state = if since.is_some() { AccountState::Disabled } else { AccountState::Active };
        let Some(place) = self.places.get_mut(target) else { return };
        place.change(account, |there| {
            // A state that is not told is not told afterwards.
            if there.state != AccountState::Unknown {
                there.state = state;
            }
        });
        for link in place.links(account) {
            if let Some(link) = self.books.links.get_mut(link) {
                link.disabled_since = since;
                link.unproven = false;
                link.was_enabled |= since.is_none();
            }
        }
    }

    fn end(
        &mut self,
        target: &ConnectorName,
        account: &ObjectRef,
        verb: CredentialVerb,
        now: Timestamp,
    ) {
        let Some(place) = self.places.get_mut(target) else { return };
        for link in place.links(account) {
            if let Some(link) = self.books.links.get_mut(link) {
                link.ended = link.ended.by(verb, now);
            }
        }
    }

    /// The account has a password of ours.
    pub(crate) fn password_set(
        &mut self,
        target: &ConnectorName,
        account: &ObjectRef,
        at: Timestamp,
    ) {
        let Some(place) = self.places.get_mut(target) else { return };
        for link in place.links(account) {
            if let Some(link) = self.books.links.get_mut(link) {
                link.ended.password = Some(at);
            }
        }
    }

    fn delete(&mut self, target: &ConnectorName, account: &ObjectRef, now: Timestamp) {
        self.hold_name(target, account, now);
        let Some(place) = self.places.get_mut(target) else { return };
        let def = place.frame().schema.object(&account.object_type);
        match def.map_or(DeleteKind::Hard, |def| def.capabilities.delete_kind) {
            DeleteKind::SoftDays(_) => {
                place.change(account, |there| there.state = AccountState::SoftDeleted);
            }
            DeleteKind::SameAsDisable => {
                place.change(account, |there| there.state = AccountState::Disabled);
                self.turn(target, account, Some(now));
            }
            DeleteKind::Hard => {
                place.take(account);
                place.assignments.remove(account);
                for link in place.links(account) {
                    if let Some(link) = self.books.links.get_mut(link) {
                        link.gone = true;
                    }
                }
                let key = (target.clone(), account.clone());
                self.books.forgetting.gone.insert(key, Proof::Proven);
                let owned: Vec<OwnedGrant> = self.owned(target, account).cloned().collect();
                for grant in owned {
                    self.forget(&grant);
                }
            }
        }
    }

    fn grant(
        &mut self,
        target: &ConnectorName,
        holder: ObjectRef,
        entitlement: &ObjectRef,
        relation: &str,
    ) {
        let Some(place) = self.places.get_mut(target) else { return };
        let (entitlement, relation) = (entitlement.clone(), relation.to_owned());
        place.assignments.entry(holder.clone()).or_default().push(Assignment {
            holder: holder.clone(),
            entitlement: entitlement.clone(),
            relation: relation.clone(),
            direct: true,
        });
        let target = target.clone();
        self.books.ledger.insert(OwnedGrant { target, holder, entitlement, relation });
    }

    fn revoke(&mut self, target: &ConnectorName, holder: &ObjectRef, entitlement: &ObjectRef) {
        let Some(place) = self.places.get_mut(target) else { return };
        if let Some(held) = place.assignments.get_mut(holder) {
            held.retain(|it| !it.direct || it.entitlement != *entitlement);
        }
        let owned = self.owned(target, holder).filter(|it| it.entitlement == *entitlement);
        let owned: Vec<OwnedGrant> = owned.cloned().collect();
        for grant in owned {
            self.forget(&grant);
        }
    }
}

impl Whole {
    /// A grant is no longer ours; since when nothing gave it, if that was so.
    fn forget(&mut self, grant: &OwnedGrant) -> Option<Timestamp> {
        self.books.ledger.remove(grant);
        self.books.kept.unwanted_grants.remove(grant)
    }

    /// Whoever has an account had its name until now.
    fn hold_name(&mut self, target: &ConnectorName, account: &ObjectRef, now: Timestamp) {
        let Some(place) = self.places.get(target) else { return };
        let Some(there) = place.accounts.get(account) else { return };
        let links = place.links(account).filter_map(|it| self.books.links.get(it));
        let held = links.filter(|link| !link.gone).map(|link| HeldName {
            name: there.name.clone(),
            identity: link.identity,
            last_seen: now,
        });
        let held: Vec<HeldName> = held.collect();
        let names = self.books.names.entry(target.clone()).or_default();
        for name in held {
            names.retain(|it| it.identity != name.identity || it.name != name.name);
            names.push(name);
        }
    }
}

/// Any key will do that no account has or had.
fn new_key(operation: &Operation, object_type: &str, before: usize) -> ObjectRef {
    let uid = format!("new-{}-{}", operation.identity, operation.target);
    let uid = if before == 0 { uid } else { format!("{uid}-{before}") };
    ObjectRef { object_type: object_type.to_owned(), uid }
}

fn set(account: &mut Account, name: &str, change: &ValueChange) {
    let place = account.attributes.iter().position(|it| it.name == name);
    let place = place.unwrap_or_else(|| {
        account.attributes.push(Attribute::new(name, Vec::new()));
        account.attributes.len().saturating_sub(1)
    });
    let Some(attribute) = account.attributes.get_mut(place) else { return };
    match change {
        ValueChange::Replace(values) => attribute.values.clone_from(values),
        ValueChange::Modify { add, remove } => {
            attribute.values.retain(|it| !remove.contains(it));
            attribute.values.extend(add.iter().cloned());
        }
    }
}
