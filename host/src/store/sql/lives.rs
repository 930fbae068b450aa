//! What facts do not say of lives: ejections, legal holds, and what earlier
//! looks found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    id::IdentityId,
    lifecycle::{Absence, ClockMarks, Ejection, Jump, Kept, LegalHold, Undone},
    observed::OwnedGrant,
};

use super::{
    Row, Sql, adoptions, audit,
    columns::{At, Json, Word, object},
    history,
    problem::Problem,
    rehires, requests, reviews, union, values,
};
use crate::store::AuditEntry;

pub(super) fn kept(tx: &mut dyn Sql) -> Result<Kept, Problem> {
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

fn ejections(tx: &mut dyn Sql) -> Result<Vec<Ejection>, Problem> {
    tx.all(
        "SELECT identity, at, by_whom, reason, undone_at, undone_by FROM ejection
         ORDER BY at, identity",
        &[],
        |row| {
            let undone_at = row.get::<Option<At>>(4)?;
            let undone_by: Option<String> = row.get(5)?;
            Ok(Ejection {
                identity: row.get::<Word<_>>(0)?.0,
                at: row.get::<At>(1)?.0,
                by: row.get(2)?,
                reason: row.get(3)?,
                undone: undone_at.zip(undone_by).map(|(at, by)| Undone { at: at.0, by }),
            })
        },
    )
}

fn legal_holds(tx: &mut dyn Sql) -> Result<Vec<LegalHold>, Problem> {
    tx.all(
        "SELECT name, people, reason, review, by_whom, at FROM legal_hold
         WHERE released_at IS NULL ORDER BY name",
        &[],
        |row| {
            Ok(LegalHold {
                name: row.get(0)?,
                people: row.get::<Json<_>>(1)?.0,
                reason: row.get(2)?,
                review: row.get::<Word<_>>(3)?.0,
                by: row.get(4)?,
                at: row.get::<At>(5)?.0,
            })
        },
    )
}

fn unwanted_grants(tx: &mut dyn Sql) -> Result<BTreeMap<OwnedGrant, Timestamp>, Problem> {
    tx.all(
        "SELECT target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation,
             unwanted_since
         FROM ledger WHERE unwanted_since IS NOT NULL",
        &[],
        |row| {
            let grant = OwnedGrant {
                target: row.get::<Word<_>>(0)?.0,
                holder: object(row, 1)?,
                entitlement: object(row, 3)?,
                relation: row.get(5)?,
            };
            Ok((grant, row.get::<At>(6)?.0))
        },
    )
}

fn absences(tx: &mut dyn Sql) -> Result<BTreeMap<IdentityId, Absence>, Problem> {
    tx.all("SELECT identity, since, seen, last FROM absence", &[], |row| {
        let since = row.get::<At>(1)?.0;
        let absence = Absence { since, seen: row.get(2)?, last: row.get::<At>(3)?.0 };
        Ok((row.get::<Word<_>>(0)?.0, absence))
    })
}

fn clock(tx: &mut dyn Sql) -> Result<ClockMarks, Problem> {
    let mark = |row: &dyn Row, column: usize| -> Result<Option<Timestamp>, Problem> {
        Ok(row.get::<Option<At>>(column)?.map(|at| at.0))
    };
    let marks =
        tx.optional("SELECT first_at, last_at, jump_from, jump_to FROM clock_mark", &[], |row| {
            let jump = mark(row, 2)?.zip(mark(row, 3)?);
            Ok(ClockMarks {
                first: mark(row, 0)?,
                last: mark(row, 1)?,
                jump: jump.map(|(from, to)| Jump { from, to }),
            })
        })?;
    Ok(marks.unwrap_or_default())
}

pub(super) fn eject(
    tx: &mut dyn Sql,
    ejection: &Ejection,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let Ejection { identity, at, by, reason, undone: _ } = ejection;
    tx.execute(
        "INSERT INTO ejection (identity, at, by_whom, reason) VALUES ($1, $2, $3, $4)",
        values![identity.to_string(), At(*at), by, reason],
    )?;
    audit::append(tx, entry)
}

pub(super) fn undo_ejection(
    tx: &mut dyn Sql,
    identity: IdentityId,
    Undone { at, by }: &Undone,
    entry: &AuditEntry,
) -> Result<bool, Problem> {
    let undone = tx.execute(
        "UPDATE ejection SET undone_at = $2, undone_by = $3
             WHERE identity = $1 AND undone_at IS NULL",
        values![identity.to_string(), At(*at), by],
    )?;
    if undone > 0 {
        audit::append(tx, entry)?;
    }
    Ok(undone > 0)
}

pub(super) fn hold(
    tx: &mut dyn Sql,
    hold: &LegalHold,
    entries: &[AuditEntry],
) -> Result<(), Problem> {
    let LegalHold { name, people, reason, review, by, at } = hold;
    let made = tx.execute(
        "INSERT INTO legal_hold (name, at, people, reason, review, by_whom)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        values![name, At(*at), Json(people), reason, Word(review), by],
    )?;
    if made == 0 {
        return Err(Problem::Refused(format!("there is a legal hold `{name}` already")));
    }
    entries.iter().try_for_each(|entry| audit::append(tx, entry))
}

pub(super) fn release_hold(
    tx: &mut dyn Sql,
    name: &str,
    at: Timestamp,
    entries: &[AuditEntry],
) -> Result<bool, Problem> {
    let released = tx.execute(
        "UPDATE legal_hold SET released_at = $2 WHERE name = $1 AND released_at IS NULL",
        values![name, At(at)],
    )?;
    if released > 0 {
        for entry in entries {
            audit::append(tx, entry)?;
        }
    }
    Ok(released > 0)
}

pub(super) fn record_overlaps(
    tx: &mut dyn Sql,
    overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>,
) -> Result<(), Problem> {
    let statement = "UPDATE ledger SET unwanted_since = $7
         WHERE (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation) =
             ($1, $2, $3, $4, $5, $6)";
    for (grant, since) in overlaps {
        let OwnedGrant { target, holder, entitlement, relation } = grant;
        tx.execute(
            statement,
            values![
                target.as_str(),
                &holder.object_type,
                &holder.uid,
                &entitlement.object_type,
                &entitlement.uid,
                relation,
                since.map(At)
            ],
        )?;
    }
    Ok(())
}

pub(super) fn record_absences(
    tx: &mut dyn Sql,
    absences: &BTreeMap<IdentityId, Option<Absence>>,
) -> Result<(), Problem> {
    let forget = "DELETE FROM absence WHERE identity = $1";
    let keep = "INSERT INTO absence (identity, since, seen, last) VALUES ($1, $2, $3, $4)";
    for (identity, absence) in absences {
        tx.execute(forget, values![identity.to_string()])?;
        if let Some(Absence { since, seen, last }) = absence {
            tx.execute(keep, values![identity.to_string(), At(*since), *seen, At(*last)])?;
        }
    }
    Ok(())
}

pub(super) fn mark_clock(tx: &mut dyn Sql, marks: ClockMarks) -> Result<(), Problem> {
    let ClockMarks { first, last, jump } = marks;
    tx.execute(
        "INSERT INTO clock_mark (\"only\", first_at, last_at, jump_from, jump_to)
         VALUES (1, $1, $2, $3, $4)
         ON CONFLICT (\"only\") DO UPDATE SET first_at = excluded.first_at,
             last_at = excluded.last_at, jump_from = excluded.jump_from,
             jump_to = excluded.jump_to",
        values![
            first.map(At),
            last.map(At),
            jump.map(|jump| At(jump.from)),
            jump.map(|jump| At(jump.to))
        ],
    )?;
    Ok(())
}
