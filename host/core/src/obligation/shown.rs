//! What a reading shows of a loss: that it came about, that it did not, or
//! nothing.

use serde::{Deserialize, Serialize};

use super::{Loss, Place};
use crate::{
    account::{Account, AccountState},
    id::ConnectorName,
    matching,
    observed::{ObservedTarget, related},
    schema::DeleteKind,
    value::ObjectRef,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// It is lost.
    Lost,
    /// They still have it.
    Still,
    /// Nobody can tell by this reading.
    Nothing,
}

/// Who says of a target whether somebody is closed there: its word counts,
/// and the target's own does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedBy {
    pub target: ConnectorName,
    pub by: CheckBy,
}

/// By what an account of the one is that of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckBy {
    /// Both call it by the same key.
    Key,
    /// It has the same login name.
    Login,
}

/// What a reading of the target itself shows.
pub fn shows(place: &Place, there: &ObservedTarget) -> Shows {
    let found = there.accounts.iter().find(|it| it.reference == place.account);
    let absent = there.proves_absence(&place.account);
    let holds = |account: &ObjectRef| match &place.loss {
        Loss::Revoked { entitlement, relation } => there.assignments.iter().any(|it| {
            it.holder == *account
                && it.entitlement == *entitlement
                && related(&it.relation, relation)
                && it.direct
        }),
        Loss::Disabled | Loss::Deleted | Loss::SignedOut(_) => false,
    };
    judged(&place.loss, found, absent, there, holds)
}

/// What a reading of whoever checks the target shows of it: `login` is the
/// login name of the account, `label` what people call the entitlement.
pub fn check_shows(
    place: &Place,
    (login, label): (&str, Option<&str>),
    by: CheckBy,
    there: &ObservedTarget,
) -> Shows {
    let Place { account, loss, .. } = place;
    let is_theirs = |it: &&Account| match by {
        CheckBy::Key => it.reference.uid == account.uid,
        CheckBy::Login => same_login(there, &it.name, login),
    };
    let mut found = there.accounts.iter().filter(is_theirs);
    let account = found.next();
    if found.next().is_some() {
        // Which of them is theirs nobody can tell.
        return Shows::Nothing;
    }
    let means = |entitlement: &ObjectRef, held: &ObjectRef| {
        let named = there.entitlements.iter().find(|it| it.reference == *held);
        let named = named.map(|it| it.name.as_str());
        held.uid == entitlement.uid || (named.is_some() && named == label)
    };
    let holds = |account: &ObjectRef| match loss {
        Loss::Revoked { entitlement, .. } => there
            .assignments
            .iter()
            .any(|it| it.holder == *account && means(entitlement, &it.entitlement)),
        Loss::Disabled | Loss::Deleted | Loss::SignedOut(_) => false,
    };
    judged(loss, account, there.accounts_coverage.proves_absence(), there, holds)
}

fn judged(
    loss: &Loss,
    found: Option<&Account>,
    absent: bool,
    there: &ObservedTarget,
    holds: impl Fn(&ObjectRef) -> bool,
) -> Shows {
    let Some(account) = found else {
        return if absent { Shows::Lost } else { Shows::Nothing };
    };
    match (loss, account.state) {
        (Loss::SignedOut(_), _) | (Loss::Disabled, AccountState::Unknown) => Shows::Nothing,
        (Loss::Disabled, AccountState::Disabled | AccountState::SoftDeleted)
        | (Loss::Deleted, AccountState::SoftDeleted) => Shows::Lost,
        (Loss::Deleted, AccountState::Disabled) if only_closes(there, account) => Shows::Lost,
        (Loss::Disabled | Loss::Deleted, _) => Shows::Still,
        (Loss::Revoked { .. }, _) if holds(&account.reference) => Shows::Still,
        (Loss::Revoked { .. }, _) if there.assignments_coverage.proves_absence() => Shows::Lost,
        (Loss::Revoked { .. }, _) => Shows::Nothing,
    }
}

/// Whether deleting does no more there than disabling.
fn only_closes(there: &ObservedTarget, account: &Account) -> bool {
    let def = there.schema.object(&account.reference.object_type);
    def.is_some_and(|def| def.capabilities.delete_kind == DeleteKind::SameAsDisable)
}

fn same_login(there: &ObservedTarget, left: &str, right: &str) -> bool {
    let def = there.schema.object(&there.account_type);
    let attribute = def.and_then(|def| def.attribute(&def.name_attribute));
    match attribute {
        Some(it) => matching::normal(&it.matching, left) == matching::normal(&it.matching, right),
        None => left == right,
    }
}
