//! Questions about plans.

use lanyard_core::approval::PlanApproval;
use rusqlite::{Connection, params};

use super::{audit, columns::Json, problem::Problem, union::ByNow};
use crate::store::AuditEntry;

pub(super) fn all(tx: &Connection) -> Result<Vec<PlanApproval>, Problem> {
    let mut statement = tx.prepare_cached("SELECT body FROM plan_approval ORDER BY number")?;
    let approvals = statement.query_map([], |row| Ok(row.get::<_, Json<_>>(0)?.0))?;
    let approvals: Vec<PlanApproval> = approvals.collect::<Result<_, _>>()?;
    let by_now = ByNow::of(tx)?;
    Ok(approvals.into_iter().map(|it| it.as_known(&|id| by_now.who(id))).collect())
}

pub(super) fn record(
    tx: &Connection,
    approvals: &[(PlanApproval, AuditEntry)],
) -> Result<(), Problem> {
    let mut keep = tx.prepare_cached(
        "INSERT INTO plan_approval (id, body) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    )?;
    for (approval, entry) in approvals {
        keep.execute(params![approval.id, Json(approval)])?;
        audit::append(tx, entry)?;
    }
    Ok(())
}
