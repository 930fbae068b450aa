//! What keeps somebody, whatever was decided a moment ago.

use std::collections::BTreeSet;

use lanyard_core::{
    case::{Case, may_be},
    id::IdentityId,
};
use rusqlite::Connection;

use super::{super::columns::Json, Whom};
use crate::store::sqlite::problem::Problem;

pub(super) fn refuse(tx: &Connection, whom: &Whom) -> Result<(), Problem> {
    let mut holds =
        tx.prepare_cached("SELECT name, people FROM legal_hold WHERE released_at IS NULL")?;
    let mut rows = holds.query([])?;
    while let Some(row) = rows.next()? {
        let people: BTreeSet<IdentityId> = row.get::<_, Json<_>>(1)?.0;
        if people.iter().any(|id| whom.gone.is(*id)) {
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
            (
                "SELECT EXISTS (SELECT 1 FROM request WHERE identity = ?1
                     AND json_extract(body, '$.ended') IS NULL)",
                "a request of theirs is open",
            ),
            (
                "SELECT EXISTS (SELECT 1 FROM episode WHERE identity = ?1
                     AND json_extract(body, '$.end') IS NULL)",
                "a workflow is under way",
            ),
        ] {
            if tx.prepare_cached(sql)?.query_row([id], |row| row.get(0))? {
                return Err(Problem::Refused(why.to_owned()));
            }
        }
    }
    let mut cases =
        tx.prepare_cached("SELECT body, decision FROM record_case WHERE is_open = 1")?;
    let mut rows = cases.query([])?;
    while let Some(row) = rows.next()? {
        let case: Case = row.get::<_, Json<_>>(0)?.0;
        let is_decided = row.get::<_, Option<String>>(1)?.is_some() && !case.contradicted;
        if !is_decided && may_be(&case).any(|id| whom.gone.is(id)) {
            let case = format!("the case {} asks whether a record is theirs", case.id);
            return Err(Problem::Refused(case));
        }
    }
    Ok(())
}
