use super::*;
use crate::{
    example::{id, named, observed},
    id::OperationId,
    operation::{Before, Change},
    request::PlannedQuestion,
    value::{AttributeChange, Value, ValueChange},
    workflow::Effect,
};

fn user(uid: &str) -> ObjectRef {
    ObjectRef { object_type: "user".to_owned(), uid: uid.to_owned() }
}

/// A plan with one operation, for Ada at the crm.
fn does(change: Change) -> Plan {
    let operation = Operation {
        id: OperationId(0),
        identity: id("1"),
        target: named("crm"),
        change,
        after: Vec::new(),
        prefer_after: Vec::new(),
        event: Event::Mover,
        causes: Vec::new(),
    };
    Plan { operations: vec![operation], ..Plan::default() }
}

#[test]
fn what_a_shell_would_take_for_something_else_is_quoted_in_a_command() {
    for (uid, word) in [
        ("u-1/ada.example@x", "u-1/ada.example@x"),
        ("", "''"),
        ("cn=Ada Example,dc=x", "'cn=Ada Example,dc=x'"),
        ("a;b", "'a;b'"),
        ("o'neill", "'o'\\''neill'"),
    ] {
        let command = adopt_command(&named("crm"), &user(uid), id("1"));
        assert_eq!(command, format!("lanyard account adopt crm {word} --identity {}", id("1")));
    }
}

#[test]
fn the_last_line_counts_what_is_to_be_adopted_where_something_is() {
    let last = |plan: &Plan| {
        let page = render(plan, &[], &BTreeMap::new());
        page.lines().next_back().unwrap().to_owned()
    };
    let adoption = Adoption {
        identity: id("1"),
        target: named("crm"),
        account: user("u-ada"),
        name: "ada".to_owned(),
        matched: "anchor".to_owned(),
        doubt: None,
    };
    let some = Plan { adoptions: vec![adoption], ..Plan::default() };
    assert!(last(&some).ends_with(": nothing to do, 1 to adopt"), "{}", last(&some));
    let none = does(Change::Enable { account: user("u-ada") });
    assert!(last(&none).ends_with(": 1 operation (1 enable)"), "{}", last(&none));
}

#[test]
fn an_update_shows_what_was_there_and_what_comes_and_hides_what_nobody_may_see() {
    let text = |text: &str| vec![Value::Text(text.to_owned())];
    let differs =
        |name: &str, change: ValueChange| AttributeChange { name: name.to_owned(), change };
    let (add, remove) = (text("ada@x.example"), text("old@x.example"));
    let attributes = vec![
        differs("sn", ValueChange::Replace(text("Beispiel"))),
        differs("mail", ValueChange::Modify { add, remove }),
        differs("unknown", ValueChange::Replace(text("nobody may see it"))),
    ];
    let before = Before {
        name: Some("ada.example".to_owned()),
        anchor: None,
        attributes: [("sn".to_owned(), text("Example"))].into(),
    };
    let plan = does(Change::Update {
        account: user("u-ada"),
        name: Some("ada.beispiel".to_owned()),
        anchor: Some("7".to_owned()),
        attributes,
        before,
    });
    let page = render(&plan, &[], &observed(&[("ada", Some("1"))]).targets);
    for line in [
        r#"name: "ada.example" → "ada.beispiel""#,
        r#"anchor: "7""#,
        r#"sn: "Example" → "Beispiel""#,
        r#"mail: add "ada@x.example", remove "old@x.example""#,
        "unknown: •••",
    ] {
        assert!(page.lines().any(|it| it.trim() == line), "{line} is not in\n{page}");
    }
    assert!(!page.contains("nobody may see it"), "{page}");
}

#[test]
fn a_question_is_a_block_of_its_own_and_none_leaves_no_gap() {
    assert_eq!(render(&Plan::default(), &[], &BTreeMap::new()), "nothing to do\n");
    let question = PlannedQuestion {
        identity: id("1"),
        request: "1a2b".to_owned(),
        effect: Effect::Remind { deliveries: Vec::new() },
        causes: Vec::new(),
    };
    let plan = Plan { questions: vec![question], ..Plan::default() };
    let page = render(&plan, &[], &BTreeMap::new());
    let who = person(&plan.labels, id("1"));
    assert!(page.starts_with(&format!("{who}: request 1a2b\n\nplan ")), "{page}");
}
