//! When what somebody is signed in with was ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, operation::CredentialVerb, value::ObjectRef};
use rusqlite::{Connection, params};

use super::{
    columns::{At, Word, object},
    problem::Problem,
};

/// The account has a password of ours.
pub(super) fn password_set(
    tx: &Connection,
    (target, account): (&ConnectorName, &ObjectRef),
    at: Timestamp,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "UPDATE link SET password_set_at = ?4 WHERE (target, object_type, uid) = (?1, ?2, ?3)",
    )?
    .execute(params![target.as_str(), account.object_type, account.uid, At(at)])?;
    Ok(())
}

/// Whoever revokes everything ends sessions as well.  A reading from before
/// says as much about the account as ever.
pub(super) fn ended(
    tx: &Connection,
    (target, account): (&ConnectorName, &ObjectRef),
    verb: CredentialVerb,
    at: Timestamp,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "UPDATE link SET sessions_ended_at = ?4,
             credentials_ended_at = iif(?5, ?4, credentials_ended_at)
         WHERE (target, object_type, uid) = (?1, ?2, ?3)",
    )?
    .execute(params![
        target.as_str(),
        account.object_type,
        account.uid,
        At(at),
        verb == CredentialVerb::Revoke
    ])?;
    Ok(())
}

/// Accounts that got a password of ours since then, by target.
pub(super) fn passwords_since(
    tx: &Connection,
    since: Timestamp,
) -> Result<BTreeMap<ConnectorName, BTreeSet<ObjectRef>>, Problem> {
    let mut statement =
        tx.prepare_cached("SELECT target, object_type, uid FROM link WHERE password_set_at >= ?1")?;
    let mut rows = statement.query([At(since)])?;
    let mut found: BTreeMap<ConnectorName, BTreeSet<ObjectRef>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let target = row.get::<_, Word<ConnectorName>>(0)?.0;
        found.entry(target).or_default().insert(object(row, 1)?);
    }
    Ok(found)
}
