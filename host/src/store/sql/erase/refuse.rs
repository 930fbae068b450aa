//! What keeps somebody, whatever was decided a moment ago.

use std::collections::BTreeSet;

use lanyard_core::{
    case::{Case, may_be},
    id::IdentityId,
    request::Request,
    workflow::Episode,
};
use serde::de::DeserializeOwned;

use super::{
    super::{Problem, Row, Sql, columns::Json, values},
    Whom,
};

pub(super) fn refuse(tx: &mut dyn Sql, whom: &Whom) -> Result<(), Problem> {
    let holds = "SELECT name, people FROM legal_hold WHERE released_at IS NULL";
    tx.each(holds, &[], &mut |row| {
        let people: BTreeSet<IdentityId> = row.get::<Json<_>>(1)?.0;
        if people.iter().any(|id| whom.gone.is(*id)) {
            let name: String = row.get(0)?;
            return Err(Problem::Refused(format!("the legal hold `{name}` stands")));
        }
        Ok(())
    })?;
    for id in &whom.ids {
        for (sql, why) in [
            (
                "SELECT EXISTS (SELECT 1 FROM link WHERE identity = $1 AND gone = 0)",
                "an account of theirs is there",
            ),
            (
                "SELECT EXISTS (SELECT 1 FROM operation WHERE identity = $1
                     AND phase IN ('sent', 'uncertain', 'unfinished'))",
                "nobody knows what came of an operation of theirs",
            ),
            (
                "SELECT EXISTS (SELECT 1 FROM obligation WHERE identity = $1
                     AND closed_at IS NULL)",
                "it is not shown that they lost everything they had to lose",
            ),
        ] {
            if tx.one(sql, values![id], |row| row.get(0))? {
                return Err(Problem::Refused(why.to_owned()));
            }
        }
        let requests = "SELECT body FROM request WHERE identity = $1";
        let open = |it: Request| it.ended.is_none();
        if tx.all::<_, Vec<_>>(requests, values![id], read)?.into_iter().any(open) {
            return Err(Problem::Refused("a request of theirs is open".to_owned()));
        }
        let episodes = "SELECT body FROM episode WHERE identity = $1";
        let under_way = |it: Episode| it.end.is_none();
        if tx.all::<_, Vec<_>>(episodes, values![id], read)?.into_iter().any(under_way) {
            return Err(Problem::Refused("a workflow is under way".to_owned()));
        }
    }
    let cases = "SELECT body, decision FROM record_case WHERE is_open = 1";
    tx.each(cases, &[], &mut |row| {
        let case: Case = row.get::<Json<_>>(0)?.0;
        let is_decided = row.get::<Option<String>>(1)?.is_some() && !case.contradicted;
        if !is_decided && may_be(&case).any(|id| whom.gone.is(id)) {
            let case = format!("the case {} asks whether a record is theirs", case.id);
            return Err(Problem::Refused(case));
        }
        Ok(())
    })
}

fn read<T: DeserializeOwned>(row: &dyn Row) -> Result<T, Problem> {
    Ok(row.get::<Json<T>>(0)?.0)
}
