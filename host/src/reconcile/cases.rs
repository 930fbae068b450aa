//! Questions that only a person can answer: whose a record of a source is,
//! and whose an account at a target is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_core::{
    case::{
        About, CaseDecision, KeptCase, Whose,
        accounts::{AccountCase, account_case, account_cases},
        reopen::{CannotReopen, reopened},
    },
    desired::desired_adopting,
    forgetting::StillErased,
    id::{ConnectorName, IdentityId},
    observed::{Declined, Link, Origin},
    plan::{Adoption, PlanSettings, adopted_link, plan},
    policy::Policy,
    value::ObjectRef,
};

use super::known::recorded;
use crate::store::{AuditEntry, AuditFilter, Store, StoreError};

/// Every case there is.
#[derive(Debug, Clone)]
pub struct Cases {
    /// About records, in the order of their ids, the decided ones included.
    pub records: Vec<KeptCase>,
    /// About accounts, open ones.
    pub accounts: Vec<AccountCase>,
    /// About accounts, those that a person decided.
    pub decided: Vec<DecidedAccount>,
    /// About records of people who were erased, those of which a person said
    /// that they still are; by the id of the case.
    pub still: BTreeMap<String, StillErased>,
}

/// What a person said of accounts of somebody at a target.
#[derive(Debug, Clone)]
pub struct DecidedAccount {
    pub id: String,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub adopted: Option<ObjectRef>,
    pub declined: Vec<ObjectRef>,
    /// Who said it last, and when.
    pub said: Option<(String, Timestamp)>,
}

/// Why a case is not changed.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the case `{id}` was decided by {by} on {at:.0}")]
    Decided { id: String, by: String, at: Timestamp },
    #[error("the case `{0}` is closed: the record is nobody's question any more")]
    Closed(String),
    #[error("the case `{0}` is about nobody who was erased")]
    NotErased(String),
    #[error("the case `{id}` cannot be reopened")]
    Reopen {
        id: String,
        #[source]
        why: CannotReopen,
    },
}

/// Who says it, when, and why.
#[derive(Debug, Clone, Copy)]
pub struct Decider<'a> {
    pub actor: &'a str,
    pub now: Timestamp,
    pub reason: Option<&'a str>,
}

/// Cases as last known.
///
/// # Errors
/// When the store fails.
pub async fn cases(
    policy: &Policy,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Cases, StoreError> {
    let (assembled, mut observed) = recorded(policy, store, now).await?;
    let desired = desired_adopting(policy, &assembled, &mut observed, now);
    let accounts = account_cases(&plan(&PlanSettings::of(policy), &desired, &observed, now));
    let is_kept = |link: &&Link| {
        let is_it = |it: &Adoption| it.target == link.target && it.account == link.account;
        !link.gone && link.origin == Origin::Adopted && !observed.adopting.iter().any(is_it)
    };
    let mut decided: BTreeMap<(IdentityId, ConnectorName), DecidedAccount> = BTreeMap::new();
    let mut at = |identity: IdentityId,
                  target: &ConnectorName,
                  said: &dyn Fn(&mut DecidedAccount)| {
        let decided = decided.entry((identity, target.clone())).or_insert_with(|| DecidedAccount {
            id: account_case(identity, target),
            identity,
            target: target.clone(),
            adopted: None,
            declined: Vec::new(),
            said: None,
        });
        said(decided);
    };
    for link in observed.links.iter().filter(is_kept) {
        at(link.identity, &link.target, &|it| it.adopted = Some(link.account.clone()));
    }
    for declined in &observed.declined {
        let account = &declined.account;
        at(declined.identity, &declined.target, &|it| it.declined.push(account.clone()));
    }
    let mut decided: Vec<DecidedAccount> = decided.into_values().collect();
    for decided in &mut decided {
        let filter = AuditFilter {
            identity: Some(decided.identity),
            target: Some(decided.target.clone()),
            ..AuditFilter::default()
        };
        let rows = store.audit(&filter).await?;
        let said = |action: &str| matches!(action, "adopt" | "decline");
        let last = rows.into_iter().map(|row| row.entry).rfind(|it| said(&it.action));
        decided.said = last.map(|entry| (entry.actor, entry.at));
    }
    let still = observed.forgetting.forgotten.still;
    Ok(Cases { records: store.cases().await?, accounts, decided, still })
}

/// A person says whose a record is.
///
/// # Errors
/// When it is decided already, or no question any more.
pub async fn decide_record(
    store: &dyn Store,
    kept: &KeptCase,
    whose: Whose,
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let id = &kept.case.id;
    if let Some(CaseDecision { by, at, .. }) = &kept.decision {
        return Err(CaseError::Decided { id: id.clone(), by: by.clone(), at: *at });
    }
    if !kept.open {
        return Err(CaseError::Closed(id.clone()));
    }
    let Decider { actor, now, reason } = by;
    let decision = CaseDecision {
        whose,
        by: actor.to_owned(),
        at: now,
        reason: reason.map(ToOwned::to_owned),
    };
    let (identity, result) = match whose {
        Whose::Identity(identity) => (identity, "linked"),
        Whose::New => (kept.case.newcomer, "new"),
    };
    let entry = of_record(kept, identity, result, by);
    Ok(store.decide_case(id, &decision, &entry).await?)
}

/// A person says that a record is still that of somebody who was erased.
///
/// # Errors
/// When that is not what is asked, or it is answered already.
pub async fn decide_still_erased(
    store: &dyn Store,
    kept: &KeptCase,
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let id = &kept.case.id;
    let identity = store.forgotten().await?.asked_about(&kept.case);
    let identity = identity.ok_or_else(|| CaseError::NotErased(id.clone()))?;
    if let Some(CaseDecision { by, at, .. }) = &kept.decision {
        return Err(CaseError::Decided { id: id.clone(), by: by.clone(), at: *at });
    }
    if !kept.open {
        return Err(CaseError::Closed(id.clone()));
    }
    let About::Record(record) = &kept.case.about;
    let (source, at) = (record.source.clone(), by.now);
    let still = StillErased { identity, source, by: by.actor.to_owned(), at };
    let entry = of_record(kept, identity, "still erased", by);
    Ok(store.decide_still_erased(id, &still, &entry).await?)
}

/// A person takes that back.
///
/// # Errors
/// When nobody said so.
pub async fn reopen_still_erased(
    store: &dyn Store,
    (id, still): (&str, &StillErased),
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let entry = entry((id, &still.source), still.identity, "reopened", by);
    Ok(store.reopen_still_erased(id, &entry).await?)
}

/// A person takes back what was said of a record.
///
/// # Errors
/// When nothing was, or too much has happened since.
pub async fn reopen_record(
    store: &dyn Store,
    kept: &KeptCase,
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let links = store.links().await?;
    let mut begun: BTreeSet<IdentityId> = links.iter().map(|link| link.identity).collect();
    begun.extend(store.workflows().await?.episodes.into_keys());
    let id = &kept.case.id;
    let became = reopened(kept, &store.identities().await?, &begun)
        .map_err(|why| CaseError::Reopen { id: id.clone(), why })?;
    let whose = kept.decision.as_ref().map(|it| it.whose);
    let identity = match whose {
        Some(Whose::Identity(identity)) => identity,
        Some(Whose::New) | None => kept.case.newcomer,
    };
    let entry = of_record(kept, identity, "reopened", by);
    Ok(store.reopen_case(id, &became, &entry).await?)
}

/// A person says that an account is theirs, or that none of those suggested
/// is.
///
/// # Errors
/// When the store refuses: it is somebody else's by now.
pub async fn decide_account(
    store: &dyn Store,
    case: &AccountCase,
    chosen: Option<&Adoption>,
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let AccountCase { identity, target, accounts, .. } = case;
    if let Some(Adoption { account, .. }) = chosen {
        let entry = of_account("adopt", case, Some(account), by);
        let link = adopted_link(*identity, target, account);
        return Ok(store.adopt(&link, &entry).await?);
    }
    for Adoption { account, .. } in accounts {
        let declined =
            Declined { identity: *identity, target: target.clone(), account: account.clone() };
        store.decline(&declined, &of_account("decline", case, Some(account), by)).await?;
    }
    Ok(())
}

/// A person takes back what was said of accounts.
///
/// # Errors
/// When the store fails.
pub async fn reopen_account(
    store: &dyn Store,
    decided: &DecidedAccount,
    by: Decider<'_>,
) -> Result<(), CaseError> {
    let DecidedAccount { id, identity, target, .. } = decided;
    let case = AccountCase {
        id: id.clone(),
        identity: *identity,
        target: target.clone(),
        accounts: Vec::new(),
    };
    let entry = of_account("case", &case, decided.adopted.as_ref(), by);
    let entry = AuditEntry { result: "reopened".to_owned(), ..entry };
    Ok(store.reopen_account(*identity, target, &entry).await?)
}

fn of_record(kept: &KeptCase, identity: IdentityId, result: &str, by: Decider<'_>) -> AuditEntry {
    let About::Record(record) = &kept.case.about;
    entry((&kept.case.id, &record.source), identity, result, by)
}

fn entry(
    (case, source): (&str, &ConnectorName),
    identity: IdentityId,
    result: &str,
    by: Decider<'_>,
) -> AuditEntry {
    AuditEntry {
        at: by.now,
        actor: by.actor.to_owned(),
        action: "case".to_owned(),
        identity: Some(identity),
        target: None,
        account: None,
        result: result.to_owned(),
        verification: None,
        detail: BTreeMap::from([
            ("case".to_owned(), case.to_owned()),
            ("source".to_owned(), source.to_string()),
        ]),
    }
}

fn of_account(
    action: &str,
    case: &AccountCase,
    account: Option<&ObjectRef>,
    by: Decider<'_>,
) -> AuditEntry {
    AuditEntry {
        at: by.now,
        actor: by.actor.to_owned(),
        action: action.to_owned(),
        identity: Some(case.identity),
        target: Some(case.target.clone()),
        account: account.cloned(),
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::from([("case".to_owned(), case.id.clone())]),
    }
}
