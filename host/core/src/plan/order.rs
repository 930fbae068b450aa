//! The order of a plan: leavers lose access first, and nobody waits for
//! anybody else.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanSettings, outline::Draft};
use crate::{
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Change, Event, Operation, OperationKind},
    value::ObjectRef,
};

/// How far down the `after` lists a target is.
type Depths<'a> = BTreeMap<&'a ConnectorName, usize>;

/// Numbers the drafts and ties those of one identity together.
///
/// The order of the input does not matter.
pub(super) fn ordered(settings: &PlanSettings<'_>, drafts: Vec<Draft>) -> Vec<Operation> {
    let depths = depths(settings);
    let mut placed: Vec<(Place, Draft)> =
        drafts.into_iter().map(|draft| (place(&draft, &depths), draft)).collect();
    placed.sort_by(|(left, _), (right, _)| left.cmp(right));

    let mut operations: Vec<Operation> = Vec::with_capacity(placed.len());
    let mut earlier: BTreeMap<IdentityId, Vec<OperationId>> = BTreeMap::new();
    for (id, (_, draft)) in (0..).map(OperationId).zip(placed) {
        let Draft { identity, target, change, event, causes } = draft;
        let mut operation = Operation {
            id,
            identity,
            target,
            change,
            after: Vec::new(),
            prefer_after: Vec::new(),
            event,
            causes,
        };
        let own = earlier.entry(identity).or_default();
        for before in own.iter().filter_map(|id| operations.get(usize::try_from(id.0).ok()?)) {
            if waits(settings, &operation, before) {
                operation.after.push(before.id);
            } else if prefers(settings, &operation, before) {
                operation.prefer_after.push(before.id);
            }
        }
        own.push(id);
        operations.push(operation);
    }
    operations
}

/// Sort key: the fields in order of weight.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    phase: u8,
    identity: IdentityId,
    /// Give, close, take, delete.
    stage: u8,
    /// Place of the target, first account first; the other way round for
    /// deletes.
    depth: usize,
    target: ConnectorName,
    step: OperationKind,
    account: Option<ObjectRef>,
    entitlement: Option<ObjectRef>,
    relation: String,
}

fn place(draft: &Draft, depths: &Depths<'_>) -> Place {
    let kind = draft.change.kind();
    let phase = match (draft.event, kind) {
        (Event::Eject, kind) if closes(kind) => 0,
        (Event::Eject, OperationKind::Revoke) => 1,
        (Event::Leaver, kind) if closes(kind) => 2,
        (Event::Leaver, OperationKind::Revoke) => 3,
        _ => 4,
    };
    let stage = match kind {
        OperationKind::Create
        | OperationKind::Update
        | OperationKind::Enable
        | OperationKind::Grant => 0,
        OperationKind::Disable | OperationKind::EndSessions | OperationKind::RevokeCredentials => 1,
        OperationKind::Revoke => 2,
        OperationKind::Delete => 3,
    };
    let depth = depths.get(&draft.target).copied().unwrap_or_default();
    let (entitlement, relation) = match &draft.change {
        Change::Grant { entitlement, relation, .. }
        | Change::Revoke { entitlement, relation, .. } => {
            (Some(entitlement.clone()), relation.clone())
        }
        _ => (None, String::new()),
    };
    Place {
        phase,
        identity: draft.identity,
        stage,
        depth: if kind == OperationKind::Delete {
            depths.len().saturating_sub(depth)
        } else {
            depth
        },
        target: draft.target.clone(),
        step: kind,
        account: draft.change.account().cloned(),
        entitlement,
        relation,
    }
}

/// Whether it keeps somebody out, of whatever they hold.
fn closes(kind: OperationKind) -> bool {
    kind == OperationKind::Disable || kind.is_about_credentials()
}

/// Whether `operation` has to wait for `before`, which comes earlier and is
/// of the same identity.
fn waits(settings: &PlanSettings<'_>, operation: &Operation, before: &Operation) -> bool {
    use OperationKind::{Create, Delete, Disable, Enable, Grant, Revoke, Update};
    let same_target = operation.target == before.target;
    let follows = |one: &Operation, other: &Operation| {
        settings.targets.get(&one.target).is_some_and(|it| it.after.contains(&other.target))
    };
    match (operation.change.kind(), before.change.kind()) {
        (Create, Create) => follows(operation, before),
        (Update | Enable | Grant, Create) => same_target,
        // The old is taken after the new is given, which the order of the plan
        // says; it does not need it: nobody keeps what nothing gives because
        // something else cannot be given.
        (Enable | Grant, Update)
        | (Grant, Enable)
        | (Revoke, Disable)
        | (Delete, Disable | Revoke) => same_target && same_account(operation, before),
        (Delete, Delete) => follows(before, operation),
        _ => false,
    }
}

/// Whether `operation` comes after `before` where both can be done.
fn prefers(settings: &PlanSettings<'_>, operation: &Operation, before: &Operation) -> bool {
    let follows = |one: &Operation, other: &Operation| {
        let settings = settings.targets.get(&one.target);
        settings.is_some_and(|it| it.prefer_after.contains(&other.target))
    };
    match (operation.change.kind(), before.change.kind()) {
        (OperationKind::Create, OperationKind::Create) => follows(operation, before),
        (OperationKind::Delete, OperationKind::Delete) => follows(before, operation),
        _ => false,
    }
}

fn same_account(one: &Operation, other: &Operation) -> bool {
    one.change.account() == other.change.account()
}

/// Longest way down the `after` lists; a circle, which the file's check
/// refuses, is cut where it closes.
fn depths<'a>(settings: &PlanSettings<'a>) -> Depths<'a> {
    fn depth<'a>(
        target: &'a ConnectorName,
        settings: &PlanSettings<'a>,
        way: &mut BTreeSet<&'a ConnectorName>,
        known: &mut Depths<'a>,
    ) -> usize {
        if let Some(known) = known.get(target) {
            return *known;
        }
        if !way.insert(target) {
            return 0;
        }
        let here = settings.targets.get(target);
        let before = here.into_iter().flat_map(|it| it.after.iter().chain(it.prefer_after));
        let deepest = before.map(|it| depth(it, settings, way, known) + 1).max();
        way.remove(target);
        known.insert(target, deepest.unwrap_or_default());
        deepest.unwrap_or_default()
    }
    let mut known = Depths::new();
    for target in settings.targets.keys() {
        depth(target, settings, &mut BTreeSet::new(), &mut known);
    }
    known
}
