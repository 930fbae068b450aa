//! People who are one, or two, by a person's word.

use std::collections::BTreeMap;

use lanyard_core::{
    fact::{Identity, RecordKey},
    id::{ConnectorName, IdentityId},
    observed::HeldName,
    union::{Books, CannotRearrange, Merged, Rearranged, Said, merge, split},
};

use crate::store::{AuditEntry, Store, StoreError};

/// Why two people do not become one, or one two.
#[derive(Debug, thiserror::Error)]
pub enum UnionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cannot(#[from] CannotRearrange),
}

/// `other` is `keep` from now on.
///
/// # Errors
/// When something of them contradicts it.
pub async fn merge_identities(
    store: &dyn Store,
    keep: &Identity,
    other: &Identity,
    said: Said,
) -> Result<(), UnionError> {
    let whole = Kept::of(store).await?;
    let rearranged = merge(&whole.books(), keep, other, said.clone())?;
    let entries = [
        entry("merge", keep.id, ("other", other.id), &said),
        entry("merge", other.id, ("kept", keep.id), &said),
    ];
    Ok(store.rearrange(&rearranged, &entries).await?)
}

/// A record of `who` is somebody else's from now on; answers whose.
///
/// # Errors
/// When nobody would be left, or nobody can be made of it.
pub async fn split_identity(
    store: &dyn Store,
    who: &Identity,
    record: &RecordKey,
    said: Said,
) -> Result<IdentityId, UnionError> {
    let whole = Kept::of(store).await?;
    let rearranged = split(&whole.books(), who, record)?;
    let Rearranged { to, .. } = rearranged;
    let entries =
        [entry("split", who.id, ("other", to), &said), entry("split", to, ("kept", who.id), &said)];
    store.rearrange(&rearranged, &entries).await?;
    Ok(to)
}

/// What is kept of people, in one piece.
struct Kept {
    identities: Vec<Identity>,
    links: Vec<lanyard_core::observed::Link>,
    declined: std::collections::BTreeSet<lanyard_core::observed::Declined>,
    names: Vec<(ConnectorName, HeldName)>,
    kept: lanyard_core::lifecycle::Kept,
    workflows: lanyard_core::workflow::Remembered,
    cases: Vec<lanyard_core::case::KeptCase>,
    merged: Vec<Merged>,
}

impl Kept {
    async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let names: BTreeMap<ConnectorName, Vec<HeldName>> = store.names().await?;
        let names = names.into_iter().flat_map(|(target, names)| {
            names.into_iter().map(move |name| (target.clone(), name)).collect::<Vec<_>>()
        });
        Ok(Self {
            identities: store.identities().await?,
            links: store.links().await?,
            declined: store.declined().await?,
            names: names.collect(),
            kept: store.kept().await?,
            workflows: store.workflows().await?,
            cases: store.cases().await?,
            merged: store.merged().await?,
        })
    }

    fn books(&self) -> Books<'_> {
        Books {
            identities: &self.identities,
            links: &self.links,
            declined: &self.declined,
            names: &self.names,
            kept: &self.kept,
            workflows: &self.workflows,
            cases: &self.cases,
            merged: &self.merged,
        }
    }
}

fn entry(
    action: &str,
    identity: IdentityId,
    (part, other): (&str, IdentityId),
    said: &Said,
) -> AuditEntry {
    AuditEntry {
        at: said.at,
        actor: said.by.clone(),
        action: action.to_owned(),
        identity: Some(identity),
        target: None,
        account: None,
        result: "done".to_owned(),
        verification: None,
        detail: BTreeMap::from([(part.to_owned(), other.to_string())]),
    }
}
