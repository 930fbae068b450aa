//! When what somebody is signed in with was ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, operation::CredentialVerb, value::ObjectRef};

use super::{
    Sql,
    columns::{At, Word, object},
    problem::Problem,
    values,
};

/// The account has a password of ours.
pub(super) fn password_set(
    tx: &mut dyn Sql,
    (target, account): (&ConnectorName, &ObjectRef),
    at: Timestamp,
) -> Result<(), Problem> {
    tx.execute(
        "UPDATE link SET password_set_at = $4 WHERE (target, object_type, uid) = ($1, $2, $3)",
        values![target.as_str(), &account.object_type, &account.uid, At(at)],
    )?;
    Ok(())
}

/// Whoever revokes everything ends sessions as well.  A reading from before
/// says as much about the account as ever.
pub(super) fn ended(
    tx: &mut dyn Sql,
    (target, account): (&ConnectorName, &ObjectRef),
    verb: CredentialVerb,
    at: Timestamp,
) -> Result<(), Problem> {
    tx.execute(
        "UPDATE link SET sessions_ended_at = $4,
             credentials_ended_at = CASE WHEN $5 = 1 THEN $4 ELSE credentials_ended_at END
         WHERE (target, object_type, uid) = ($1, $2, $3)",
        values![
            target.as_str(),
            &account.object_type,
            &account.uid,
            At(at),
            verb == CredentialVerb::Revoke
        ],
    )?;
    Ok(())
}

/// Accounts that got a password of ours since then, by target.
pub(super) fn passwords_since(
    tx: &mut dyn Sql,
    since: Timestamp,
) -> Result<BTreeMap<ConnectorName, BTreeSet<ObjectRef>>, Problem> {
    let statement = "SELECT target, object_type, uid FROM link WHERE password_set_at >= $1";
    let mut found: BTreeMap<ConnectorName, BTreeSet<ObjectRef>> = BTreeMap::new();
    tx.each(statement, values![At(since)], &mut |row| {
        let target = row.get::<Word<ConnectorName>>(0)?.0;
        found.entry(target).or_default().insert(object(row, 1)?);
        Ok(())
    })?;
    Ok(found)
}
