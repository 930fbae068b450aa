//! Reviews of access.

use lanyard_core::review::Review;
use rusqlite::{Connection, params};

use super::{audit, columns::Json, problem::Problem};
use crate::store::AuditEntry;

pub(super) fn all(tx: &Connection) -> Result<Vec<Review>, Problem> {
    let mut statement = tx.prepare_cached("SELECT body FROM review ORDER BY number")?;
    let reviews = statement.query_map([], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
    Ok(reviews.collect::<Result<_, _>>()?)
}

pub(super) fn record(
    tx: &Connection,
    reviews: &[(Review, Vec<AuditEntry>)],
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO review (name, ordinal, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (name, ordinal) DO UPDATE SET body = excluded.body",
    )?;
    for (review, entries) in reviews {
        keep.execute(params![review.name.as_str(), review.ordinal, Json(review)])?;
        for entry in entries {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}
