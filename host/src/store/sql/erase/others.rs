//! What is kept of others, or of several, and refers to somebody.

use std::collections::BTreeSet;

use lanyard_core::{
    approval::{Agreement, ApprovalEnd, PlanApproval},
    case::{About, Case, CaseDecision, Whose},
    forgetting::Gone,
    id::IdentityId,
    request::{Request, RequestedBy},
    review::{Review, Skipped},
    workflow::Asked,
};

use super::{
    super::{Sql, columns::Json, problem::Problem, values},
    Rows, Whom,
    documents::called,
};

/// Ejections without their reasons (that there was one is counted by limits),
/// holds that were released, cases and merges.
pub(super) fn orders(tx: &mut dyn Sql, whom: &Whom, rows: &mut Rows) -> Result<(), Problem> {
    let mut emptied = 0_usize;
    for id in &whom.ids {
        emptied +=
            tx.execute("UPDATE ejection SET reason = '' WHERE identity = $1", values![id])?;
        let merged = "DELETE FROM merged WHERE keep = $1 OR other = $1";
        emptied += tx.execute(merged, values![id])?;
    }
    rows.insert("orders emptied", emptied + holds(tx, whom)?);
    rows.insert("cases", cases(tx, whom)?);
    rows.insert("names beside answers", labels(tx, whom)?);
    Ok(())
}

/// A hold that was for others too keeps its reason.
fn holds(tx: &mut dyn Sql, whom: &Whom) -> Result<usize, Problem> {
    let mut found = Vec::new();
    let all = "SELECT name, at, people, reason FROM legal_hold";
    tx.each(all, &[], &mut |row| {
        let mut people: BTreeSet<IdentityId> = row.get::<Json<_>>(2)?.0;
        let before = people.len();
        people.retain(|id| !whom.gone.is(*id));
        if people.len() < before {
            let reason = if people.is_empty() { String::new() } else { row.get(3)? };
            found.push((row.get::<String>(0)?, row.get::<String>(1)?, people, reason));
        }
        Ok(())
    })?;
    for (name, at, people, reason) in &found {
        tx.execute(
            "UPDATE legal_hold SET people = $3, reason = $4 WHERE name = $1 AND at = $2",
            values![name, at, Json(people), reason],
        )?;
    }
    Ok(found.len())
}

/// Those about a record of theirs, and those by whose answer one became theirs
/// that is nobody's by now.
fn cases(tx: &mut dyn Sql, whom: &Whom) -> Result<usize, Problem> {
    let mut theirs = Vec::new();
    // By whose answer one became theirs, with the record.
    let mut linked = Vec::new();
    tx.each("SELECT id, body, decision FROM record_case", &[], &mut |row| {
        let Json(Case { about: About::Record(record), .. }) = row.get(1)?;
        let decision: Option<Json<CaseDecision>> = row.get(2)?;
        if whom.records.contains(&record) {
            theirs.push(row.get::<String>(0)?);
        } else if decision
            .is_some_and(|it| matches!(it.0.whose, Whose::Identity(id) if whom.gone.is(id)))
        {
            linked.push((row.get::<String>(0)?, record));
        }
        Ok(())
    })?;
    for (id, record) in linked {
        let is_known: bool = tx.one(
            "SELECT EXISTS (SELECT 1 FROM identity_record WHERE source = $1 AND key = $2)",
            values![record.source.as_str(), &record.key],
            |row| row.get(0),
        )?;
        if !is_known {
            theirs.push(id);
        }
    }
    for id in &theirs {
        tx.execute("DELETE FROM record_case WHERE id = $1", values![id])?;
    }
    Ok(theirs.len())
}

/// Where others asked for something, or were asked about, and they asked or
/// agreed: what they are called there, which stands beside their id.
fn labels(tx: &mut dyn Sql, whom: &Whom) -> Result<usize, Problem> {
    let mut emptied = 0_usize;
    let all = read::<Request>(tx, "SELECT id, body FROM request")?;
    for (id, mut request) in all {
        let mut named = match &mut request.by {
            RequestedBy::Person { identity: Some(by), label, .. } if whom.gone.is(*by) => {
                called(label)
            }
            RequestedBy::Person { .. } | RequestedBy::Step { .. } => false,
        };
        named |= agreed(request.asked.as_ref(), &mut request.agreed, &whom.gone);
        if named {
            tx.execute("UPDATE request SET body = $2 WHERE id = $1", values![id, Json(request)])?;
            emptied += 1;
        }
    }
    let all = read::<PlanApproval>(tx, "SELECT id, body FROM plan_approval")?;
    for (id, mut approval) in all {
        let mut named = agreed(Some(&approval.asked), &mut approval.agreed, &whom.gone);
        if let Agreement::Operations(operations) = &mut approval.about {
            // They lie under digests of what they were.
            let before = operations.len();
            operations.retain(|_, it| !whom.gone.is(it.identity));
            named |= operations.len() < before;
        }
        let asked = &mut approval.asked.reason;
        if !asked.is_empty() && approval.people.iter().any(|id| whom.gone.is(*id)) {
            // It names those whom it concerns.
            named |= called(asked);
        }
        if let Some((_, ApprovalEnd::Denied { by, who: Some(who) })) = &mut approval.ended
            && whom.gone.is(*who)
        {
            named |= called(by);
        }
        if named {
            tx.execute(
                "UPDATE plan_approval SET body = $2 WHERE id = $1",
                values![id, Json(approval)],
            )?;
            emptied += 1;
        }
    }
    emptied += reviews(tx, whom)?;
    Ok(emptied)
}

/// What was looked at of theirs goes; of others it stays.
fn reviews(tx: &mut dyn Sql, whom: &Whom) -> Result<usize, Problem> {
    let mut emptied = 0_usize;
    let all: Vec<(i64, Json<Review>)> =
        tx.all("SELECT number, body FROM review", &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, Json(mut review)) in all {
        let before = review.clone();
        review.items.retain(|it| !whom.gone.is(it.identity));
        review.skipped.retain(|it| !matches!(it, Skipped::Person(id) if whom.gone.is(*id)));
        if review != before {
            let changed = "UPDATE review SET body = $2 WHERE number = $1";
            tx.execute(changed, values![number, Json(review)])?;
            emptied += 1;
        }
    }
    Ok(emptied)
}

fn read<T: serde::de::DeserializeOwned>(
    tx: &mut dyn Sql,
    sql: &str,
) -> Result<Vec<(String, T)>, Problem> {
    tx.all(sql, &[], |row| Ok((row.get(0)?, row.get::<Json<T>>(1)?.0)))
}

/// Who agreed and how they are called are in the same order.
fn agreed(asked: Option<&Asked>, labels: &mut [String], gone: &Gone) -> bool {
    let approved = asked.map(|asked| asked.approved.as_slice()).unwrap_or_default();
    let mut named = false;
    if approved.len() != labels.len() {
        return named;
    }
    for (_, label) in approved.iter().zip(labels).filter(|(it, _)| gone.is(it.by)) {
        named |= called(label);
    }
    named
}
