//! Losses of access that are due.

use lanyard_core::{
    id::{ConnectorName, IdentityId},
    obligation::{Closed, Heard, Obligation, Place},
    value::ObjectRef,
};

use super::{
    Sql, audit,
    columns::{At, Json},
    problem::Problem,
    union::ByNow,
    values,
};
use crate::store::{AuditEntry, KeptObligation, Owing};

/// The latest of each place, or all there ever were.
pub(super) fn list(tx: &mut dyn Sql, all: bool) -> Result<Vec<KeptObligation>, Problem> {
    let sql = if all {
        "SELECT number, body FROM obligation ORDER BY number"
    } else {
        "SELECT number, body FROM obligation WHERE number IN
             (SELECT max(number) FROM obligation GROUP BY target, object_type, uid, loss)
         ORDER BY number"
    };
    let by_now = ByNow::of(tx)?;
    tx.all(sql, &[], |row| {
        let mut obligation: Obligation = row.get::<Json<_>>(1)?.0;
        obligation.identity = by_now.who(obligation.identity);
        Ok(KeptObligation { number: row.get(0)?, obligation })
    })
}

pub(super) fn record(
    tx: &mut dyn Sql,
    changed: &[(Obligation, Option<AuditEntry>)],
) -> Result<(), Problem> {
    for (obligation, entry) in changed {
        match open_at(tx, &obligation.place)? {
            Some((number, _)) => keep(tx, number, obligation)?,
            None => insert(tx, obligation)?,
        }
        if let Some(entry) = entry {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}

fn insert(tx: &mut dyn Sql, obligation: &Obligation) -> Result<(), Problem> {
    let Obligation { identity, place: Place { target, account, loss }, closed, .. } = obligation;
    tx.execute(
        "INSERT INTO obligation
             (number, identity, target, object_type, uid, loss, closed_at, body)
         VALUES ((SELECT coalesce(max(number), 0) + 1 FROM obligation),
             $1, $2, $3, $4, $5, $6, $7)",
        values![
            identity.to_string(),
            target.as_str(),
            &account.object_type,
            &account.uid,
            Json(loss),
            closed.as_ref().map(|it| At(it.at)),
            Json(obligation),
        ],
    )?;
    Ok(())
}

/// What a run learned of the open one at a place; nothing, where there is
/// none.
pub(super) fn hear(tx: &mut dyn Sql, owing: &Owing) -> Result<(), Problem> {
    let Owing { place, heard, entry } = owing;
    let Some((number, mut obligation)) = open_at(tx, place)? else { return Ok(()) };
    obligation.hear(heard);
    keep(tx, number, &obligation)?;
    match entry {
        Some(entry) if !obligation.is_open() => audit::append(tx, entry),
        _ => Ok(()),
    }
}

/// False: there is no open one of that number.
pub(super) fn close(
    tx: &mut dyn Sql,
    number: i64,
    closed: &Closed,
    entry: &AuditEntry,
) -> Result<bool, Problem> {
    let open: Option<Obligation> = tx.optional(
        "SELECT body FROM obligation WHERE number = $1 AND closed_at IS NULL",
        values![number],
        |row| Ok(row.get::<Json<_>>(0)?.0),
    )?;
    let Some(mut obligation) = open else { return Ok(false) };
    obligation.hear(&Heard::Closed(closed.clone()));
    keep(tx, number, &obligation)?;
    audit::append(tx, entry)?;
    Ok(true)
}

/// Those of an account go with it to somebody else.
pub(super) fn move_over(
    tx: &mut dyn Sql,
    (target, account): (&ConnectorName, &ObjectRef),
    from: &str,
    to: IdentityId,
) -> Result<(), Problem> {
    let theirs: Vec<(i64, Obligation)> = tx.all(
        "SELECT number, body FROM obligation
         WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4) ORDER BY number",
        values![target.as_str(), &account.object_type, &account.uid, from],
        |row| Ok((row.get(0)?, row.get::<Json<_>>(1)?.0)),
    )?;
    for (number, obligation) in theirs {
        keep(tx, number, &Obligation { identity: to, ..obligation })?;
    }
    Ok(())
}

/// A rename gave an account another key.
pub(super) fn rekey(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    from: &ObjectRef,
    to: &ObjectRef,
) -> Result<(), Problem> {
    let all: Vec<(i64, Obligation)> = tx.all(
        "SELECT number, body FROM obligation
         WHERE (target, object_type, uid) = ($1, $2, $3) ORDER BY number",
        values![target.as_str(), &from.object_type, &from.uid],
        |row| Ok((row.get(0)?, row.get::<Json<_>>(1)?.0)),
    )?;
    for (number, mut obligation) in all {
        obligation.place.account = to.clone();
        if obligation.is_open() {
            // One is open at a place at most: the one that came along.
            if let Some((other, _)) = open_at(tx, &obligation.place)? {
                tx.execute("DELETE FROM obligation WHERE number = $1", values![other])?;
            }
        }
        tx.execute(
            "UPDATE obligation SET object_type = $2, uid = $3 WHERE number = $1",
            values![number, &to.object_type, &to.uid],
        )?;
        keep(tx, number, &obligation)?;
    }
    Ok(())
}

fn open_at(tx: &mut dyn Sql, place: &Place) -> Result<Option<(i64, Obligation)>, Problem> {
    let Place { target, account, loss } = place;
    tx.optional(
        "SELECT number, body FROM obligation
         WHERE (target, object_type, uid, loss) = ($1, $2, $3, $4) AND closed_at IS NULL",
        values![target.as_str(), &account.object_type, &account.uid, Json(loss)],
        |row| Ok((row.get(0)?, row.get::<Json<_>>(1)?.0)),
    )
}

fn keep(tx: &mut dyn Sql, number: i64, obligation: &Obligation) -> Result<(), Problem> {
    let closed = obligation.closed.as_ref().map(|it| At(it.at));
    tx.execute(
        "UPDATE obligation SET identity = $2, closed_at = $3, body = $4 WHERE number = $1",
        values![number, obligation.identity.to_string(), closed, Json(obligation)],
    )?;
    Ok(())
}
