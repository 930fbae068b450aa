//! What a reading proves, and what it says nothing about.

use lanyard_core::{account::AccountState, schema::CredentialAbility};

use super::{
    firm::Firm,
    system::{Reads, Trick},
};

const ADA: &[(&str, &str)] = &[("Ada", "Support")];

#[tokio::test]
async fn a_target_that_stops_reading_entitlements_proves_no_grant_gone() {
    let firm = Firm::new(ADA);
    assert!(firm.run().await.is_clean());
    let ledger = firm.ledger().await;
    assert_eq!(ledger.len(), 2);
    firm.directory.inner().reads = Reads::NoEntitlements;
    firm.survey().await;
    assert_eq!(firm.ledger().await, ledger);
}

#[tokio::test]
async fn a_type_that_got_another_name_gives_nobody_a_second_account() {
    let firm = Firm::new(ADA);
    assert!(firm.run().await.is_clean());
    let (links, ledger) = (firm.links().await, firm.ledger().await);
    firm.sent();
    firm.directory.inner().reads = Reads::Persons;
    let survey = firm.survey().await;
    assert_eq!(survey.stored.plan.operations, []);
    assert_eq!((survey.stored.plan.left_open(), survey.stored.plan.adoptions.len()), (1, 1));
    firm.run().await;
    assert_eq!(firm.sent(), [""; 0]);
    assert_eq!((firm.links().await, firm.ledger().await), (links, ledger));

    // As it was, everything goes on.
    firm.directory.inner().reads = Reads::All;
    assert!(firm.run().await.is_clean());
    firm.assert_in_order().await;
}

#[tokio::test]
async fn a_sign_out_that_is_only_accepted_is_open_and_sent_again() {
    let firm = Firm::new(ADA);
    firm.directory.inner().abilities.insert(CredentialAbility::RevokeAll);
    assert!(firm.run().await.is_clean());
    firm.people(&[]);
    firm.directory.trick("revoke-credentials", Trick::Pending(false, None));
    assert!(!firm.run().await.is_clean());
    assert_eq!(firm.links().await[0].ended.credentials, None);
    firm.run().await;
    assert!(firm.links().await[0].ended.credentials.is_some());
    let sent = firm.sent();
    assert_eq!(sent.iter().filter(|line| line.contains("revoke-credentials")).count(), 2);
}

#[tokio::test]
async fn a_disable_that_is_only_accepted_is_not_taken_for_shown() {
    let firm = Firm::new(ADA);
    assert!(firm.run().await.is_clean());
    firm.people(&[]);
    firm.directory.trick("disable", Trick::Pending(false, None));
    firm.run().await;
    let link = firm.links().await.remove(0);
    assert!(link.unproven && link.is_open(), "{link:?}");
    // The next reading shows that it is not so, and it is disabled again.
    firm.run().await;
    let link = firm.links().await.remove(0);
    assert!(!link.is_open(), "{link:?}");
    let inner = firm.directory.inner();
    assert!(inner.accounts.values().all(|it| it.state == AccountState::Disabled));
}
