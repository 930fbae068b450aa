//! The schema and how older ones become it: forward only, one transaction.

use super::session::Session;
use crate::store::{
    StoreError,
    sql::{Problem, Sql, salt, values},
};

/// Scripts by the schema that they lead to; a released one never changes.
/// The embedded store has one of the same number for each but the first,
/// which is all of what came before.
const MIGRATIONS: &[(u32, &str)] = &[
    (25, include_str!("migrations/0025_start.sql")),
    (26, include_str!("migrations/0026_halt.sql")),
    (27, include_str!("migrations/0027_obligation.sql")),
];

/// Rows of the audit that lie together.
const PART: i64 = 10_000_000;

/// Whether nothing is to be done.
pub(super) fn is_current(session: &mut Session, place: &str) -> Result<bool, Problem> {
    Ok(found(session, place)? == newest())
}

/// Whether a store has been made.
pub(super) fn exists(session: &mut Session, place: &str) -> Result<bool, Problem> {
    Ok(found(session, place)? > 0)
}

/// Brings the schema up to date.
///
/// # Errors
/// `Newer` for one of a later version; a refusal for a database that is not
/// ours, before anything in it is changed.
pub(super) fn migrate(session: &mut Session, place: &str) -> Result<(), Problem> {
    if !is_current(session, place)? {
        session.batch("BEGIN")?;
        if let Err(problem) = scripts(session, place) {
            session.batch("ROLLBACK")?;
            return Err(problem);
        }
        session.batch("COMMIT")?;
    }
    Ok(())
}

fn scripts(session: &mut Session, place: &str) -> Result<(), Problem> {
    let found = found(session, place)?;
    for (_, script) in MIGRATIONS.iter().filter(|(number, _)| *number > found) {
        session.batch(script)?;
    }
    let tx: &mut dyn Sql = session;
    if found == 0 {
        tx.execute("INSERT INTO salt (\"only\", salt) VALUES (1, $1)", values![salt::<32>()?])?;
    }
    tx.execute(
        "INSERT INTO lanyard_schema (\"only\", version) VALUES (1, $1)
         ON CONFLICT (\"only\") DO UPDATE SET version = excluded.version",
        values![newest()],
    )?;
    Ok(())
}

/// Has a part of the audit ready for the rows that come next, and one more.
pub(super) fn parts(session: &mut Session) -> Result<(), Problem> {
    let rows =
        session.one("SELECT coalesce(max(sequence), 0) FROM audit", |row| row.get::<i64>(0))?;
    let next = rows / PART;
    for part in [next, next.saturating_add(1)] {
        for table in ["audit", "audit_part"] {
            let missing = session
                .one(&format!("SELECT to_regclass('{table}_{part}') IS NULL"), |row| {
                    row.get::<bool>(0)
                })?;
            if !missing {
                continue;
            }
            let (first, end) = (part * PART + 1, (part + 1) * PART + 1);
            let made = session.batch(&format!(
                "CREATE TABLE {table}_{part} PARTITION OF {table}
                     FOR VALUES FROM ({first}) TO ({end})"
            ));
            if let Err(problem) = made {
                // Its rows lie with the rest, which is as good.
                tracing::debug!(?problem, table, part, "no part of the audit was made");
            }
        }
    }
    Ok(())
}

/// The schema that is there; 0: none.
fn found(session: &mut Session, place: &str) -> Result<u32, Problem> {
    let ours = session
        .one("SELECT to_regclass('lanyard_schema') IS NOT NULL", |row| row.get::<bool>(0))?;
    if !ours {
        let (schema, tables): (Option<String>, i64) = session.one(
            "SELECT CAST(current_schema() AS TEXT), (SELECT count(*) FROM pg_class
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace
                 WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'm'))",
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if schema.is_none() {
            return Err(Problem::Refused("its user has no schema to keep tables in".to_owned()));
        }
        if tables > 0 {
            return Err(Problem::Refused("it is a database of another program".to_owned()));
        }
        return Ok(0);
    }
    let found = session.one("SELECT version FROM lanyard_schema", |row| row.get::<u32>(0))?;
    let known = newest();
    if found > known {
        return Err(StoreError::Newer { path: place.to_owned(), found, known }.into());
    }
    Ok(found)
}

/// The schema this program writes.
pub(super) fn newest() -> u32 {
    MIGRATIONS.last().map_or(0, |(number, _)| *number)
}
