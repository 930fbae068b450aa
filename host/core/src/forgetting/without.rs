//! Plans without somebody who is erased.
//!
//! What is somebody's is found by what it refers to, and never by searching
//! texts: an id, an account.  What is said of others stays theirs.

use std::collections::BTreeSet;

use crate::{
    guard::{Finding, FindingKind},
    id::{ConnectorName, IdentityId, OperationId},
    operation::{Change, Operation},
    plan::{Note, Plan},
    review::Skipped,
    value::ObjectRef,
};

/// What stands in the place of what was somebody's.
pub const ERASED: &str = "(erased)";

/// By what somebody who is erased is referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// With those of whoever was merged into them.
    pub ids: BTreeSet<IdentityId>,
    pub accounts: BTreeSet<(ConnectorName, ObjectRef)>,
}

impl Gone {
    pub fn is(&self, id: IdentityId) -> bool {
        self.ids.contains(&id)
    }

    /// Whether an account is theirs.
    pub fn has(&self, target: &ConnectorName, account: &ObjectRef) -> bool {
        self.accounts.iter().any(|(at, it)| at == target && it == account)
    }
}

impl Plan {
    /// The same plan and findings without what is theirs.  Of their operations
    /// the number, the kind, the target and whose they were stay, so that what
    /// became of the others can still be told and undone.
    pub fn without(&mut self, findings: &mut [Finding], gone: &Gone) {
        let of_others = |id: IdentityId| !gone.is(id);
        let mut theirs: BTreeSet<OperationId> = BTreeSet::new();
        for operation in self.operations.iter_mut().filter(|it| gone.is(it.identity)) {
            theirs.insert(operation.id);
            empty(operation);
        }
        let apart = self.conflicts.iter().any(|it| gone.is(it.identity));
        self.adopted.retain(|it| of_others(it.identity));
        self.adoptions.retain(|it| of_others(it.identity));
        self.claims.retain(|it| !gone.has(&it.target, &it.holder));
        self.episodes.retain(|it| of_others(it.episode.identity));
        self.steps.retain(|it| of_others(it.identity));
        self.questions.retain(|it| of_others(it.identity));
        self.conflicts.retain(|it| of_others(it.identity));
        for review in &mut self.reviews {
            review.items.retain(|it| of_others(it.identity));
            review.letters.retain(|it| of_others(it.to));
            review.skipped.retain(|it| !matches!(it, Skipped::Person(id) if gone.is(*id)));
        }
        self.notes.retain(|Note { identity, .. }| identity.is_none_or(of_others));
        for erasure in self.erasures.iter_mut().filter(|it| gone.is(it.identity)) {
            erasure.causes.clear();
        }
        self.labels.retain(|id, _| of_others(*id));
        for finding in findings {
            // It names those who hold what is to be kept apart, or who have to
            // agree: they may be anybody.
            let names = apart && finding.kind == FindingKind::Separation
                || finding.kind == FindingKind::Approval;
            if names || finding.blocks.iter().any(|id| theirs.contains(id)) {
                ERASED.clone_into(&mut finding.text);
            }
        }
    }
}

fn empty(operation: &mut Operation) {
    operation.causes.clear();
    let uid = ERASED.to_owned();
    let key = operation.change.account().map(|account| ObjectRef { uid, ..account.clone() });
    if let Some(key) = key {
        operation.change = operation.change.clone().about(&key);
    }
    match &mut operation.change {
        Change::Create { object_type: _, name, anchor, attributes, state: _ } => {
            name.clear();
            anchor.clear();
            attributes.clear();
        }
        Change::Update { account: _, name, anchor, attributes, before } => {
            (*name, *anchor) = (None, None);
            attributes.clear();
            *before = crate::operation::Before::default();
        }
        Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Delete { .. }
        | Change::Grant { .. }
        | Change::Revoke { .. }
        | Change::Credentials { .. } => {}
    }
}
