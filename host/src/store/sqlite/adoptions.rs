//! What a person says of accounts that we did not make.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Declined, Link, Origin},
    value::ObjectRef,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    accounts, audit,
    columns::{Word, object},
    problem::Problem,
};
use crate::store::AuditEntry;

pub(super) fn adopt(tx: &Connection, link: &Link, entry: &AuditEntry) -> Result<(), Problem> {
    let other: Option<String> = tx
        .prepare_cached(
            "SELECT uid FROM link WHERE identity = ?1 AND target = ?2 AND gone = 0
             AND uid <> ?3",
        )?
        .query_row(
            params![link.identity.to_string(), link.target.as_str(), link.account.uid],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(uid) = other {
        return Err(Problem::Refused(format!(
            "identity {} already has the account `{uid}` at {}",
            link.identity, link.target
        )));
    }
    let of_them = params![
        link.target.as_str(),
        link.account.object_type,
        link.account.uid,
        link.identity.to_string()
    ];
    for said_before in [
        "DELETE FROM declined WHERE (target, object_type, uid, identity) = (?1, ?2, ?3, ?4)",
        "DELETE FROM given_back WHERE (target, object_type, uid, identity) = (?1, ?2, ?3, ?4)",
    ] {
        tx.prepare_cached(said_before)?.execute(of_them)?;
    }
    retype(tx, link, entry.at)?;
    accounts::keep_link(tx, link, entry.at)?;
    audit::append(tx, entry)
}

/// Where an account's type got another name, the link of the old name goes
/// and its grants stay with the account.
fn retype(tx: &Connection, link: &Link, at: Timestamp) -> Result<(), Problem> {
    let Link { identity, target, account, .. } = link;
    let former: Option<String> = tx
        .prepare_cached(
            "SELECT object_type FROM link WHERE identity = ?1 AND target = ?2 AND gone = 0
             AND uid = ?3 AND object_type <> ?4",
        )?
        .query_row(
            params![identity.to_string(), target.as_str(), account.uid, account.object_type],
            |row| row.get(0),
        )
        .optional()?;
    let Some(object_type) = former else { return Ok(()) };
    let former = ObjectRef { object_type, uid: account.uid.clone() };
    accounts::rekey(tx, target, &former, account, at)
}

pub(super) fn decline(
    tx: &Connection,
    declined: &Declined,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let Declined { identity, target, account } = declined;
    let linked = link(tx, target, account)?.is_some_and(|(whose, _)| whose == *identity);
    if linked {
        return Err(Problem::Refused(format!(
            "the account `{}` at {target} is managed as theirs",
            account.uid
        )));
    }
    tx.prepare_cached(
        "INSERT INTO declined (target, object_type, uid, identity) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        target.as_str(),
        account.object_type,
        account.uid,
        identity.to_string()
    ])?;
    audit::append(tx, entry)
}

pub(super) fn declined(tx: &Connection) -> Result<BTreeSet<Declined>, Problem> {
    of_people(tx, "SELECT identity, target, object_type, uid FROM declined")
}

fn of_people(tx: &Connection, query: &str) -> Result<BTreeSet<Declined>, Problem> {
    let mut statement = tx.prepare_cached(query)?;
    let declined = statement.query_map([], |row| {
        Ok(Declined {
            identity: row.get::<_, Word<_>>(0)?.0,
            target: row.get::<_, Word<_>>(1)?.0,
            account: object(row, 2)?,
        })
    })?;
    Ok(declined.collect::<Result<_, _>>()?)
}

pub(super) fn release(
    tx: &Connection,
    target: &ConnectorName,
    account: &ObjectRef,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let whose = match link(tx, target, account)? {
        Some((whose, Origin::Adopted)) => whose,
        Some((_, Origin::Created)) => {
            return Err(Problem::Refused(format!(
                "the account `{}` at {target} was created here, and not adopted",
                account.uid
            )));
        }
        None => {
            return Err(Problem::Refused(format!(
                "the account `{}` at {target} is nobody's",
                account.uid
            )));
        }
    };
    give_back(tx, whose, target, account)?;
    audit::append(tx, entry)
}

/// An account is nobody's again, with its grants, and only a person makes it
/// theirs once more.
fn give_back(
    tx: &Connection,
    whose: IdentityId,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<(), Problem> {
    let ObjectRef { object_type, uid } = account;
    tx.prepare_cached("DELETE FROM link WHERE (target, object_type, uid) = (?1, ?2, ?3)")?
        .execute(params![target.as_str(), object_type, uid])?;
    tx.prepare_cached(
        "INSERT INTO given_back (identity, target, object_type, uid) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![whose.to_string(), target.as_str(), object_type, uid])?;
    accounts::forget_grants(tx, target, account)
}

/// What people gave back, of everybody.
pub(super) fn given_back(tx: &Connection) -> Result<BTreeSet<Declined>, Problem> {
    of_people(tx, "SELECT identity, target, object_type, uid FROM given_back")
}

/// What a person said of accounts of somebody at a target is as if it had not
/// been said.
pub(super) fn reopen(
    tx: &Connection,
    identity: IdentityId,
    target: &ConnectorName,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let declined = tx
        .prepare_cached("DELETE FROM declined WHERE (target, identity) = (?1, ?2)")?
        .execute(params![target.as_str(), identity.to_string()])?;
    let adopted: Vec<ObjectRef> = tx
        .prepare_cached(
            "SELECT object_type, uid FROM link
             WHERE (target, identity, origin) = (?1, ?2, ?3) AND gone = 0",
        )?
        .query_map(params![target.as_str(), identity.to_string(), Word(Origin::Adopted)], |row| {
            object(row, 0)
        })?
        .collect::<Result<_, _>>()?;
    if declined == 0 && adopted.is_empty() {
        return Err(Problem::Refused(format!(
            "nobody said anything of accounts of identity {identity} at {target}"
        )));
    }
    for account in &adopted {
        give_back(tx, identity, target, account)?;
    }
    audit::append(tx, entry)
}

/// Whose an account is or was, and how it came to be theirs.
fn link(
    tx: &Connection,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<Option<(IdentityId, Origin)>, Problem> {
    Ok(tx
        .prepare_cached(
            "SELECT identity, origin FROM link WHERE (target, object_type, uid) = (?1, ?2, ?3)",
        )?
        .query_row(params![target.as_str(), account.object_type, account.uid], |row| {
            Ok((row.get::<_, Word<_>>(0)?.0, row.get::<_, Word<_>>(1)?.0))
        })
        .optional()?)
}
