//! The schema and how older ones become it: forward only, one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::{Transaction, rechain};
use crate::store::{StoreError, sql::Problem};

/// Script `n` makes schema `n + 1` of schema `n`; a released one never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_unwanted.sql"),
    include_str!("migrations/0003_clock.sql"),
    include_str!("migrations/0004_proof.sql"),
    include_str!("migrations/0005_declined.sql"),
    include_str!("migrations/0006_workflow.sql"),
    include_str!("migrations/0007_names.sql"),
    include_str!("migrations/0008_lifecycle.sql"),
    include_str!("migrations/0009_own_fact.sql"),
    include_str!("migrations/0010_access.sql"),
    include_str!("migrations/0011_cases.sql"),
    include_str!("migrations/0012_history.sql"),
    include_str!("migrations/0013_request.sql"),
    include_str!("migrations/0014_remembered.sql"),
    include_str!("migrations/0015_approval.sql"),
    PARTS_OF_AUDIT,
    include_str!("migrations/0017_forgetting.sql"),
    include_str!("migrations/0018_credentials.sql"),
    include_str!("migrations/0019_followed.sql"),
    include_str!("migrations/0020_unchanged.sql"),
    include_str!("migrations/0021_review.sql"),
    include_str!("migrations/0022_password_set.sql"),
    include_str!("migrations/0023_by_reference.sql"),
    include_str!("migrations/0024_erasing.sql"),
    include_str!("migrations/0025_columns.sql"),
    include_str!("migrations/0026_halt.sql"),
    include_str!("migrations/0027_obligation.sql"),
];

/// After it the audit is chained anew.
const PARTS_OF_AUDIT: &str = include_str!("migrations/0016_audit_part.sql");

/// "Lany" in the file's header: `file` and other tools can tell what it is.
const APPLICATION: i32 = 0x4c61_6e79;

/// Brings the schema up to date.
///
/// # Errors
/// `Newer` for a file of a later version; a refusal for a database that is
/// not ours, before anything in it is changed.
pub(super) fn migrate(connection: &mut Connection, path: &str) -> Result<(), Problem> {
    // Looking first takes no lock: a current file opens while others write.
    if steps(connection, path)? == 0 {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let steps = steps(&tx, path)?;
    if steps == 0 {
        return Ok(());
    }
    for script in MIGRATIONS.iter().skip(MIGRATIONS.len().saturating_sub(steps)) {
        tx.execute_batch(script)?;
        if *script == PARTS_OF_AUDIT {
            rechain::rechain(&mut Transaction(&tx))?;
        }
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", newest())?;
    tx.commit()?;
    Ok(())
}

/// Whether the file needs no script.
pub(super) fn is_current(connection: &Connection, path: &str) -> Result<bool, Problem> {
    Ok(steps(connection, path)? == 0)
}

/// How many scripts the file still needs.
fn steps(connection: &Connection, path: &str) -> Result<usize, Problem> {
    let (found, application, objects): (u32, i32, u32) = connection.query_row(
        "SELECT (SELECT user_version FROM pragma_user_version),
                (SELECT application_id FROM pragma_application_id),
                (SELECT count(*) FROM sqlite_master)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let empty = application == 0 && found == 0 && objects == 0;
    if application != APPLICATION && !empty {
        return Err(Problem::Refused("it is a database of another program".to_owned()));
    }
    let known = newest();
    let steps = known.checked_sub(found).ok_or_else(|| StoreError::Newer {
        path: path.to_owned(),
        found,
        known,
    })?;
    Ok(usize::try_from(steps).unwrap_or(usize::MAX))
}

/// The schema this program writes.
pub(super) fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}
