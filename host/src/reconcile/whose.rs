//! Whose the account is that an answer names.  An answer makes nobody's
//! account anybody's: that takes a create of ours, or a person.

use std::collections::BTreeMap;

use lanyard_core::{
    diff::adopt_command,
    fault::{Fault, FaultKind},
    observed::{Link, ObservedTarget},
    operation::{Change, Operation},
    run::{OperationEvent, Verification},
    schema::IdStability,
    value::ObjectRef,
};

use super::perform::Task;
use crate::store::{Effect, StoreError};

/// Accounts that a target had before the plan, with the anchors they carried.
pub(super) type Before = BTreeMap<ObjectRef, Option<String>>;

pub(super) fn before(observed: &ObservedTarget) -> Before {
    let accounts = observed.accounts.iter();
    accounts.map(|account| (account.reference.clone(), account.anchor.clone())).collect()
}

impl Task {
    /// Records an answer and what is ours by it; or says why the account it
    /// names cannot be, and records nothing.
    pub(super) async fn keep(
        &self,
        account: Option<&ObjectRef>,
        event: OperationEvent,
        effects: Vec<Effect>,
        result: &str,
        verification: Option<&Verification>,
    ) -> Result<Result<(), Fault>, StoreError> {
        if let Some(account) = account
            && let Some(fault) = self.objection(account).await?
        {
            return Ok(Err(fault));
        }
        match self.record(event, effects, result, verification).await {
            Ok(()) => Ok(Ok(())),
            // One wrong answer must not end this run and every later one.
            Err(error) => match account {
                Some(account) if self.is_somebody_elses(account, &self.links().await?) => {
                    Ok(Err(somebody_elses(account)))
                }
                _ => Err(error),
            },
        }
    }

    /// What speaks against an account that a create or a rename was answered
    /// with: that it was there before, and not as this identity's.
    async fn objection(&self, account: &ObjectRef) -> Result<Option<Fault>, StoreError> {
        let ours = self.operation.identity.to_string();
        let anchor = match &self.operation.change {
            Change::Create { anchor, .. } => anchor,
            Change::Update { account: sent_for, .. } if sent_for != account => &ours,
            _ => return Ok(None),
        };
        match self.before.get(account) {
            None => return Ok(None),
            Some(seen) if seen.as_ref() == Some(anchor) => return Ok(None),
            Some(_) => {}
        }
        let links = self.links().await?;
        if links.iter().any(|link| self.is_ours(account, link)) {
            return Ok(None);
        }
        if self.is_somebody_elses(account, &links) {
            return Ok(Some(somebody_elses(account)));
        }
        let Operation { target, identity, change, .. } = &self.operation;
        let next = match change {
            Change::Create { .. } => {
                format!("if it is theirs: `{}`", adopt_command(target, account, *identity))
            }
            _ => "look at both there".to_owned(),
        };
        let text = format!(
            "the target answered with the account `{}`, which was there before and is nobody's; \
             {next}",
            account.uid
        );
        Ok(Some(Fault::new(FaultKind::AlreadyExists(Some(account.clone())), text)))
    }

    /// One that was gone is still ours only where no other can have its key.
    fn is_ours(&self, account: &ObjectRef, link: &Link) -> bool {
        let given_once = self.object.capabilities.id_stability == IdStability::Immutable;
        link.target == self.operation.target
            && link.account == *account
            && link.identity == self.operation.identity
            && (!link.gone || given_once)
    }

    fn is_somebody_elses(&self, account: &ObjectRef, links: &[Link]) -> bool {
        links.iter().any(|link| {
            link.target == self.operation.target
                && link.account == *account
                && link.identity != self.operation.identity
                && !link.gone
        })
    }

    async fn links(&self) -> Result<Vec<Link>, StoreError> {
        self.context.store.links().await
    }
}

fn somebody_elses(account: &ObjectRef) -> Fault {
    Fault::new(
        FaultKind::Ambiguous(vec![account.clone()]),
        "the target answered with an account that belongs to another identity; look at both there",
    )
}
