//! Access that people asked for.

use lanyard_core::{
    request::{Request, Requests},
    workflow::Episode,
};

use super::{Sql, audit, columns::Json, problem::Problem, union::ByNow, values, workflows};
use crate::store::AuditEntry;

pub(super) fn requests(tx: &mut dyn Sql, by_now: &ByNow) -> Result<Requests, Problem> {
    let statement = "SELECT body FROM request ORDER BY number";
    let mut requests = Requests::new();
    tx.each(statement, &[], &mut |row| {
        let request: Request = row.get::<Json<_>>(0)?.0;
        let request = request.as_known(&|id| by_now.who(id));
        requests.entry(request.identity).or_default().push(request);
        Ok(())
    })?;
    Ok(requests)
}

pub(super) fn record(
    tx: &mut dyn Sql,
    requests: &[(Request, AuditEntry)],
    step: Option<&(Episode, AuditEntry)>,
) -> Result<(), Problem> {
    let keep = "INSERT INTO request (number, id, identity, body)
         VALUES ((SELECT coalesce(max(number), 0) + 1 FROM request), $1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    for (request, entry) in requests {
        tx.execute(keep, values![&request.id, request.identity.to_string(), Json(request)])?;
        audit::append(tx, entry)?;
    }
    match step {
        Some((episode, entry)) => workflows::record(tx, &[(episode.clone(), Some(entry.clone()))]),
        None => Ok(()),
    }
}
