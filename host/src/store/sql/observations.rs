//! What targets last reported, and what that says of what is ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, Assignment, Entitlement},
    id::ConnectorName,
    observed::ObservedTarget,
    schema::ObjectDef,
    value::ObjectRef,
};

use super::{
    Sql,
    columns::{At, Json, Word, object},
    names,
    problem::Problem,
    row, values,
};

pub(super) fn record(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    observed: &ObservedTarget,
) -> Result<(), Problem> {
    replace(tx, target, observed)?;
    let place = values![target.as_str(), At(observed.read_at)];
    // Only what we did not change since the read began is judged by it, and
    // only accounts of the type that was read.
    if observed.accounts_coverage.proves_absence() {
        tx.execute(
            "UPDATE link SET gone = 1 WHERE target = $1 AND changed_at <= $2 AND gone = 0
             AND object_type = $3
             AND NOT EXISTS (SELECT 1 FROM observed_account AS seen
                 WHERE (seen.target, seen.object_type, seen.uid)
                     = (link.target, link.object_type, link.uid))",
            values![target.as_str(), At(observed.read_at), &observed.account_type],
        )?;
    }
    let given_once = |object: &&ObjectDef| observed.gives_keys_once(&object.object_type);
    for object in observed.schema.objects.iter().filter(given_once) {
        restore(tx, target, object, observed.read_at)?;
    }
    for (state, set) in [
        (
            "seen.state IN ('disabled', 'soft-deleted')",
            "disabled_since = coalesce(disabled_since, $2), unproven = 0",
        ),
        ("seen.state = 'active'", "disabled_since = NULL, unproven = 0, was_enabled = 1"),
        ("seen.state = 'unknown'", "unproven = CASE WHEN disabled_since IS NULL THEN 0 ELSE 1 END"),
    ] {
        tx.execute(
            &format!(
                "UPDATE link SET {set} WHERE target = $1 AND changed_at <= $2 AND gone = 0
             AND EXISTS (SELECT 1 FROM observed_account AS seen
                 WHERE (seen.target, seen.object_type, seen.uid)
                     = (link.target, link.object_type, link.uid) AND {state})"
            ),
            place,
        )?;
    }
    names::note(tx, target, observed.read_at)?;
    forget_lost_grants(tx, target, observed)
}

/// An account that was gone and is there again is ours as before; what it was
/// meanwhile, and since when, is not known.
fn restore(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    object: &ObjectDef,
    read_at: Timestamp,
) -> Result<(), Problem> {
    tx.execute(
        "UPDATE link SET gone = 0, disabled_since = NULL, unwanted_since = NULL, unproven = 0,
             gone_proven = 0, missing_since = NULL, missing_seen = 0, missing_last = NULL
         WHERE target = $1 AND changed_at <= $2 AND object_type = $3 AND gone = 1
         AND EXISTS (SELECT 1 FROM observed_account AS seen
             WHERE (seen.target, seen.object_type, seen.uid)
                 = (link.target, link.object_type, link.uid) AND seen.state <> 'soft-deleted')",
        values![target.as_str(), At(read_at), &object.object_type],
    )?;
    Ok(())
}

/// Grants of accounts that are gone, and grants that are no longer there.
fn forget_lost_grants(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    observed: &ObservedTarget,
) -> Result<(), Problem> {
    tx.execute(
        "DELETE FROM ledger WHERE target = $1 AND EXISTS (SELECT 1 FROM link
             WHERE (link.target, link.object_type, link.uid)
                 = (ledger.target, ledger.holder_type, ledger.holder_uid) AND link.gone = 1)",
        values![target.as_str()],
    )?;
    if observed.assignments_coverage.proves_absence() {
        tx.execute(
            "DELETE FROM ledger WHERE target = $1 AND granted_at <= $2
             AND holder_type = $3
             AND NOT EXISTS (SELECT 1 FROM observed_assignment AS seen
                 WHERE (seen.target, seen.holder_type, seen.holder_uid, seen.entitlement_type,
                        seen.entitlement_uid)
                     = (ledger.target, ledger.holder_type, ledger.holder_uid,
                        ledger.entitlement_type, ledger.entitlement_uid)
                     -- As planning has it: no relation given means any.
                     AND (seen.relation = ledger.relation OR seen.relation = ''
                          OR ledger.relation = ''))",
            values![target.as_str(), At(observed.read_at), &observed.account_type],
        )?;
    }
    Ok(())
}

fn replace(
    tx: &mut dyn Sql,
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
        tx.execute(&format!("DELETE FROM {table} WHERE target = $1"), values![target.as_str()])?;
    }
    tx.execute(
        "INSERT INTO observation (target, schema, accounts_coverage, assignments_coverage, read_at,
             account_type)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (target) DO UPDATE SET schema = excluded.schema,
             accounts_coverage = excluded.accounts_coverage,
             assignments_coverage = excluded.assignments_coverage, read_at = excluded.read_at,
             account_type = excluded.account_type",
        values![
            target.as_str(),
            Json(schema),
            Json(accounts_coverage),
            Json(assignments_coverage),
            At(*read_at),
            account_type
        ],
    )?;
    keep_accounts(tx, target, accounts)?;
    keep_entitlements(tx, target, entitlements)?;
    keep_assignments(tx, target, assignments)
}

fn keep_accounts(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    accounts: &[Account],
) -> Result<(), Problem> {
    let statement =
        "INSERT INTO observed_account (target, position, object_type, uid, state, name, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let mut rows = (0_i64..).zip(accounts).map(|(position, account)| {
        let ObjectRef { object_type, uid } = &account.reference;
        let (target, state) = (target.as_str(), Word(account.state));
        row![target, position, object_type, uid, state, &account.name, Json(account)]
    });
    tx.execute_each(statement, &mut rows)
}

fn keep_entitlements(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    entitlements: &[Entitlement],
) -> Result<(), Problem> {
    let statement = "INSERT INTO observed_entitlement (target, position, body) VALUES ($1, $2, $3)";
    let mut rows = (0_i64..)
        .zip(entitlements)
        .map(|(position, entitlement)| row![target.as_str(), position, Json(entitlement)]);
    tx.execute_each(statement, &mut rows)
}

fn keep_assignments(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    assignments: &[Assignment],
) -> Result<(), Problem> {
    let statement = "INSERT INTO observed_assignment (target, position, holder_type, holder_uid,
             entitlement_type, entitlement_uid, relation, direct)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let mut rows = (0_i64..).zip(assignments).map(|(position, assignment)| {
        let Assignment { holder, entitlement, relation, direct } = assignment;
        row![
            target.as_str(),
            position,
            &holder.object_type,
            &holder.uid,
            &entitlement.object_type,
            &entitlement.uid,
            relation,
            *direct
        ]
    });
    tx.execute_each(statement, &mut rows)
}

pub(super) fn all(tx: &mut dyn Sql) -> Result<BTreeMap<ConnectorName, ObservedTarget>, Problem> {
    let mut targets: BTreeMap<_, _> = tx.all(
        "SELECT target, schema, accounts_coverage, assignments_coverage, read_at, account_type
         FROM observation",
        &[],
        |row| {
            let observed = ObservedTarget {
                schema: row.get::<Json<_>>(1)?.0,
                account_type: row.get(5)?,
                accounts: Vec::new(),
                entitlements: Vec::new(),
                assignments: Vec::new(),
                accounts_coverage: row.get::<Json<_>>(2)?.0,
                assignments_coverage: row.get::<Json<_>>(3)?.0,
                read_at: row.get::<At>(4)?.0,
            };
            Ok((row.get::<Word<ConnectorName>>(0)?.0, observed))
        },
    )?;
    for (target, observed) in &mut targets {
        observed.accounts = bodies(tx, "observed_account", target)?;
        observed.entitlements = bodies(tx, "observed_entitlement", target)?;
        observed.assignments = assignments(tx, target)?;
    }
    Ok(targets)
}

fn bodies<T: serde::de::DeserializeOwned>(
    tx: &mut dyn Sql,
    table: &'static str,
    target: &ConnectorName,
) -> Result<Vec<T>, Problem> {
    tx.all(
        &format!("SELECT body FROM {table} WHERE target = $1 ORDER BY position"),
        values![target.as_str()],
        |row| Ok(row.get::<Json<T>>(0)?.0),
    )
}

fn assignments(tx: &mut dyn Sql, target: &ConnectorName) -> Result<Vec<Assignment>, Problem> {
    tx.all(
        "SELECT holder_type, holder_uid, entitlement_type, entitlement_uid, relation, direct
         FROM observed_assignment WHERE target = $1 ORDER BY position",
        values![target.as_str()],
        |row| {
            Ok(Assignment {
                holder: object(row, 0)?,
                entitlement: object(row, 2)?,
                relation: row.get(4)?,
                direct: row.get(5)?,
            })
        },
    )
}
