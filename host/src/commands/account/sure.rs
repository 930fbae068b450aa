//! Accounts that were there before and are surely somebody's, adopted in one
//! go.

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    diff::one_line,
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

/// A reading that nobody looks at again is believed for so long.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// By what the last plan recorded of the target: what that plan adopts, and
/// what is of people who have left.
pub(super) async fn adopt(
    policy: &Policy,
    store: &dyn Store,
    target: &ConnectorName,
    yes: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let now = telemetry::clock()();
    let found = reconcile::look_through_recorded(policy, store, now).await?;
    let here = found.targets.iter().find(|it| it.target == *target).ok_or_else(|| {
        AppError::new(Exit::Usage, format!("`{target}` was never read"))
            .hint("`lanyard plan` reads it")
    })?;
    let sure = here.of(Class::Sure).filter_map(|it| Some((it, it.owners.first()?)));
    let (sure, ungiven): (Vec<(&AccountXray, &Owner)>, Vec<_>) =
        sure.partition(|(account, _)| account.adopted_next);
    for (account, owner) in &ungiven {
        let line = line(target, account, owner);
        output.line(&format!("not adopted: {line}; no rule gives them an account there"))?;
    }
    if sure.is_empty() {
        let and = if ungiven.is_empty() { "" } else { " who is to have one" };
        output.line(&format!("no account at {target} is surely somebody's{and}"))?;
        return Ok(Exit::Ok);
    }
    for (account, owner) in &sure {
        output.line(&line(target, account, owner))?;
    }
    let count = counted(sure.len(), "account", "accounts");
    let read_at = here.read_at;
    if yes {
        fresh(target, read_at, now)?;
    } else if !output.ask(&format!("adopt {count}, as read at {read_at:.0}?"))? {
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

fn line(target: &ConnectorName, account: &AccountXray, owner: &Owner) -> String {
    format!("{target} {}: {}", one_line(&account.name), one_line(&owner.told()))
}

/// Without anybody who sees when it was read, an old reading is none.
fn fresh(target: &ConnectorName, read_at: Timestamp, now: Timestamp) -> Result<(), AppError> {
    if now.duration_since(read_at) <= FRESH {
        return Ok(());
    }
    Err(AppError::new(
        Exit::Usage,
        format!("`{target}` was read at {read_at:.0}, which is too long ago for `--yes`"),
    )
    .hint("`lanyard plan` reads it again; nothing was adopted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_of_more_than_a_day_ago_is_not_adopted_from_unseen() {
        let read_at: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let target = "directory".parse().unwrap();
        assert!(fresh(&target, read_at, "2026-06-02T12:00:00Z".parse().unwrap()).is_ok());
        let late = fresh(&target, read_at, "2026-06-02T12:00:01Z".parse().unwrap());
        assert!(format!("{:?}", late.unwrap_err()).contains("too long ago for `--yes`"));
    }
}
