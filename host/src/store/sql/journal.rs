//! The journal of runs: events are what is kept, states follow from them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    guard::Lately,
    id::{ConnectorName, Digest, OperationId},
    operation::{Change, Operation, OperationKind},
    recorded::{Recorded, recorded},
    run::{OperationEvent, OperationState},
};

use super::{
    Sql, accounts, audit,
    columns::{At, Json, Word, object},
    credentials,
    problem::Problem,
    values,
};
use crate::store::{Answer, AuditEntry, Effect, Intent, RunId, StoreError, Unsettled};

/// Both have an index of their own: neither grows with what is settled.
pub(in crate::store) const UNSETTLED: &str = "SELECT run, body, key, attempt, epoch, sent_at, state
     FROM operation
     WHERE phase IN ('sent', 'uncertain', 'unfinished') AND (phase = 'uncertain' OR run IS DISTINCT FROM $1)
     ORDER BY run, operation";
pub(in crate::store) const DONE: &str = "SELECT target, kind, object_type, uid,
         entitlement_type, entitlement_uid
     FROM operation
     WHERE kind IN ('create', 'grant', 'disable', 'delete', 'revoke', 'end-sessions',
             'revoke-credentials')
         AND done_at IS NOT NULL AND done_at >= $1
         AND event <> 'eject'";

/// An operation as it stands in the journal.
struct Standing {
    state: OperationState,
    attempt: u32,
    epoch: u64,
    /// It gives its account another name.
    renames: bool,
}

pub(super) fn intend(tx: &mut dyn Sql, intent: &Intent) -> Result<(), Problem> {
    let Intent { run, operation, key, attempt, epoch, permission, plugin, at } = intent;
    let fenced = || StoreError::Stale { run: run.0, operation: operation.id, epoch: *epoch };
    if *epoch < epoch_of_run(tx, *run)? || latest_epoch(tx, key)?.is_some_and(|last| *epoch < last)
    {
        return Err(fenced().into());
    }
    let standing = standing(tx, *run, operation.id)?;
    if standing.as_ref().is_some_and(|standing| *epoch < standing.epoch) {
        return Err(fenced().into());
    }
    let event = OperationEvent::Intended { attempt: *attempt };
    let before = standing.map_or(OperationState::Waiting, |standing| standing.state);
    let renames = matches!(operation.change, Change::Update { name: Some(_), .. });
    let state = next(&before, &event, *run, operation.id)?;
    let sent = Standing { state, attempt: *attempt, epoch: *epoch, renames };
    keep(tx, intent, &sent)?;
    append(tx, (*run, operation.id), &sent, &event, Some((permission, plugin)), *at)
}

fn keep(tx: &mut dyn Sql, intent: &Intent, sent: &Standing) -> Result<(), Problem> {
    let Intent { run, operation, key, at, .. } = intent;
    let (kind, account) = (operation.change.kind(), operation.change.account());
    let entitlement = match &operation.change {
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => Some(entitlement),
        _ => None,
    };
    tx.execute(
        "INSERT INTO operation (run, operation, identity, target, kind, removes, object_type, uid,
             body, key, attempt, epoch, sent_at, phase, state, event, renames, entitlement_type,
             entitlement_uid)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19)
         ON CONFLICT (run, operation) DO UPDATE SET key = excluded.key,
             attempt = excluded.attempt, epoch = excluded.epoch, sent_at = excluded.sent_at,
             phase = excluded.phase, state = excluded.state",
        values![
            run.0,
            operation.id.0,
            operation.identity.to_string(),
            operation.target.as_str(),
            kind.word(),
            kind.removes(),
            account.map(|it| &it.object_type),
            account.map(|it| &it.uid),
            Json(operation),
            key,
            sent.attempt,
            sent.epoch,
            At(*at),
            phase(&sent.state, sent.renames),
            Json(&sent.state),
            operation.event.word(),
            sent.renames,
            entitlement.map(|it| &it.object_type),
            entitlement.map(|it| &it.uid)
        ],
    )?;
    Ok(())
}

pub(super) fn answer(tx: &mut dyn Sql, answer: &Answer) -> Result<(), Problem> {
    let Answer { run, operation, epoch, event, effects, audit, at } = answer;
    let standing = standing(tx, *run, *operation)?
        .filter(|standing| standing.epoch == *epoch)
        .ok_or(StoreError::Stale { run: run.0, operation: *operation, epoch: *epoch })?;
    if matches!(event, OperationEvent::Intended { .. }) {
        return Err(Problem::Refused("an intent is not an answer".to_owned()));
    }
    let state = next(&standing.state, event, *run, *operation)?;
    let done_at = matches!(state, OperationState::Done { .. }).then_some(At(*at));
    tx.execute(
        "UPDATE operation SET phase = $3, state = $4, done_at = $5
         WHERE run = $1 AND operation = $2",
        values![run.0, operation.0, phase(&state, standing.renames), Json(&state), done_at],
    )?;
    append(tx, (*run, *operation), &standing, event, None, *at)?;
    for effect in effects {
        accounts::apply(tx, effect, *at)?;
    }
    let mut audit = audit.clone();
    if audit.account.is_none() {
        // What was created has a key only now.
        audit.account = effects.iter().find_map(|effect| match effect {
            Effect::Linked(link) => Some(link.account.clone()),
            _ => None,
        });
    }
    say_what_was_sent(tx, (*run, *operation), done_at.is_some(), &mut audit)?;
    audit::append(tx, &audit)
}

/// Digests of what was sent, and where it had its effect of what that
/// changed.
fn say_what_was_sent(
    tx: &mut dyn Sql,
    (run, operation): (RunId, OperationId),
    done: bool,
    audit: &mut AuditEntry,
) -> Result<(), Problem> {
    let (Json(sent), key, salt): (Json<Operation>, String, String) = tx.one(
        "SELECT body, key, (SELECT salt FROM salt) FROM operation
         WHERE run = $1 AND operation = $2",
        values![run.0, operation.0],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Recorded { request, before, after } = recorded(&salt, &key, &sent)?;
    audit.detail.insert("request".to_owned(), request.to_string());
    if let Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } = &sent.change {
        audit.detail.insert("entitlement id".to_owned(), entitlement.uid.clone());
    }
    let changed = [("before", before), ("after", after)];
    for (name, what) in changed.into_iter().filter(|_| done) {
        audit.detail.extend(what.map(|what| (name.to_owned(), what)));
    }
    Ok(())
}

fn next(
    state: &OperationState,
    event: &OperationEvent,
    run: RunId,
    operation: OperationId,
) -> Result<OperationState, StoreError> {
    state.next(event).map_err(|transition| StoreError::Illegal {
        run: run.0,
        operation,
        transition,
    })
}

/// The word by which open operations are found.  There may be more to a
/// rename than the account shows: one that waits for another attempt is found.
fn phase(state: &OperationState, renames: bool) -> &'static str {
    match state {
        OperationState::Waiting => "waiting",
        OperationState::Sent { .. } => "sent",
        OperationState::Uncertain { .. } => "uncertain",
        OperationState::RetryAt { .. } if renames => "unfinished",
        OperationState::RetryAt { .. } => "retry-at",
        OperationState::Done { .. } => "done",
        OperationState::Parked { .. } => "parked",
    }
}

fn epoch_of_run(tx: &mut dyn Sql, run: RunId) -> Result<u64, Problem> {
    tx.optional("SELECT epoch FROM run WHERE id = $1", values![run.0], |row| row.get(0))?
        .ok_or_else(|| Problem::Refused(format!("there is no run {}", run.0)))
}

/// The epoch of the latest intent with a key.
pub(super) fn latest_epoch(tx: &mut dyn Sql, key: &str) -> Result<Option<u64>, Problem> {
    tx.optional(
        "SELECT epoch FROM operation WHERE key = $1 ORDER BY epoch DESC LIMIT 1",
        values![key],
        |row| row.get(0),
    )
}

fn standing(
    tx: &mut dyn Sql,
    run: RunId,
    operation: OperationId,
) -> Result<Option<Standing>, Problem> {
    tx.optional(
        "SELECT state, attempt, epoch, renames
             FROM operation WHERE run = $1 AND operation = $2",
        values![run.0, operation.0],
        |row| {
            Ok(Standing {
                state: row.get::<Json<_>>(0)?.0,
                attempt: row.get(1)?,
                epoch: row.get(2)?,
                renames: row.get(3)?,
            })
        },
    )
}

fn append(
    tx: &mut dyn Sql,
    (run, operation): (RunId, OperationId),
    standing: &Standing,
    event: &OperationEvent,
    call: Option<(&Digest, &Digest)>,
    at: Timestamp,
) -> Result<(), Problem> {
    tx.execute(
        "INSERT INTO operation_event
             (run, operation, position, attempt, epoch, event, permission, plugin, at)
         VALUES ($1, $2, (SELECT coalesce(max(position), 0) + 1 FROM operation_event
             WHERE run = $1 AND operation = $2), $3, $4, $5, $6, $7, $8)",
        values![
            run.0,
            operation.0,
            standing.attempt,
            standing.epoch,
            Json(event),
            call.map(|(permission, _)| permission.as_str()),
            call.map(|(_, plugin)| plugin.as_str()),
            At(at)
        ],
    )?;
    Ok(())
}

pub(super) fn unsettled(
    tx: &mut dyn Sql,
    current: Option<RunId>,
) -> Result<Vec<Unsettled>, Problem> {
    tx.all(UNSETTLED, values![current.map(|run| run.0)], |row| {
        Ok(Unsettled {
            run: RunId(row.get(0)?),
            operation: row.get::<Json<_>>(1)?.0,
            key: row.get(2)?,
            attempt: row.get(3)?,
            epoch: row.get(4)?,
            sent_at: row.get::<At>(5)?.0,
            state: row.get::<Json<_>>(6)?.0,
        })
    })
}

pub(super) fn done_since(tx: &mut dyn Sql, since: Timestamp) -> Result<Lately, Problem> {
    let statement = DONE;
    let mut lately = Lately::default();
    tx.each(statement, values![At(since)], &mut |row| {
        let target = row.get::<Word<ConnectorName>>(0)?.0;
        let kind: String = row.get(1)?;
        let account = row.get::<Option<String>>(3)?.map(|_| object(row, 2)).transpose()?;
        if kind == OperationKind::Create.word() {
            *lately.created.entry(target.clone()).or_default() += 1;
        }
        if row.get::<Option<String>>(5)?.is_some() {
            let here = lately.granted.entry(target.clone()).or_default();
            *here.entry(object(row, 4)?).or_default() += 1;
        }
        let Some(account) = account else { return Ok(()) };
        if kind == OperationKind::Disable.word() {
            lately.disabled.entry(target.clone()).or_default().insert(account.clone());
        }
        if kind != OperationKind::Grant.word() && kind != OperationKind::Create.word() {
            lately.removed.entry(target).or_default().insert(account);
        }
        Ok(())
    })?;
    lately.passwords = credentials::passwords_since(tx, since)?;
    Ok(lately)
}

pub(super) fn states(
    tx: &mut dyn Sql,
    run: RunId,
) -> Result<BTreeMap<OperationId, OperationState>, Problem> {
    tx.all("SELECT operation, state FROM operation WHERE run = $1", values![run.0], |row| {
        Ok((OperationId(row.get(0)?), row.get::<Json<_>>(1)?.0))
    })
}

/// Replays every event and compares with the stored states.
pub(in crate::store) fn verify(tx: &mut dyn Sql) -> Result<u64, Problem> {
    let mut replayed: BTreeMap<(RunId, OperationId), OperationState> = BTreeMap::new();
    let statement =
        "SELECT run, operation, event FROM operation_event ORDER BY run, operation, position";
    tx.each(statement, &[], &mut |row| {
        let (run, operation) = (RunId(row.get(0)?), OperationId(row.get(1)?));
        let state = replayed.entry((run, operation)).or_insert(OperationState::Waiting);
        *state = next(state, &row.get::<Json<_>>(2)?.0, run, operation)?;
        Ok(())
    })?;
    let statement = "SELECT run, operation, state FROM operation";
    let mut count = 0_u64;
    tx.each(statement, &[], &mut |row| {
        let (run, operation) = (RunId(row.get(0)?), OperationId(row.get(1)?));
        if replayed.get(&(run, operation)) != Some(&row.get::<Json<_>>(2)?.0) {
            return Err(StoreError::Damaged(format!(
                "operation {operation} of run {} is not in the state its journal leads to",
                run.0
            ))
            .into());
        }
        count = count.saturating_add(1);
        Ok(())
    })?;
    Ok(count)
}
