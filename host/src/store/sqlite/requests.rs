//! Access that people asked for.

use lanyard_core::{
    request::{Request, Requests},
    workflow::Episode,
};
use rusqlite::{Connection, params};

use super::{audit, columns::Json, problem::Problem, union::ByNow, workflows};
use crate::store::AuditEntry;

pub(super) fn requests(tx: &Connection, by_now: &ByNow) -> Result<Requests, Problem> {
    let mut statement = tx.prepare_cached("SELECT body FROM request ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut requests = Requests::new();
    while let Some(row) = rows.next()? {
        let request: Request = row.get::<_, Json<_>>(0)?.0;
        let request = request.as_known(&|id| by_now.who(id));
        requests.entry(request.identity).or_default().push(request);
    }
    Ok(requests)
}

pub(super) fn record(
    tx: &Connection,
    requests: &[(Request, AuditEntry)],
    step: Option<&(Episode, AuditEntry)>,
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO request (id, identity, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    )?;
    for (request, entry) in requests {
        keep.execute(params![request.id, request.identity.to_string(), Json(request)])?;
        audit::append(tx, entry)?;
    }
    match step {
        Some((episode, entry)) => workflows::record(tx, &[(episode.clone(), Some(entry.clone()))]),
        None => Ok(()),
    }
}
