//! What the record says of a time that is over.

use std::{collections::BTreeSet, convert::Infallible};

use jiff::Timestamp;
use lanyard_core::{
    asking::{Deed, HadThen, Then, What, sought},
    id::IdentityId,
    identity::{facts_now, key, label},
    lifecycle::Kept,
    policy::Policy,
};

use crate::store::{AuditEntry, AuditFilter, AuditRow, Paged, Store, StoreError, each_row};

/// Why nobody can tell who had something.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    #[error("{0}")]
    Unknown(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who had an account or an entitlement then, by the rows about its target;
/// people are called as they are `now`.
///
/// # Errors
/// When the record says nothing of such a thing, or the store fails.
pub async fn had_then(
    policy: &Policy,
    store: &dyn Store,
    what: &What,
    (at, now): (Timestamp, Timestamp),
) -> Result<HadThen, RecallError> {
    let (target, name) = match what {
        What::Target(target) => (Some(target), format!("an account at {target}")),
        What::Entitlement { target, entitlement } => {
            (Some(target), format!("`{entitlement}` at {target}"))
        }
        What::Role(role) => (None, format!("the role `{role}`")),
    };
    let observations = store.observations().await?;
    let there = target.and_then(|target| observations.get(target));
    let sought = sought(policy, there, what).map_err(RecallError::Unknown)?;
    let kept = store.kept().await?;
    let mut then = Then::new(sought, at);
    let filter = AuditFilter { target: target.cloned(), ..AuditFilter::default() };
    let followed = each_row(store, &filter, |row| {
        then.take(&deed(row, &kept));
        Ok::<_, Infallible>(())
    });
    match followed.await {
        Ok(()) => {}
        Err(Paged::Store(error)) => return Err(error.into()),
        Err(Paged::Refused(never)) => match never {},
    }
    if !then.is_known() {
        return Err(RecallError::Unknown(format!(
            "the record never had {name}, and nothing there is called so by now"
        )));
    }
    let links = store.links().await?;
    let gone: BTreeSet<IdentityId> = links
        .into_iter()
        .filter(|link| link.gone && Some(&link.target) == target)
        .map(|link| link.identity)
        .collect();
    let people = store.identities().await?;
    let called = |id: IdentityId| {
        let person = people.iter().find(|person| person.id == id)?;
        Some((label(person, &facts_now(person, now)), key(person).to_owned()))
    };
    Ok(then.had(name, &gone, &called))
}

fn deed(row: AuditRow, kept: &Kept) -> Deed {
    let AuditEntry {
        at,
        actor,
        action,
        identity,
        target: _,
        account,
        result,
        verification,
        detail,
    } = row.entry;
    let mut detail = detail;
    let mut said = |name: &str| detail.remove(name);
    Deed {
        number: row.sequence,
        at,
        by: actor,
        action,
        result,
        verification,
        identity: identity.map(|identity| kept.by_now(identity)),
        account,
        entitlement: said("entitlement"),
        entitlement_id: said("entitlement id"),
        loss: said("loss"),
        closed_by: said("by"),
        after: said("after"),
        because: said("because"),
        emptied: row.salt.is_none(),
    }
}
