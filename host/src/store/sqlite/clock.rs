//! Whose time the store is in.

use rusqlite::{Connection, params};

use super::problem::Problem;

/// The first use decides; says whether the clock stands here.
pub(super) fn keep(tx: &Connection, stands: bool) -> Result<bool, Problem> {
    tx.prepare_cached(
        "INSERT INTO clock (only, stands) VALUES (1, ?1) ON CONFLICT (only) DO NOTHING",
    )?
    .execute(params![stands])?;
    Ok(tx.prepare_cached("SELECT stands FROM clock")?.query_row([], |row| row.get(0))?)
}
