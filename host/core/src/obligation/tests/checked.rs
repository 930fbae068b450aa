//! Targets that another one checks.

use super::*;

/// The directory says whether somebody is closed at the crm.
pub(super) fn checked() -> Firm {
    let mut firm = Firm::new();
    let crm = firm.policy.targets.get_mut("crm").unwrap();
    crm.checked_by = Some(CheckedBy { target: named("directory"), by: CheckBy::Login });
    firm
}

#[test]
fn whoever_checks_a_target_is_believed_and_the_target_is_not() {
    let mut firm = checked();
    firm.look();
    firm.shows("crm", AccountState::Disabled);
    firm.look();
    let crm =
        |firm: &Firm| firm.kept.iter().find(|it| it.place.target == named("crm")).cloned().unwrap();
    assert!(crm(&firm).is_open());
    assert_eq!(crm(&firm).why.as_deref(), Some("`directory`, which checks it, still shows it"));
    firm.unread.insert(named("directory"), "connection refused".to_owned());
    firm.look();
    assert!(crm(&firm).is_open(), "who is not read confirms nothing");
    firm.unread.clear();
    firm.shows("directory", AccountState::Disabled);
    firm.look();
    let closed = crm(&firm).closed.unwrap();
    assert!(matches!(closed.by, ClosedBy::Check { .. }), "{}", closed.by);
    // What was closed for good by its own word is owed when the check sees it.
    firm.shows("directory", AccountState::Active);
    firm.look();
    assert!(crm(&firm).is_open());
}

#[test]
fn an_account_there_is_known_by_its_login_however_it_is_spelt_or_by_its_key() {
    let firm = checked();
    let there = &firm.observed.targets["directory"];
    let mut it = firm_obligation("ADA.Example");
    assert_eq!(check_shows(&it.place, (&it.name, None), CheckBy::Login, there), Shows::Still);
    it.name = "somebody.else".to_owned();
    assert_eq!(check_shows(&it.place, (&it.name, None), CheckBy::Login, there), Shows::Lost);
    assert_eq!(check_shows(&it.place, (&it.name, None), CheckBy::Key, there), Shows::Still);
    let mut partly = there.clone();
    partly.accounts_coverage.kind = CoverageKind::Truncated;
    assert_eq!(check_shows(&it.place, (&it.name, None), CheckBy::Login, &partly), Shows::Nothing);
}
