//! Runs of plans.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Sql,
    columns::{At, Json, Word},
    problem::Problem,
    values,
};
use crate::store::{AuditEntry, NewRun, RunId, RunRecord};

pub(super) fn begin(tx: &mut dyn Sql, run: &NewRun) -> Result<RunId, Problem> {
    let NewRun { plan, actor, released, at, epoch } = run;
    let epoch = i64::try_from(*epoch)
        .map_err(|_| Problem::Refused(format!("the epoch {epoch} is too large to keep")))?;
    let latest: Option<i64> = tx.one("SELECT max(epoch) FROM run", &[], |row| row.get(0))?;
    if let Some(latest) = latest.filter(|latest| epoch <= *latest) {
        return Err(Problem::Refused(format!(
            "epoch {epoch} is not higher than {latest}, the epoch of an earlier run"
        )));
    }
    let known =
        tx.optional("SELECT 1 FROM plan WHERE digest = $1", values![plan.as_str()], |_row| Ok(()))?;
    if known.is_none() {
        return Err(Problem::Refused(format!("there is no plan `{}`", plan.short())));
    }
    let id = tx.one(
        "INSERT INTO run (id, plan, actor, released, began_at, epoch)
             VALUES ((SELECT coalesce(max(id), 0) + 1 FROM run), $1, $2, $3, $4, $5) RETURNING id",
        values![plan.as_str(), actor, Json(released), At(*at), epoch],
        |row| row.get(0),
    )?;
    for finding in released {
        super::audit::append(tx, &release(run, id, finding))?;
    }
    Ok(RunId(id))
}

/// That a person let a finding pass belongs to the record.
fn release(run: &NewRun, id: i64, finding: &str) -> AuditEntry {
    AuditEntry {
        at: run.at,
        actor: run.actor.clone(),
        action: "release".to_owned(),
        identity: None,
        target: None,
        account: None,
        result: finding.to_owned(),
        verification: None,
        detail: BTreeMap::from([
            ("plan".to_owned(), run.plan.to_string()),
            ("run".to_owned(), id.to_string()),
        ]),
    }
}

pub(super) fn end(tx: &mut dyn Sql, run: RunId, at: Timestamp) -> Result<(), Problem> {
    let ended = tx.execute(
        "UPDATE run SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        values![run.0, At(at)],
    )?;
    if ended == 0 {
        return Err(Problem::Refused(format!("run {} is not going on", run.0)));
    }
    Ok(())
}

pub(super) fn all(tx: &mut dyn Sql) -> Result<Vec<RunRecord>, Problem> {
    tx.all("SELECT id, plan, actor, began_at, ended_at, epoch FROM run ORDER BY id", &[], |row| {
        Ok(RunRecord {
            id: RunId(row.get(0)?),
            plan: row.get::<Word<_>>(1)?.0,
            actor: row.get(2)?,
            began_at: row.get::<At>(3)?.0,
            ended_at: row.get::<Option<At>>(4)?.map(|at| at.0),
            epoch: row.get(5)?,
        })
    })
}
