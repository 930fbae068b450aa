//! Accounts that nothing wants any more.

use super::*;
use crate::schema::CredentialAbility;

/// Ada has left, and her account at the CRM is there in some state.
fn left(presence: Presence, state: AccountState) -> Firm {
    let mut firm = Firm::new();
    firm.left();
    firm.wants("crm", presence);
    firm.has("crm", "u1", state);
    firm
}

#[test]
fn an_account_that_goes_is_closed_before_it_is_deleted() {
    let plan = left(Presence::Deleted { due: noon() }, AccountState::Active).plan();
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::Delete]);
}

#[test]
fn what_nobody_can_close_stays_open_and_the_plan_says_so() {
    let mut firm = left(Presence::Disabled, AccountState::Active);
    firm.can("crm").disable = false;
    let plan = firm.plan();
    assert_eq!(plan.operations, []);
    let [note] = plan.notes.as_slice() else { panic!("{:?}", plan.notes) };
    assert!(note.open);
    assert!(note.text.starts_with("this target cannot disable accounts"), "{}", note.text);
}

#[test]
fn whoever_leaves_loses_what_we_gave_them() {
    let mut firm = left(Presence::Disabled, AccountState::Active);
    firm.holds("crm", "u1", "sellers");
    firm.observed.ledger.insert(ours("crm", "u1", "sellers"));
    let plan = firm.plan();
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::Revoke]);
    let Change::Revoke { holder, entitlement, .. } = &plan.operations[1].change else {
        panic!("{:?}", plan.operations)
    };
    assert_eq!((holder, entitlement), (&user("u1"), &group("sellers")));
}

#[test]
fn whoever_is_out_is_not_signed_out_again_by_every_plan() {
    let signing_out = |state| {
        let mut firm = left(Presence::Disabled, state);
        firm.can("crm").credential_abilities = BTreeSet::from([CredentialAbility::EndSessions]);
        if state == AccountState::Disabled {
            firm.observed.links[0].disabled_since = Some(noon());
            firm.observed.links[0].ended.sessions = Some(noon());
        }
        kinds(&firm.plan())
    };
    let both = [OperationKind::Disable, OperationKind::EndSessions];
    assert_eq!(signing_out(AccountState::Active), both);
    assert_eq!(signing_out(AccountState::Disabled), []);
}
