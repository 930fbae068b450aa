use super::*;
use crate::example::{at, named, policy};

/// Somebody whose status is active.
fn test(facts: &[(&str, &str)], expect: Expect) -> PolicyTest {
    test_of(&[facts, &[("status", "Active")]].concat(), expect)
}

fn test_of(facts: &[(&str, &str)], expect: Expect) -> PolicyTest {
    PolicyTest {
        name: "a test".to_owned(),
        line: 1,
        at: at("2026-06-01T00:00:00Z"),
        facts: facts.iter().map(|(name, text)| (named(name), vec![(*text).to_owned()])).collect(),
        expect,
    }
}

fn expect(state: LifecycleState, accounts: &[&str], grants: &[(&str, &[&str])]) -> Expect {
    Expect {
        state: Some(state),
        accounts: Some(accounts.iter().map(|name| named(name)).collect()),
        grants: grants
            .iter()
            .map(|(target, grants)| {
                (named(target), grants.iter().map(|grant| (*grant).to_owned()).collect())
            })
            .collect(),
    }
}

#[test]
fn a_test_that_expects_what_rules_give_passes() {
    let facts = [("department", "Sales"), ("start", "2026-01-01"), ("level", "3")];
    let grants: &[(&str, &[&str])] = &[("crm", &["sellers", "l3"]), ("directory", &["dept-sales"])];
    let expected = expect(LifecycleState::Active, &["crm", "directory"], grants);
    assert_eq!(run(&policy(), &test(&facts, expected)), Ok(()));
    let gone = expect(LifecycleState::Departed, &[], &[("crm", &[])]);
    let facts = [("department", "Sales"), ("end", "2026-05-31")];
    assert_eq!(run(&policy(), &test(&facts, gone)), Ok(()));
    assert_eq!(run(&policy(), &test(&facts, Expect::default())), Ok(()));
}

#[test]
fn a_test_that_expects_something_else_says_what_differs() {
    let facts = [("department", "Ops"), ("start", "2026-06-05")];
    let grants: &[(&str, &[&str])] = &[("crm", &["sellers"]), ("directory", &[])];
    let expected = expect(LifecycleState::Active, &["crm"], grants);
    insta::assert_snapshot!(
        run(&policy(), &test(&facts, expected)).expect_err("differs").join("\n"),
        @"
    expected state active, got prehire (start is 2026-06-05)
    expected accounts `crm`, got `directory`
    expected grants at `crm` `sellers`, got none
    expected grants at `directory` none, got `dept-ops`
    "
    );
}

#[test]
fn a_test_of_somebody_held_says_so() {
    let differs = |facts: &[(&str, &str)]| {
        run(&policy(), &test(facts, Expect::default())).expect_err("is held").join("\n")
    };
    insta::assert_snapshot!(
        [
            differs(&[("start", "soon")]),
            differs(&[("start", "2026-03-02"), ("end", "2026-03-01")]),
            differs(&[("department", "山")]),
        ]
        .join("\n"),
        @r"
    fact `start` (`soon`) is no date like 2026-03-31
    the identity is held: fact `end` (2026-03-01) is before fact `start` (2026-03-02)
    the identity is held: rule `everyone` (line 10): `dept-{{ department | slug }}` has a character that `slug` cannot write in ASCII (U+5C71); give a fact for it (such as `login_name`) and use that instead, or `transliterate`, which writes every script
    "
    );
}

#[test]
fn a_test_without_the_status_the_lifecycle_asks_for_is_of_somebody_held() {
    let nobody = test_of(&[("department", "Sales")], Expect::default());
    insta::assert_snapshot!(
        run(&policy(), &nobody).expect_err("is held").join("\n"),
        @r#"the identity is held: there is no fact `status`; add a value, or say what none means with `""` in `[lifecycle] status`"#
    );
}

#[test]
fn a_test_of_somebody_on_leave_expects_what_they_keep() {
    // By the name that the rule writes, or by an alias of it.
    for named_so in ["sellers", "those who sell"] {
        let mut policy = policy();
        let crm = policy.targets.get_mut("crm").expect("is there");
        crm.entitlements.insert("those who sell".to_owned(), "sellers".to_owned());
        let keep_grants = [(named("crm"), [named_so.to_owned()].into())].into();
        let leave = crate::lifecycle::LeavePolicy { keep_grants, ..Default::default() };
        policy.lifecycle.leaves.insert("parental".to_owned(), leave);
        let facts = [("department", "Sales"), ("leave", "parental"), ("level", "3")];
        let grants: &[(&str, &[&str])] = &[("crm", &["sellers"]), ("directory", &[])];
        let expected = expect(LifecycleState::OnLeave, &["crm", "directory"], grants);
        assert_eq!(run(&policy, &test(&facts, expected)), Ok(()), "{named_so}");
    }
}
