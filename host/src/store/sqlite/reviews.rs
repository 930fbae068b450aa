//! Reviews of access.

use lanyard_core::review::Review;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{audit, columns::Json, problem::Problem, union::ByNow};
use crate::store::AuditEntry;

pub(super) fn all(tx: &Connection, by_now: &ByNow) -> Result<Vec<Review>, Problem> {
    let mut statement = tx.prepare_cached("SELECT body FROM review ORDER BY number")?;
    let reviews = statement.query_map([], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
    let reviews: Vec<Review> = reviews.collect::<Result<_, _>>()?;
    Ok(reviews.into_iter().map(|it| it.as_known(&|id| by_now.who(id))).collect())
}

pub(super) fn record(
    tx: &Connection,
    reviews: &[(Review, Vec<AuditEntry>)],
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO review (name, ordinal, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (name, ordinal) DO UPDATE SET body = excluded.body",
    )?;
    let mut before =
        tx.prepare_cached("SELECT body FROM review WHERE name = ?1 AND ordinal = ?2")?;
    let by_now = ByNow::of(tx)?;
    for (review, entries) in reviews {
        let place = params![review.name.as_str(), review.ordinal];
        let before = before.query_row(place, |row| Ok(row.get::<_, Json<Review>>(0)?.0));
        let review = match before.optional()? {
            Some(before) => review.clone().in_place_of(&before, &|id| by_now.who(id)),
            None => review.clone(),
        };
        keep.execute(params![review.name.as_str(), review.ordinal, Json(&review)])?;
        for entry in entries {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}
