//! What is ours: links to accounts, and the ledger of grants.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Ended, Link, OwnedGrant},
    value::ObjectRef,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    audit,
    columns::{At, Word, object},
    credentials,
    problem::Problem,
};
use crate::store::{AuditEntry, Effect};

pub(super) fn links(tx: &Connection) -> Result<Vec<Link>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT identity, target, object_type, uid, origin, disabled_since, unwanted_since, gone,
             unproven, was_enabled, sessions_ended_at, credentials_ended_at, password_set_at
         FROM link ORDER BY identity, target, gone, object_type, uid",
    )?;
    let links = statement.query_map([], |row| {
        Ok(Link {
            identity: row.get::<_, Word<_>>(0)?.0,
            target: row.get::<_, Word<_>>(1)?.0,
            account: object(row, 2)?,
            origin: row.get::<_, Word<_>>(4)?.0,
            disabled_since: row.get::<_, Option<At>>(5)?.map(|at| at.0),
            unwanted_since: row.get::<_, Option<At>>(6)?.map(|at| at.0),
            gone: row.get(7)?,
            unproven: row.get(8)?,
            was_enabled: row.get(9)?,
            ended: Ended {
                sessions: row.get::<_, Option<At>>(10)?.map(|at| at.0),
                credentials: row.get::<_, Option<At>>(11)?.map(|at| at.0),
                password: row.get::<_, Option<At>>(12)?.map(|at| at.0),
            },
        })
    })?;
    Ok(links.collect::<Result<_, _>>()?)
}

pub(super) fn ledger(tx: &Connection) -> Result<BTreeSet<OwnedGrant>, Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation
         FROM ledger",
    )?;
    let grants = statement.query_map([], |row| {
        Ok(OwnedGrant {
            target: row.get::<_, Word<_>>(0)?.0,
            holder: object(row, 1)?,
            entitlement: object(row, 3)?,
            relation: row.get(5)?,
        })
    })?;
    Ok(grants.collect::<Result<_, _>>()?)
}

/// Since when nothing has given these accounts; nothing else of the links.
pub(super) fn record_unwanted(tx: &Connection, links: &[Link]) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "UPDATE link SET unwanted_since = ?4
         WHERE (target, object_type, uid) = (?1, ?2, ?3) AND identity = ?5",
    )?;
    for Link { identity, target, account, unwanted_since, .. } in links {
        statement.execute(params![
            target.as_str(),
            account.object_type,
            account.uid,
            unwanted_since.map(At),
            identity.to_string()
        ])?;
    }
    Ok(())
}

pub(super) fn claim(tx: &Connection, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), Problem> {
    for (grant, entry) in claims {
        if keep_grant(tx, grant, entry.at)? {
            audit::append(tx, entry)?;
        }
    }
    Ok(())
}

/// What an answer changes in what is ours.
pub(super) fn apply(tx: &Connection, effect: &Effect, at: Timestamp) -> Result<(), Problem> {
    match effect {
        Effect::Linked(link) => keep_link(tx, link, at),
        Effect::Disabled { target, account, since, proven } => {
            tx.prepare_cached(
                "UPDATE link SET disabled_since = ?4, unproven = ?5, changed_at = ?6
                 WHERE (target, object_type, uid) = (?1, ?2, ?3)",
            )?
            .execute(params![
                target.as_str(),
                account.object_type,
                account.uid,
                At(*since),
                !proven,
                At(at)
            ])?;
            Ok(())
        }
        Effect::Enabled { target, account } => {
            tx.prepare_cached(
                "UPDATE link SET disabled_since = NULL, unproven = 0, was_enabled = 1,
                     changed_at = ?4
                 WHERE (target, object_type, uid) = (?1, ?2, ?3)",
            )?
            .execute(params![
                target.as_str(),
                account.object_type,
                account.uid,
                At(at)
            ])?;
            Ok(())
        }
        Effect::Ended { target, account, verb, at: ended } => {
            credentials::ended(tx, (target, account), *verb, *ended)
        }
        Effect::Gone { target, account } => {
            tx.prepare_cached(
                "UPDATE link SET gone = 1, gone_proven = 1, changed_at = ?4
                 WHERE (target, object_type, uid) = (?1, ?2, ?3)",
            )?
            .execute(params![
                target.as_str(),
                account.object_type,
                account.uid,
                At(at)
            ])?;
            forget_grants(tx, target, account)
        }
        Effect::Rekeyed { target, from, to } => rekey(tx, target, from, to, at),
        Effect::Granted(grant) => keep_grant(tx, grant, at).map(|_new| ()),
        Effect::Revoked(grant) => forget_grant(tx, grant),
    }
}

pub(super) fn keep_link(tx: &Connection, link: &Link, at: Timestamp) -> Result<(), Problem> {
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
    tx.prepare_cached("DELETE FROM link WHERE identity = ?1 AND target = ?2 AND gone = 1")?
        .execute(params![identity.to_string(), target.as_str()])?;
    tx.prepare_cached(
        "INSERT INTO link
             (target, object_type, uid, identity, origin, disabled_since, unwanted_since, gone,
              changed_at, unproven, was_enabled, sessions_ended_at, credentials_ended_at,
              password_set_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (target, object_type, uid) DO UPDATE SET identity = excluded.identity,
             origin = excluded.origin, disabled_since = excluded.disabled_since,
             unwanted_since = excluded.unwanted_since, gone = excluded.gone,
             changed_at = excluded.changed_at, unproven = excluded.unproven,
             was_enabled = excluded.was_enabled,
             sessions_ended_at = excluded.sessions_ended_at,
             credentials_ended_at = excluded.credentials_ended_at,
             password_set_at = excluded.password_set_at, gone_proven = 0,
             missing_since = NULL, missing_seen = 0, missing_last = NULL",
    )?
    .execute(params![
        target.as_str(),
        account.object_type,
        account.uid,
        identity.to_string(),
        Word(origin),
        disabled_since.map(At),
        unwanted_since.map(At),
        gone,
        At(at),
        unproven,
        was_enabled,
        sessions.map(At),
        credentials.map(At),
        password.map(At)
    ])?;
    Ok(())
}

/// Whose account it is, if it is there.
fn holder(
    tx: &Connection,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<Option<IdentityId>, Problem> {
    let holder = tx
        .prepare_cached(
            "SELECT identity FROM link
             WHERE (target, object_type, uid) = (?1, ?2, ?3) AND gone = 0",
        )?
        .query_row(params![target.as_str(), account.object_type, account.uid], |row| {
            row.get::<_, Word<_>>(0)
        })
        .optional()?;
    Ok(holder.map(|holder| holder.0))
}

pub(super) fn rekey(
    tx: &Connection,
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
    let place = params![target.as_str(), to.object_type, to.uid];
    tx.prepare_cached("DELETE FROM link WHERE (target, object_type, uid) = (?1, ?2, ?3)")?
        .execute(place)?;
    forget_grants(tx, target, to)?;
    tx.prepare_cached(
        "UPDATE link SET object_type = ?4, uid = ?5, changed_at = ?6
         WHERE (target, object_type, uid) = (?1, ?2, ?3)",
    )?
    .execute(params![
        target.as_str(),
        from.object_type,
        from.uid,
        to.object_type,
        to.uid,
        At(at)
    ])?;
    // Under the new key these grants are as new as the key: a read from
    // before the rename does not know them.
    tx.prepare_cached(
        "UPDATE ledger SET holder_type = ?4, holder_uid = ?5, granted_at = ?6
         WHERE (target, holder_type, holder_uid) = (?1, ?2, ?3)",
    )?
    .execute(params![
        target.as_str(),
        from.object_type,
        from.uid,
        to.object_type,
        to.uid,
        At(at)
    ])?;
    Ok(())
}

/// True when it was not ours before.
fn keep_grant(tx: &Connection, grant: &OwnedGrant, at: Timestamp) -> Result<bool, Problem> {
    let OwnedGrant { target, holder, entitlement, relation } = grant;
    let kept = tx
        .prepare_cached(
            "INSERT INTO ledger (target, holder_type, holder_uid, entitlement_type,
                 entitlement_uid, relation, granted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            target.as_str(),
            holder.object_type,
            holder.uid,
            entitlement.object_type,
            entitlement.uid,
            relation,
            At(at)
        ])?;
    Ok(kept == 1)
}

/// Nothing the account holds is ours any more.
pub(super) fn forget_grants(
    tx: &Connection,
    target: &ConnectorName,
    holder: &ObjectRef,
) -> Result<(), Problem> {
    tx.prepare_cached("DELETE FROM ledger WHERE (target, holder_type, holder_uid) = (?1, ?2, ?3)")?
        .execute(params![target.as_str(), holder.object_type, holder.uid])?;
    Ok(())
}

fn forget_grant(tx: &Connection, grant: &OwnedGrant) -> Result<(), Problem> {
    let OwnedGrant { target, holder, entitlement, relation } = grant;
    tx.prepare_cached(
        "DELETE FROM ledger WHERE (target, holder_type, holder_uid, entitlement_type,
             entitlement_uid, relation) = (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        target.as_str(),
        holder.object_type,
        holder.uid,
        entitlement.object_type,
        entitlement.uid,
        relation
    ])?;
    Ok(())
}
