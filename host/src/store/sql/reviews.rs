//! Reviews of access.

use lanyard_core::review::Review;

use super::{Sql, audit, columns::Json, problem::Problem, union::ByNow, values};
use crate::store::AuditEntry;

pub(super) fn all(tx: &mut dyn Sql, by_now: &ByNow) -> Result<Vec<Review>, Problem> {
    let reviews: Vec<Review> =
        tx.all("SELECT body FROM review ORDER BY number", &[], |row| Ok(row.get::<Json<_>>(0)?.0))?;
    Ok(reviews.into_iter().map(|it| it.as_known(&|id| by_now.who(id))).collect())
}

pub(super) fn record(
    tx: &mut dyn Sql,
    reviews: &[(Review, Vec<AuditEntry>)],
) -> Result<(), Problem> {
    let keep = "INSERT INTO review (number, name, ordinal, body)
         VALUES ((SELECT coalesce(max(number), 0) + 1 FROM review), $1, $2, $3)
         ON CONFLICT (name, ordinal) DO UPDATE SET body = excluded.body";
    let before = "SELECT body FROM review WHERE name = $1 AND ordinal = $2";
    let by_now = ByNow::of(tx)?;
    for (review, entries) in reviews {
        let place = values![review.name.as_str(), review.ordinal];
        let kept = tx.optional(before, place, |row| Ok(row.get::<Json<Review>>(0)?.0))?;
        let review = match kept {
            Some(before) => review.clone().in_place_of(&before, &|id| by_now.who(id)),
            None => review.clone(),
        };
        tx.execute(keep, values![review.name.as_str(), review.ordinal, Json(&review)])?;
        for entry in entries {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}
