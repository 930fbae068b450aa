//! What targets last reported, and what that says of what is ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, Assignment, Entitlement},
    id::ConnectorName,
    observed::ObservedTarget,
    schema::ObjectDef,
};
use rusqlite::{Connection, params};

use super::{
    columns::{At, Json, Word, object},
    names,
    problem::Problem,
};

pub(super) fn record(
    tx: &Connection,
    target: &ConnectorName,
    observed: &ObservedTarget,
) -> Result<(), Problem> {
    replace(tx, target, observed)?;
    let place = params![target.as_str(), At(observed.read_at)];
    // Only what we did not change since the read began is judged by it, and
    // only accounts of the type that was read.
    if observed.accounts_coverage.proves_absence() {
        tx.prepare_cached(
            "UPDATE link SET gone = 1 WHERE target = ?1 AND changed_at <= ?2 AND gone = 0
             AND object_type = ?3
             AND NOT EXISTS (SELECT 1 FROM observed_account AS seen
                 WHERE (seen.target, seen.object_type, seen.uid)
                     = (link.target, link.object_type, link.uid))",
        )?
        .execute(params![target.as_str(), At(observed.read_at), observed.account_type])?;
    }
    let given_once = |object: &&ObjectDef| observed.gives_keys_once(&object.object_type);
    for object in observed.schema.objects.iter().filter(given_once) {
        restore(tx, target, object, observed.read_at)?;
    }
    for (state, set) in [
        (
            "seen.state IN ('disabled', 'soft-deleted')",
            "disabled_since = ifnull(disabled_since, ?2), unproven = 0",
        ),
        ("seen.state = 'active'", "disabled_since = NULL, unproven = 0, was_enabled = 1"),
        ("seen.state = 'unknown'", "unproven = disabled_since IS NOT NULL"),
    ] {
        tx.prepare_cached(&format!(
            "UPDATE link SET {set} WHERE target = ?1 AND changed_at <= ?2 AND gone = 0
             AND EXISTS (SELECT 1 FROM observed_account AS seen
                 WHERE (seen.target, seen.object_type, seen.uid)
                     = (link.target, link.object_type, link.uid) AND {state})"
        ))?
        .execute(place)?;
    }
    names::note(tx, target, observed.read_at)?;
    forget_lost_grants(tx, target, observed)
}

/// An account that was gone and is there again is ours as before; what it was
/// meanwhile, and since when, is not known.
fn restore(
    tx: &Connection,
    target: &ConnectorName,
    object: &ObjectDef,
    read_at: Timestamp,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "UPDATE link SET gone = 0, disabled_since = NULL, unwanted_since = NULL, unproven = 0,
             gone_proven = 0, missing_since = NULL, missing_seen = 0, missing_last = NULL
         WHERE target = ?1 AND changed_at <= ?2 AND object_type = ?3 AND gone = 1
         AND EXISTS (SELECT 1 FROM observed_account AS seen
             WHERE (seen.target, seen.object_type, seen.uid)
                 = (link.target, link.object_type, link.uid) AND seen.state <> 'soft-deleted')",
    )?
    .execute(params![target.as_str(), At(read_at), object.object_type])?;
    Ok(())
}

/// Grants of accounts that are gone, and grants that are no longer there.
fn forget_lost_grants(
    tx: &Connection,
    target: &ConnectorName,
    observed: &ObservedTarget,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "DELETE FROM ledger WHERE target = ?1 AND EXISTS (SELECT 1 FROM link
             WHERE (link.target, link.object_type, link.uid)
                 = (ledger.target, ledger.holder_type, ledger.holder_uid) AND link.gone = 1)",
    )?
    .execute([target.as_str()])?;
    if observed.assignments_coverage.proves_absence() {
        tx.prepare_cached(
            "DELETE FROM ledger WHERE target = ?1 AND granted_at <= ?2
             AND holder_type = ?3
             AND NOT EXISTS (SELECT 1 FROM observed_assignment AS seen
                 WHERE (seen.target, seen.holder_type, seen.holder_uid, seen.entitlement_type,
                        seen.entitlement_uid)
                     = (ledger.target, ledger.holder_type, ledger.holder_uid,
                        ledger.entitlement_type, ledger.entitlement_uid)
                     -- As planning has it: no relation given means any.
                     AND (seen.relation = ledger.relation OR seen.relation = ''
                          OR ledger.relation = ''))",
        )?
        .execute(params![target.as_str(), At(observed.read_at), observed.account_type])?;
    }
    Ok(())
}

fn replace(
    tx: &Connection,
    target: &ConnectorName,
    observed: &ObservedTarget,
) -> Result<(), Problem> {
    let ObservedTarget {
        schema,
        account_type,
        accounts,
        entitlements,
        assignments,
        accounts_coverage,
        assignments_coverage,
        read_at,
    } = observed;
    for table in ["observed_account", "observed_entitlement", "observed_assignment"] {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE target = ?1"))?
            .execute([target.as_str()])?;
    }
    tx.prepare_cached(
        "INSERT INTO observation (target, schema, accounts_coverage, assignments_coverage, read_at,
             account_type)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (target) DO UPDATE SET schema = excluded.schema,
             accounts_coverage = excluded.accounts_coverage,
             assignments_coverage = excluded.assignments_coverage, read_at = excluded.read_at,
             account_type = excluded.account_type",
    )?
    .execute(params![
        target.as_str(),
        Json(schema),
        Json(accounts_coverage),
        Json(assignments_coverage),
        At(*read_at),
        account_type
    ])?;
    keep_accounts(tx, target, accounts)?;
    keep_entitlements(tx, target, entitlements)?;
    keep_assignments(tx, target, assignments)
}

fn keep_accounts(
    tx: &Connection,
    target: &ConnectorName,
    accounts: &[Account],
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO observed_account (target, position, object_type, uid, state, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, account) in (0_i64..).zip(accounts) {
        statement.execute(params![
            target.as_str(),
            position,
            account.reference.object_type,
            account.reference.uid,
            Word(account.state),
            Json(account)
        ])?;
    }
    Ok(())
}

fn keep_entitlements(
    tx: &Connection,
    target: &ConnectorName,
    entitlements: &[Entitlement],
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO observed_entitlement (target, position, body) VALUES (?1, ?2, ?3)",
    )?;
    for (position, entitlement) in (0_i64..).zip(entitlements) {
        statement.execute(params![target.as_str(), position, Json(entitlement)])?;
    }
    Ok(())
}

fn keep_assignments(
    tx: &Connection,
    target: &ConnectorName,
    assignments: &[Assignment],
) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO observed_assignment (target, position, holder_type, holder_uid,
             entitlement_type, entitlement_uid, relation, direct)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (position, assignment) in (0_i64..).zip(assignments) {
        let Assignment { holder, entitlement, relation, direct } = assignment;
        statement.execute(params![
            target.as_str(),
            position,
            holder.object_type,
            holder.uid,
            entitlement.object_type,
            entitlement.uid,
            relation,
            direct
        ])?;
    }
    Ok(())
}

pub(super) fn all(tx: &Connection) -> Result<BTreeMap<ConnectorName, ObservedTarget>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT target, schema, accounts_coverage, assignments_coverage, read_at, account_type
         FROM observation",
    )?;
    let targets = statement.query_map([], |row| {
        let observed = ObservedTarget {
            schema: row.get::<_, Json<_>>(1)?.0,
            account_type: row.get(5)?,
            accounts: Vec::new(),
            entitlements: Vec::new(),
            assignments: Vec::new(),
            accounts_coverage: row.get::<_, Json<_>>(2)?.0,
            assignments_coverage: row.get::<_, Json<_>>(3)?.0,
            read_at: row.get::<_, At>(4)?.0,
        };
        Ok((row.get::<_, Word<ConnectorName>>(0)?.0, observed))
    })?;
    let mut targets: BTreeMap<_, _> = targets.collect::<Result<_, _>>()?;
    for (target, observed) in &mut targets {
        observed.accounts = bodies(tx, "observed_account", target)?;
        observed.entitlements = bodies(tx, "observed_entitlement", target)?;
        observed.assignments = assignments(tx, target)?;
    }
    Ok(targets)
}

fn bodies<T: serde::de::DeserializeOwned>(
    tx: &Connection,
    table: &'static str,
    target: &ConnectorName,
) -> Result<Vec<T>, Problem> {
    let mut statement = tx
        .prepare_cached(&format!("SELECT body FROM {table} WHERE target = ?1 ORDER BY position"))?;
    let rows = statement.query_map([target.as_str()], |row| Ok(row.get::<_, Json<T>>(0)?.0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn assignments(tx: &Connection, target: &ConnectorName) -> Result<Vec<Assignment>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT holder_type, holder_uid, entitlement_type, entitlement_uid, relation, direct
         FROM observed_assignment WHERE target = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([target.as_str()], |row| {
        Ok(Assignment {
            holder: object(row, 0)?,
            entitlement: object(row, 2)?,
            relation: row.get(4)?,
            direct: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
