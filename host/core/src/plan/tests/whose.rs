//! Accounts of nobody that may be somebody's.

use super::*;
use crate::{pattern::Pattern, recognition::Recognition};

#[test]
fn an_account_of_nobody_with_their_login_name_is_asked_about_and_none_is_made() {
    let mut firm = Firm::new();
    firm.wants("crm", present(&[]));
    firm.has_of_nobody("crm", "u9").name = "Ada.Example".to_owned();
    let plan = firm.plan();
    assert_eq!(plan.operations, []);
    let [adoption] = plan.adoptions.as_slice() else { panic!("{:?}", plan.adoptions) };
    assert_eq!((adoption.identity, &adoption.account), (id("1"), &user("u9")));
    assert_eq!(adoption.matched, "name");
}

/// Mail addresses are sure, and an account of nobody has hers.
fn with_her_mail(state: AccountState) -> Firm {
    let mut firm = Firm::new();
    firm.file("crm").match_by = Recognition { sure: vec![vec!["mail".to_owned()]], ask: vec![] };
    let mail = vec![text("ada@example.org")];
    let mut content = content(&[]);
    content.attributes.insert("mail".to_owned(), mail.clone());
    firm.wants("crm", Presence::Present { enabled: true, content });
    let account = firm.has_of_nobody("crm", "u9");
    account.name = "a9".to_owned();
    account.state = state;
    account.attributes.push(Attribute::new("mail", mail));
    firm
}

#[test]
fn an_account_that_is_surely_theirs_becomes_so_unless_it_is_deleted() {
    let judged = |state| {
        let Firm { policy, desired, observed } = with_her_mail(state);
        let settings = PlanSettings::of(&policy);
        let adopted = adopting(&settings, &desired, &observed);
        let adopted: Vec<ObjectRef> = adopted.into_iter().map(|it| it.account).collect();
        (adopted, doubts(&settings, &desired, &observed))
    };
    assert_eq!(judged(AccountState::Active), (vec![user("u9")], BTreeMap::new()));
    let doubt = "it is deleted, and only kept by the target".to_owned();
    let doubts = BTreeMap::from([((id("1"), named::<ConnectorName>("crm")), doubt)]);
    assert_eq!(judged(AccountState::SoftDeleted), (Vec::new(), doubts));
}

/// Why Ada, who has left, cannot be erased.
fn in_the_way(firm: &Firm) -> Vec<String> {
    let settings = PlanSettings::of(&firm.policy);
    let mut found = hindered(&settings, &firm.desired, &firm.observed, [id("1")]);
    found.remove(&id("1")).unwrap()
}

#[test]
fn whoever_left_no_account_behind_may_be_erased() {
    let mut firm = Firm::new();
    firm.left();
    assert_eq!(in_the_way(&firm), Vec::<String>::new());
}

#[test]
fn an_account_that_the_file_calls_a_services_keeps_nobody_from_being_erased() {
    let mut firm = Firm::new();
    firm.left();
    firm.ada().likeness.insert(named("crm"), content(&[]));
    firm.has_of_nobody("crm", "u9");
    let found = in_the_way(&firm);
    let [sentence] = found.as_slice() else { panic!("{found:?}") };
    assert!(sentence.contains("may be theirs by the same name"), "{sentence}");
    firm.file("crm").access.service = vec![Pattern::new("ada.*")];
    assert_eq!(in_the_way(&firm), Vec::<String>::new());
}
