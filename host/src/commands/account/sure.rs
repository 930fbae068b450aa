//! Accounts that were there before and are surely somebody's, adopted in one
//! go.

use lanyard_core::{
    id::ConnectorName,
    plan::adopted_link,
    policy::Policy,
    value::ObjectRef,
    xray::{AccountXray, Class, Owner},
};

use super::{
    super::output::{Output, counted},
    said,
};
use crate::{
    errors::{AppError, Exit},
    reconcile,
    store::Store,
    telemetry,
};

/// By what the last plan recorded of the target.
pub(super) async fn adopt(
    policy: &Policy,
    store: &dyn Store,
    target: &ConnectorName,
    yes: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let found = reconcile::look_through_recorded(policy, store, telemetry::clock()()).await?;
    let here = found.targets.iter().find(|it| it.target == *target).ok_or_else(|| {
        AppError::new(Exit::Usage, format!("`{target}` was never read"))
            .hint("`lanyard plan` reads it")
    })?;
    let sure: Vec<(&AccountXray, &Owner)> =
        here.of(Class::Sure).filter_map(|it| Some((it, it.owners.first()?))).collect();
    if sure.is_empty() {
        output.line(&format!("no account at {target} is surely somebody's"))?;
        return Ok(Exit::Ok);
    }
    for (account, owner) in &sure {
        output.line(&format!("{target} {}: {}", account.name, owner.told()))?;
    }
    let count = counted(sure.len(), "account", "accounts");
    let read_at = here.read_at;
    if !yes && !output.ask(&format!("adopt {count}, as read at {read_at:.0}?"))? {
        return Ok(Exit::Ok);
    }
    for (account, owner) in &sure {
        let identity = owner.person.identity;
        let reference =
            ObjectRef { object_type: account.object_type.clone(), uid: account.uid.clone() };
        let mut audit = said::decision("adopt", target, &reference, identity);
        let matched = owner.matched.clone().unwrap_or_default();
        audit.detail.insert("matched".to_owned(), matched);
        store.adopt(&adopted_link(identity, target, &reference), &audit).await?;
    }
    output.line(&format!("{count} adopted"))?;
    Ok(Exit::Ok)
}
