//! When what somebody is signed in with was ended.

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, operation::CredentialVerb, value::ObjectRef};
use rusqlite::{Connection, params};

use super::{columns::At, problem::Problem};

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
