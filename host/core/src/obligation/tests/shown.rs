//! What a reading shows.

use super::*;

#[test]
fn what_each_state_shows_of_each_loss() {
    use AccountState::{Active, Disabled, Locked, Pending, SoftDeleted, Unknown};
    let firm = Firm::new();
    let mut there = firm.observed.targets["crm"].clone();
    let account = there.accounts[0].reference.clone();
    let entitlement = ObjectRef { object_type: "group".to_owned(), uid: "staff".to_owned() };
    there.assignments.push(Assignment {
        holder: account.clone(),
        entitlement: entitlement.clone(),
        relation: String::new(),
        direct: true,
    });
    let other = ObjectRef { uid: "pay".to_owned(), ..entitlement.clone() };
    let revoked = |entitlement| Loss::Revoked { entitlement, relation: String::new() };
    let losses = [
        Loss::Disabled,
        Loss::Deleted,
        revoked(entitlement),
        revoked(other),
        Loss::SignedOut(CredentialVerb::Revoke),
    ];
    let mut table = String::new();
    for state in [
        Some(Active),
        Some(Locked),
        Some(Pending),
        Some(Unknown),
        Some(Disabled),
        Some(SoftDeleted),
        None,
    ] {
        match state {
            Some(state) => there.accounts[0].state = state,
            None => there.accounts.clear(),
        }
        table.push_str(state.map_or("none", AccountState::word));
        for loss in &losses {
            let place =
                Place { target: named("crm"), account: account.clone(), loss: loss.clone() };
            table.push(' ');
            table.push_str(match shows(&place, &there) {
                Shows::Lost => "lost",
                Shows::Still => "still",
                Shows::Nothing => "nothing",
            });
        }
        table.push('\n');
    }
    assert_snapshot!(table, @r"
    active still still still lost nothing
    locked still still still lost nothing
    pending still still still lost nothing
    unknown nothing still still lost nothing
    disabled lost still still lost nothing
    soft-deleted lost lost still lost nothing
    none lost lost lost lost lost
    ");
    there.accounts_coverage = Coverage { kind: CoverageKind::Truncated, skipped: Vec::new() };
    let place = Place { target: named("crm"), account, loss: Loss::Disabled };
    assert_eq!(shows(&place, &there), Shows::Nothing, "a part of a target proves nothing");
}
