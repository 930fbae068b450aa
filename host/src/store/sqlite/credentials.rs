//! When what somebody is signed in with was ended.

use jiff::Timestamp;
use lanyard_core::{id::ConnectorName, operation::CredentialVerb, value::ObjectRef};
use rusqlite::{Connection, params};

use super::{columns::At, problem::Problem};

/// Whoever revokes everything ends sessions as well.
pub(super) fn ended(
    tx: &Connection,
    (target, account): (&ConnectorName, &ObjectRef),
    verb: CredentialVerb,
    ended: Timestamp,
    at: Timestamp,
) -> Result<(), Problem> {
    tx.prepare_cached(
        "UPDATE link SET sessions_ended_at = ?4,
             credentials_ended_at = iif(?5, ?4, credentials_ended_at), changed_at = ?6
         WHERE (target, object_type, uid) = (?1, ?2, ?3)",
    )?
    .execute(params![
        target.as_str(),
        account.object_type,
        account.uid,
        At(ended),
        verb == CredentialVerb::Revoke,
        At(at)
    ])?;
    Ok(())
}
