//! What is of them, and stands with somebody else whom they were one with for
//! a while.

use lanyard_core::fact::Fact;

use super::{
    super::{Sql, columns::Json, problem::Problem, values},
    Rows, Whom,
};

pub(super) fn erase(tx: &mut dyn Sql, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let obligation = "DELETE FROM obligation WHERE (target, object_type, uid) = ($1, $2, $3)";
    for (target, account) in &whom.gone.accounts {
        let place = values![target.as_str(), &account.object_type, &account.uid];
        *rows.entry("obligations").or_default() += tx.execute(obligation, place)?;
    }
    let mut theirs: Vec<(String, i64)> = Vec::new();
    tx.each("SELECT identity, position, body FROM past_fact", &[], &mut |row| {
        let Json(Fact { record, .. }) = row.get(2)?;
        if whom.records.contains(&record) {
            theirs.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    })?;
    let past = "DELETE FROM past_fact WHERE (identity, position) = ($1, $2)";
    for (identity, position) in theirs {
        *rows.entry("earlier values").or_default() +=
            tx.execute(past, values![identity, position])?;
    }
    Ok(())
}
