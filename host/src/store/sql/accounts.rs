//! What is ours: links to accounts, and the ledger of grants.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Ended, Link, OwnedGrant},
    value::ObjectRef,
};

use super::{
    Sql, audit,
    columns::{At, Word, object},
    credentials, obligations,
    problem::Problem,
    values,
};
use crate::store::{AuditEntry, Effect};

pub(super) fn links(tx: &mut dyn Sql) -> Result<Vec<Link>, Problem> {
    tx.all(
        "SELECT identity, target, object_type, uid, origin, disabled_since, unwanted_since, gone,
             unproven, was_enabled, sessions_ended_at, credentials_ended_at, password_set_at
         FROM link ORDER BY identity, target, gone, object_type, uid",
        &[],
        |row| {
            Ok(Link {
                identity: row.get::<Word<_>>(0)?.0,
                target: row.get::<Word<_>>(1)?.0,
                account: object(row, 2)?,
                origin: row.get::<Word<_>>(4)?.0,
                disabled_since: row.get::<Option<At>>(5)?.map(|at| at.0),
                unwanted_since: row.get::<Option<At>>(6)?.map(|at| at.0),
                gone: row.get(7)?,
                unproven: row.get(8)?,
                was_enabled: row.get(9)?,
                ended: Ended {
                    sessions: row.get::<Option<At>>(10)?.map(|at| at.0),
                    credentials: row.get::<Option<At>>(11)?.map(|at| at.0),
                    password: row.get::<Option<At>>(12)?.map(|at| at.0),
                },
            })
        },
    )
}

pub(super) fn ledger(tx: &mut dyn Sql) -> Result<BTreeSet<OwnedGrant>, Problem> {
    tx.all(
        "SELECT target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation
         FROM ledger",
        &[],
        |row| {
            Ok(OwnedGrant {
                target: row.get::<Word<_>>(0)?.0,
                holder: object(row, 1)?,
                entitlement: object(row, 3)?,
                relation: row.get(5)?,
            })
        },
    )
}

/// Since when nothing has given these accounts; nothing else of the links.
pub(super) fn record_unwanted(tx: &mut dyn Sql, links: &[Link]) -> Result<(), Problem> {
    let statement = "UPDATE link SET unwanted_since = $4
         WHERE (target, object_type, uid) = ($1, $2, $3) AND identity = $5";
    for Link { identity, target, account, unwanted_since, .. } in links {
        tx.execute(
            statement,
            values![
                target.as_str(),
                &account.object_type,
                &account.uid,
                unwanted_since.map(At),
                identity.to_string()
            ],
        )?;
    }
    Ok(())
}

pub(super) fn claim(tx: &mut dyn Sql, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), Problem> {
    for (grant, entry) in claims {
        if keep_grant(tx, grant, entry.at)? {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}

/// What an answer changes in what is ours.
pub(super) fn apply(tx: &mut dyn Sql, effect: &Effect, at: Timestamp) -> Result<(), Problem> {
    match effect {
        Effect::Linked(link) => keep_link(tx, link, at),
        Effect::Disabled { target, account, since, proven } => {
            tx.execute(
                "UPDATE link SET disabled_since = $4, unproven = $5, changed_at = $6
                 WHERE (target, object_type, uid) = ($1, $2, $3)",
                values![
                    target.as_str(),
                    &account.object_type,
                    &account.uid,
                    At(*since),
                    !proven,
                    At(at)
                ],
            )?;
            Ok(())
        }
        Effect::Enabled { target, account } => {
            tx.execute(
                "UPDATE link SET disabled_since = NULL, unproven = 0, was_enabled = 1,
                     changed_at = $4
                 WHERE (target, object_type, uid) = ($1, $2, $3)",
                values![target.as_str(), &account.object_type, &account.uid, At(at)],
            )?;
            Ok(())
        }
        Effect::Ended { target, account, verb, at: ended } => {
            credentials::ended(tx, (target, account), *verb, *ended)
        }
        Effect::Gone { target, account } => {
            tx.execute(
                "UPDATE link SET gone = 1, gone_proven = 1, changed_at = $4
                 WHERE (target, object_type, uid) = ($1, $2, $3)",
                values![target.as_str(), &account.object_type, &account.uid, At(at)],
            )?;
            forget_grants(tx, target, account)
        }
        Effect::Rekeyed { target, from, to } => rekey(tx, target, from, to, at),
        Effect::Granted(grant) => keep_grant(tx, grant, at).map(|_new| ()),
        Effect::Revoked(grant) => forget_grant(tx, grant),
        Effect::Owed(owing) => obligations::hear(tx, owing),
    }
}

pub(super) fn keep_link(tx: &mut dyn Sql, link: &Link, at: Timestamp) -> Result<(), Problem> {
    let Link {
        identity,
        target,
        account,
        origin,
        disabled_since,
        unproven,
        was_enabled,
        unwanted_since,
        gone,
        ended: Ended { sessions, credentials, password },
    } = link;
    if let Some(other) = holder(tx, target, account)?.filter(|other| other != identity) {
        return Err(Problem::Refused(format!(
            "the account `{}` at {target} belongs to identity {other}",
            account.uid
        )));
    }
    // The new account takes the place of one that is no more.
    tx.execute(
        "DELETE FROM link WHERE identity = $1 AND target = $2 AND gone = 1",
        values![identity.to_string(), target.as_str()],
    )?;
    tx.execute(
        "INSERT INTO link
             (target, object_type, uid, identity, origin, disabled_since, unwanted_since, gone,
              changed_at, unproven, was_enabled, sessions_ended_at, credentials_ended_at,
              password_set_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (target, object_type, uid) DO UPDATE SET identity = excluded.identity,
             origin = excluded.origin, disabled_since = excluded.disabled_since,
             unwanted_since = excluded.unwanted_since, gone = excluded.gone,
             changed_at = excluded.changed_at, unproven = excluded.unproven,
             was_enabled = excluded.was_enabled,
             sessions_ended_at = excluded.sessions_ended_at,
             credentials_ended_at = excluded.credentials_ended_at,
             password_set_at = excluded.password_set_at, gone_proven = 0,
             missing_since = NULL, missing_seen = 0, missing_last = NULL",
        values![
            target.as_str(),
            &account.object_type,
            &account.uid,
            identity.to_string(),
            Word(origin),
            disabled_since.map(At),
            unwanted_since.map(At),
            *gone,
            At(at),
            *unproven,
            *was_enabled,
            sessions.map(At),
            credentials.map(At),
            password.map(At)
        ],
    )?;
    Ok(())
}

/// Whose account it is, if it is there.
fn holder(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<Option<IdentityId>, Problem> {
    let holder = tx.optional(
        "SELECT identity FROM link
             WHERE (target, object_type, uid) = ($1, $2, $3) AND gone = 0",
        values![target.as_str(), &account.object_type, &account.uid],
        |row| row.get::<Word<_>>(0),
    )?;
    Ok(holder.map(|holder| holder.0))
}

pub(super) fn rekey(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    from: &ObjectRef,
    to: &ObjectRef,
    at: Timestamp,
) -> Result<(), Problem> {
    if from == to {
        return Ok(());
    }
    if let Some(other) = holder(tx, target, to)? {
        return Err(Problem::Refused(format!(
            "the key `{}` at {target} belongs to an account of identity {other}",
            to.uid
        )));
    }
    let place = values![target.as_str(), &to.object_type, &to.uid];
    tx.execute("DELETE FROM link WHERE (target, object_type, uid) = ($1, $2, $3)", place)?;
    forget_grants(tx, target, to)?;
    // Whoever read in between found nobody under the old key.
    tx.execute(
        "UPDATE link SET object_type = $4, uid = $5, changed_at = $6, gone = 0
         WHERE (target, object_type, uid) = ($1, $2, $3)",
        values![target.as_str(), &from.object_type, &from.uid, &to.object_type, &to.uid, At(at)],
    )?;
    // Under the new key these grants are as new as the key: a read from
    // before the rename does not know them.
    tx.execute(
        "UPDATE ledger SET holder_type = $4, holder_uid = $5, granted_at = $6
         WHERE (target, holder_type, holder_uid) = ($1, $2, $3)",
        values![target.as_str(), &from.object_type, &from.uid, &to.object_type, &to.uid, At(at)],
    )?;
    obligations::rekey(tx, target, from, to)
}

/// True when it was not ours before.
fn keep_grant(tx: &mut dyn Sql, grant: &OwnedGrant, at: Timestamp) -> Result<bool, Problem> {
    let OwnedGrant { target, holder, entitlement, relation } = grant;
    let kept = tx.execute(
        "INSERT INTO ledger (target, holder_type, holder_uid, entitlement_type,
                 entitlement_uid, relation, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        values![
            target.as_str(),
            &holder.object_type,
            &holder.uid,
            &entitlement.object_type,
            &entitlement.uid,
            relation,
            At(at)
        ],
    )?;
    Ok(kept == 1)
}

/// Nothing the account holds is ours any more.
pub(super) fn forget_grants(
    tx: &mut dyn Sql,
    target: &ConnectorName,
    holder: &ObjectRef,
) -> Result<(), Problem> {
    tx.execute(
        "DELETE FROM ledger WHERE (target, holder_type, holder_uid) = ($1, $2, $3)",
        values![target.as_str(), &holder.object_type, &holder.uid],
    )?;
    Ok(())
}

fn forget_grant(tx: &mut dyn Sql, grant: &OwnedGrant) -> Result<(), Problem> {
    let OwnedGrant { target, holder, entitlement, relation } = grant;
    tx.execute(
        "DELETE FROM ledger WHERE (target, holder_type, holder_uid, entitlement_type,
             entitlement_uid, relation) = ($1, $2, $3, $4, $5, $6)",
        values![
            target.as_str(),
            &holder.object_type,
            &holder.uid,
            &entitlement.object_type,
            &entitlement.uid,
            relation
        ],
    )?;
    Ok(())
}
