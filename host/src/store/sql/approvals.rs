//! Questions about plans.

use lanyard_core::approval::PlanApproval;

use super::{Sql, audit, columns::Json, problem::Problem, union::ByNow, values};
use crate::store::AuditEntry;

pub(super) fn all(tx: &mut dyn Sql) -> Result<Vec<PlanApproval>, Problem> {
    let approvals: Vec<PlanApproval> =
        tx.all("SELECT body FROM plan_approval ORDER BY number", &[], |row| {
            Ok(row.get::<Json<_>>(0)?.0)
        })?;
    let by_now = ByNow::of(tx)?;
    Ok(approvals.into_iter().map(|it| it.as_known(&|id| by_now.who(id))).collect())
}

pub(super) fn record(
    tx: &mut dyn Sql,
    approvals: &[(PlanApproval, AuditEntry)],
) -> Result<(), Problem> {
    let keep = "INSERT INTO plan_approval (number, id, body)
         VALUES ((SELECT coalesce(max(number), 0) + 1 FROM plan_approval), $1, $2)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    for (approval, entry) in approvals {
        tx.execute(keep, values![&approval.id, Json(approval)])?;
        audit::append(tx, entry)?;
    }
    Ok(())
}
