//! What a person says of accounts that we did not make.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_core::{
    id::{ConnectorName, IdentityId},
    observed::{Declined, Link, Origin},
    value::ObjectRef,
};

use super::{
    Sql, accounts, audit,
    columns::{Word, object},
    problem::Problem,
    values,
};
use crate::store::AuditEntry;

pub(super) fn adopt(tx: &mut dyn Sql, link: &Link, entry: &AuditEntry) -> Result<(), Problem> {
    let other: Option<String> = tx.optional(
        "SELECT uid FROM link WHERE identity = $1 AND target = $2 AND gone = 0
             AND uid <> $3",
        values![link.identity.to_string(), link.target.as_str(), &link.account.uid],
        |row| row.get(0),
    )?;
    if let Some(uid) = other {
        return Err(Problem::Refused(format!(
            "identity {} already has the account `{uid}` at {}",
            link.identity, link.target
        )));
    }
    let of_them = values![
        link.target.as_str(),
        &link.account.object_type,
        &link.account.uid,
        link.identity.to_string()
    ];
    for said_before in [
        "DELETE FROM declined WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4)",
        "DELETE FROM given_back WHERE (target, object_type, uid, identity) = ($1, $2, $3, $4)",
    ] {
        tx.execute(said_before, of_them)?;
    }
    retype(tx, link, entry.at)?;
    accounts::keep_link(tx, link, entry.at)?;
    audit::append(tx, entry)
}

/// Where an account's type got another name, the link of the old name goes
/// and its grants stay with the account.
fn retype(tx: &mut dyn Sql, link: &Link, at: Timestamp) -> Result<(), Problem> {
    let Link { identity, target, account, .. } = link;
    let former: Option<String> = tx.optional(
        "SELECT object_type FROM link WHERE identity = $1 AND target = $2 AND gone = 0
             AND uid = $3 AND object_type <> $4",
        values![identity.to_string(), target.as_str(), &account.uid, &account.object_type],
        |row| row.get(0),
    )?;
    let Some(object_type) = former else { return Ok(()) };
    let former = ObjectRef { object_type, uid: account.uid.clone() };
    accounts::rekey(tx, target, &former, account, at)
}

pub(super) fn decline(
    tx: &mut dyn Sql,
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
    tx.execute(
        "INSERT INTO declined (target, object_type, uid, identity) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        values![target.as_str(), &account.object_type, &account.uid, identity.to_string()],
    )?;
    audit::append(tx, entry)
}

pub(super) fn declined(tx: &mut dyn Sql) -> Result<BTreeSet<Declined>, Problem> {
    of_people(tx, "SELECT identity, target, object_type, uid FROM declined")
}

fn of_people(tx: &mut dyn Sql, query: &str) -> Result<BTreeSet<Declined>, Problem> {
    tx.all(query, &[], |row| {
        Ok(Declined {
            identity: row.get::<Word<_>>(0)?.0,
            target: row.get::<Word<_>>(1)?.0,
            account: object(row, 2)?,
        })
    })
}

pub(super) fn release(
    tx: &mut dyn Sql,
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
    tx: &mut dyn Sql,
    whose: IdentityId,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<(), Problem> {
    let ObjectRef { object_type, uid } = account;
    tx.execute(
        "DELETE FROM link WHERE (target, object_type, uid) = ($1, $2, $3)",
        values![target.as_str(), object_type, uid],
    )?;
    tx.execute(
        "INSERT INTO given_back (identity, target, object_type, uid) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        values![whose.to_string(), target.as_str(), object_type, uid],
    )?;
    accounts::forget_grants(tx, target, account)
}

/// What people gave back, of everybody.
pub(super) fn given_back(tx: &mut dyn Sql) -> Result<BTreeSet<Declined>, Problem> {
    of_people(tx, "SELECT identity, target, object_type, uid FROM given_back")
}

/// What a person said of accounts of somebody at a target is as if it had not
/// been said.
pub(super) fn reopen(
    tx: &mut dyn Sql,
    identity: IdentityId,
    target: &ConnectorName,
    entry: &AuditEntry,
) -> Result<(), Problem> {
    let declined = tx.execute(
        "DELETE FROM declined WHERE (target, identity) = ($1, $2)",
        values![target.as_str(), identity.to_string()],
    )?;
    let adopted: Vec<ObjectRef> = tx.all(
        "SELECT object_type, uid FROM link
             WHERE (target, identity, origin) = ($1, $2, $3) AND gone = 0",
        values![target.as_str(), identity.to_string(), Word(Origin::Adopted)],
        |row| object(row, 0),
    )?;
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
    tx: &mut dyn Sql,
    target: &ConnectorName,
    account: &ObjectRef,
) -> Result<Option<(IdentityId, Origin)>, Problem> {
    tx.optional(
        "SELECT identity, origin FROM link WHERE (target, object_type, uid) = ($1, $2, $3)",
        values![target.as_str(), &account.object_type, &account.uid],
        |row| Ok((row.get::<Word<_>>(0)?.0, row.get::<Word<_>>(1)?.0)),
    )
}
