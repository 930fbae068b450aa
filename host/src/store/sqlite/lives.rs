//! What facts do not say of lives: ejections, legal holds, and what earlier
//! looks found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    id::IdentityId,
    lifecycle::{Absence, ClockMarks, Ejection, Jump, Kept, LegalHold, Undone},
    observed::OwnedGrant,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    adoptions, audit,
    columns::{At, Json, Word, object},
    history,
    problem::Problem,
    rehires, requests, reviews, union,
};
use crate::store::AuditEntry;

pub(super) fn kept(tx: &Connection) -> Result<Kept, Problem> {
    let merged = union::by_now(tx)?;
    let by_now = union::ByNow::of_merged(&merged);
    Ok(Kept {
        ejections: ejections(tx)?,
        legal_holds: legal_holds(tx)?,
        unwanted_grants: unwanted_grants(tx)?,
        absences: absences(tx)?,
        followed: rehires::followed(tx)?,
        requests: requests::requests(tx, &by_now)?,
        reviews: reviews::all(tx, &by_now)?,
        given_back: adoptions::given_back(tx)?,
        past_starts: history::starts(tx, &merged)?,
        merged,
        clock: clock(tx)?,
    })
}

fn ejections(tx: &Connection) -> Result<Vec<Ejection>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT identity, at, by_whom, reason, undone_at, undone_by FROM ejection
         ORDER BY at, identity",
    )?;
    let rows = statement.query_map([], |row| {
        let undone_at = row.get::<_, Option<At>>(4)?;
        let undone_by: Option<String> = row.get(5)?;
        Ok(Ejection {
            identity: row.get::<_, Word<_>>(0)?.0,
            at: row.get::<_, At>(1)?.0,
            by: row.get(2)?,
            reason: row.get(3)?,
            undone: undone_at.zip(undone_by).map(|(at, by)| Undone { at: at.0, by }),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn legal_holds(tx: &Connection) -> Result<Vec<LegalHold>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT name, people, reason, review, by_whom, at FROM legal_hold
         WHERE released_at IS NULL ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(LegalHold {
            name: row.get(0)?,
            people: row.get::<_, Json<_>>(1)?.0,
            reason: row.get(2)?,
            review: row.get::<_, Word<_>>(3)?.0,
            by: row.get(4)?,
            at: row.get::<_, At>(5)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn unwanted_grants(tx: &Connection) -> Result<BTreeMap<OwnedGrant, Timestamp>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation,
             unwanted_since
         FROM ledger WHERE unwanted_since IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| {
        let grant = OwnedGrant {
            target: row.get::<_, Word<_>>(0)?.0,
            holder: object(row, 1)?,
            entitlement: object(row, 3)?,
            relation: row.get(5)?,
        };
        Ok((grant, row.get::<_, At>(6)?.0))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn absences(tx: &Connection) -> Result<BTreeMap<IdentityId, Absence>, Problem> {
    let mut statement = tx.prepare_cached("SELECT identity, since, seen, last FROM absence")?;
    let rows = statement.query_map([], |row| {
        let since = row.get::<_, At>(1)?.0;
        let absence = Absence { since, seen: row.get(2)?, last: row.get::<_, At>(3)?.0 };
        Ok((row.get::<_, Word<_>>(0)?.0, absence))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn clock(tx: &Connection) -> Result<ClockMarks, Problem> {
    let mark = |row: &Row<'_>, column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<At>>(column)?.map(|at| at.0))
    };
    let marks = tx
        .prepare_cached("SELECT first_at, last_at, jump_from, jump_to FROM clock_mark")?
        .query_row([], |row| {
            let jump = mark(row, 2)?.zip(mark(row, 3)?);
            Ok(ClockMarks {
                first: mark(row, 0)?,
                last: mark(row, 1)?,
                jump: jump.map(|(from, to)| Jump { from, to }),
            })
        })
        .optional()?;
    Ok(marks.unwrap_or_default())
}

pub(super) fn eject(
    tx: &Connection,
    ejection: &Ejection,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let Ejection { identity, at, by, reason, undone: _ } = ejection;
    tx.prepare_cached(
        "INSERT INTO ejection (identity, at, by_whom, reason) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![identity.to_string(), At(*at), by, reason])?;
    audit::append(tx, entry)
}

pub(super) fn undo_ejection(
    tx: &Connection,
    identity: IdentityId,
    Undone { at, by }: &Undone,
    entry: &AuditEntry,
) -> Result<bool, Problem> {
    let undone = tx
        .prepare_cached(
            "UPDATE ejection SET undone_at = ?2, undone_by = ?3
             WHERE identity = ?1 AND undone_at IS NULL",
        )?
        .execute(params![identity.to_string(), At(*at), by])?;
    if undone > 0 {
        audit::append(tx, entry)?;
    }
    Ok(undone > 0)
}

pub(super) fn hold(
    tx: &Connection,
    hold: &LegalHold,
    entries: &[AuditEntry],
) -> Result<(), Problem> {
    let LegalHold { name, people, reason, review, by, at } = hold;
    let made = tx
        .prepare_cached(
            "INSERT INTO legal_hold (name, at, people, reason, review, by_whom)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute(params![name, At(*at), Json(people), reason, Word(review), by])?;
    if made == 0 {
        return Err(Problem::Refused(format!("there is a legal hold `{name}` already")));
    }
    entries.iter().try_for_each(|entry| audit::append(tx, entry))
}

pub(super) fn release_hold(
    tx: &Connection,
    name: &str,
    at: Timestamp,
    entries: &[AuditEntry],
) -> Result<bool, Problem> {
    let released = tx
        .prepare_cached(
            "UPDATE legal_hold SET released_at = ?2 WHERE name = ?1 AND released_at IS NULL",
        )?
        .execute(params![name, At(at)])?;
    if released > 0 {
        for entry in entries {
            audit::append(tx, entry)?;
        }
    }
    Ok(released > 0)
}

pub(super) fn record_overlaps(
    tx: &Connection,
    overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>,
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "UPDATE ledger SET unwanted_since = ?7
         WHERE (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation) =
             (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (grant, since) in overlaps {
        let OwnedGrant { target, holder, entitlement, relation } = grant;
        statement.execute(params![
            target.as_str(),
            holder.object_type,
            holder.uid,
            entitlement.object_type,
            entitlement.uid,
            relation,
            since.map(At)
        ])?;
    }
    Ok(())
}

pub(super) fn record_absences(
    tx: &Connection,
    absences: &BTreeMap<IdentityId, Option<Absence>>,
) -> Result<(), Problem> {
    let mut forget = tx.prepare_cached("DELETE FROM absence WHERE identity = ?1")?;
    let mut keep = tx.prepare_cached(
        "INSERT INTO absence (identity, since, seen, last) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (identity, absence) in absences {
        forget.execute([identity.to_string()])?;
        if let Some(Absence { since, seen, last }) = absence {
            keep.execute(params![identity.to_string(), At(*since), seen, At(*last)])?;
        }
    }
    Ok(())
}

pub(super) fn mark_clock(tx: &Connection, marks: ClockMarks) -> Result<(), Problem> {
    let ClockMarks { first, last, jump } = marks;
    tx.prepare_cached(
        "INSERT INTO clock_mark (only, first_at, last_at, jump_from, jump_to)
         VALUES (1, ?1, ?2, ?3, ?4)
         ON CONFLICT (only) DO UPDATE SET first_at = excluded.first_at,
             last_at = excluded.last_at, jump_from = excluded.jump_from,
             jump_to = excluded.jump_to",
    )?
    .execute(params![
        first.map(At),
        last.map(At),
        jump.map(|jump| At(jump.from)),
        jump.map(|jump| At(jump.to))
    ])?;
    Ok(())
}
