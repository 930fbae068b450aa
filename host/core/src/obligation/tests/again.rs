//! What was closed, and is due again.

use super::{checked::checked, *};

fn crm(firm: &Firm) -> Obligation {
    firm.kept.iter().find(|it| it.place.target == named("crm")).cloned().unwrap()
}

/// Somebody said so while the crm could not be read.
fn closed_by_word() -> Firm {
    let mut firm = Firm::new();
    firm.unread.insert(named("crm"), "connection refused".to_owned());
    firm.look();
    firm.now += SignedDuration::from_mins(1);
    let by = ClosedBy::Person { by: "operator".to_owned(), reason: "seen there".to_owned() };
    let at = firm.now;
    let place = crm(&firm).place;
    let it = firm.kept.iter_mut().find(|it| it.place == place).unwrap();
    it.hear(&Heard::Closed(Closed { at, by }));
    firm.now += SignedDuration::from_mins(1);
    firm
}

#[test]
fn a_word_does_not_outlive_a_reading_that_showed_the_account_open() {
    let mut firm = closed_by_word();
    assert!(firm.look().iter().all(|it| it.obligation.place.target != named("crm")));
    // They are back, and the crm shows it; then they leave again.
    firm.left = false;
    firm.unread.clear();
    firm.shows("crm", AccountState::Active);
    firm.look();
    firm.now += SignedDuration::from_mins(1);
    firm.left = true;
    firm.unread.insert(named("crm"), "connection refused".to_owned());
    firm.look();
    assert!(crm(&firm).is_open(), "{:?}", crm(&firm));
}

#[test]
fn a_check_that_does_not_know_the_account_closes_nothing_that_the_target_shows() {
    let mut firm = checked();
    firm.observed.targets.get_mut("directory").unwrap().accounts.clear();
    firm.look();
    assert!(crm(&firm).is_open());
    firm.shows("crm", AccountState::Disabled);
    firm.look();
    assert!(!crm(&firm).is_open());
}

#[test]
fn what_is_due_again_after_it_was_due_no_more_is_as_old_as_it_is() {
    let mut firm = Firm::new();
    firm.look();
    let since = crm(&firm).since;
    firm.policy.retired_targets.insert(named("crm"));
    let file = firm.policy.targets.remove("crm").unwrap();
    firm.now += SignedDuration::from_mins(1);
    firm.look();
    assert!(matches!(crm(&firm).closed, Some(Closed { by: ClosedBy::Over { .. }, .. })));
    firm.policy.retired_targets.clear();
    firm.policy.targets.insert(named("crm"), file);
    firm.now += SignedDuration::from_mins(1);
    firm.look();
    assert!(crm(&firm).is_open());
    assert_eq!((crm(&firm).since, crm(&firm).name.as_str()), (since, "ada.example"));
}

#[test]
fn what_waits_says_for_what() {
    let mut firm = Firm::new();
    let planned = firm.plan(&firm.desired(&firm.observed), &firm.observed);
    let at_crm = planned.operations.iter().find(|it| it.target == named("crm")).unwrap();
    firm.waits.insert(at_crm.id, "nothing is written there until 18:00".to_owned());
    firm.look();
    assert_eq!(crm(&firm).why.as_deref(), Some("nothing is written there until 18:00"));
}
