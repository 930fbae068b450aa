//! Facts that targets give which make them.

use super::*;
use crate::{account::Coverage, example::observed, observed::Observed, value::Attribute};

fn minting() -> Policy {
    let mut policy = policy();
    policy.authority.default = vec![named("hr"), named("more")];
    policy.authority.facts = BTreeMap::from([(named("mail"), vec![named("crm"), named("hr")])]);
    let crm = policy.targets.get_mut("crm").unwrap();
    crm.provides = BTreeMap::from([(named("mail"), "mail".to_owned())]);
    policy
}

fn with_mail(mail: &str, linked: bool) -> Observed {
    let mut observed = observed(&[("ada.example", linked.then_some("1"))]);
    let accounts = &mut observed.targets.get_mut("crm").unwrap().accounts;
    let text = Value::Text(mail.to_owned());
    accounts[0].attributes.push(Attribute::new("mail", vec![text]));
    observed
}

/// What the mail is after a round, with what was known before.
fn mail(observed: &Observed, known: &[Identity]) -> (Option<String>, Vec<Identity>) {
    let policy = minting();
    let ada = worker("1", ("Ada", "Example"), &[("mail", "old@example.org")]);
    let mut assembled = round(&policy, vec![ada], known);
    provide(&policy, &mut assembled, known, observed);
    (fact_text(the_only(&assembled), "mail"), assembled.identities)
}

#[test]
fn the_linked_account_gives_the_fact_and_the_source_only_until_then() {
    assert_eq!(mail(&Observed::default(), &[]).0.as_deref(), Some("old@example.org"));
    let (given, known) = mail(&with_mail("ada@example.org", true), &[]);
    assert_eq!(given.as_deref(), Some("ada@example.org"));
    let (again, same) = mail(&with_mail("ada@example.org", true), &known);
    assert_eq!((again, &same), (given, &known), "nothing changes any more");
}

#[test]
fn an_account_that_is_not_linked_gives_nothing() {
    let (given, _) = mail(&with_mail("ada@example.org", false), &[]);
    assert_eq!(given.as_deref(), Some("old@example.org"));
}

#[test]
fn an_account_with_the_id_of_somebody_else_gives_nothing() {
    let policy = minting();
    let people = vec![worker("1", ("Ada", "Example"), &[]), worker("2", ("Bo", "Muster"), &[])];
    let mut observed = with_mail("bo@example.org", true);
    observed.targets.get_mut("crm").unwrap().accounts[0].anchor = Some(id("2").to_string());
    let mut assembled = hired(&policy, people);
    provide(&policy, &mut assembled, &[], &observed);
    assert!(assembled.identities.iter().all(|it| fact_text(it, "mail").is_none()));
}

#[test]
fn a_target_that_is_not_read_keeps_what_it_said_and_one_that_is_takes_it_back() {
    let (_, known) = mail(&with_mail("ada@example.org", true), &[]);
    let mut unread = with_mail("", true);
    unread.targets.remove("crm");
    assert_eq!(mail(&unread, &known).0.as_deref(), Some("ada@example.org"));
    let mut part = with_mail("", true);
    let crm = part.targets.get_mut("crm").unwrap();
    crm.accounts.clear();
    crm.accounts_coverage = Coverage { kind: CoverageKind::Truncated, skipped: Vec::new() };
    assert_eq!(mail(&part, &known).0.as_deref(), Some("ada@example.org"));
    let emptied = with_mail("", true);
    assert_eq!(mail(&emptied, &known).0.as_deref(), Some("old@example.org"));
}
