//! Whose time the store is in.

use super::{Sql, problem::Problem, values};

/// The first use decides; says whether the clock stands here.
pub(super) fn keep(tx: &mut dyn Sql, stands: bool) -> Result<bool, Problem> {
    tx.execute(
        "INSERT INTO clock (\"only\", stands) VALUES (1, $1)
         ON CONFLICT (\"only\") DO NOTHING",
        values![stands],
    )?;
    tx.one("SELECT stands FROM clock", &[], |row| row.get(0))
}
