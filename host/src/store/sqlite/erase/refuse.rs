//! What keeps somebody, whatever was decided a moment ago.

use std::collections::BTreeSet;

use lanyard_core::id::IdentityId;
use rusqlite::Connection;

use super::{super::columns::Json, Whom};
use crate::store::sqlite::problem::Problem;

pub(super) fn refuse(tx: &Connection, whom: &Whom) -> Result<(), Problem> {
    let mut holds =
        tx.prepare_cached("SELECT name, people FROM legal_hold WHERE released_at IS NULL")?;
    let mut rows = holds.query([])?;
    while let Some(row) = rows.next()? {
        let people: BTreeSet<IdentityId> = row.get::<_, Json<_>>(1)?.0;
        if people.iter().any(|id| whom.is(&id.to_string())) {
            let name: String = row.get(0)?;
            return Err(Problem::Refused(format!("the legal hold `{name}` stands")));
        }
    }
    for id in &whom.ids {
        for (sql, why) in [
            (
                "SELECT EXISTS (SELECT 1 FROM link WHERE identity = ?1 AND gone = 0)",
                "an account of theirs is there",
            ),
            (
                "SELECT EXISTS (SELECT 1 FROM operation WHERE identity = ?1
                     AND phase IN ('sent', 'uncertain', 'unfinished'))",
                "nobody knows what came of an operation of theirs",
            ),
        ] {
            if tx.prepare_cached(sql)?.query_row([id], |row| row.get(0))? {
                return Err(Problem::Refused(why.to_owned()));
            }
        }
    }
    Ok(())
}
