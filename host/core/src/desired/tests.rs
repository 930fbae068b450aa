mod leaving;
mod lives;
mod names;
mod people;
mod properties;
mod requested;
mod workflows;

use super::*;
use crate::{
    account::Account,
    condition::Condition,
    example::{
        at, attributes, expression, facts, hired, id, named, noon, observed, policy, round, rule,
        worker,
    },
    identity::Assembled,
    matching::normal,
    observed::Observed,
    policy::Policy,
    schema::Matching,
};

const ADA: (&str, &str) = ("Ada", "Example");

fn of(desired: &Desired, key: &str) -> DesiredIdentity {
    desired.identities[&id(key)].clone()
}

fn content(desired: &Desired, key: &str, target: &str) -> AccountContent {
    match &of(desired, key).accounts[target].presence {
        Presence::Present { content, .. } => content.clone(),
        other => panic!("{other:?}"),
    }
}

fn names(desired: &Desired, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| content(desired, key, "directory").name).collect()
}

/// What is desired of an identity, one line per target.
fn told(desired: &Desired, key: &str) -> String {
    let identity = of(desired, key);
    let mut lines = vec![format!("{}: {}", identity.label, identity.state.state.word())];
    for (target, account) in &identity.accounts {
        let presence = match &account.presence {
            Presence::Present { enabled, content } => {
                let grants: Vec<&str> =
                    content.grants.keys().map(|grant| grant.entitlement.as_str()).collect();
                let word = if *enabled { "enabled" } else { "disabled" };
                format!("{word} {} [{}]", content.name, grants.join(", "))
            }
            Presence::Kept { until } => format!("kept until {until}"),
            Presence::Disabled => "gone: disabled".to_owned(),
            Presence::Deleted { due } => format!("gone: deleted, due {due}"),
        };
        lines.push(format!("  {target}: {presence}"));
    }
    lines.extend(identity.holds.iter().map(|hold| format!("  held: {hold}")));
    lines.join("\n")
}

fn now(policy: &Policy, people: Vec<Account>, observed: &Observed) -> Desired {
    desired(policy, &hired(policy, people), observed, noon())
}

#[test]
fn the_state_decides_what_rules_may_give() {
    let with = |more: &[(&str, &str)]| {
        let desired =
            now(&policy(), vec![worker("1", ADA, more)], &observed(&[("ada.example", Some("1"))]));
        told(&desired, "1")
    };
    insta::assert_snapshot!(
        [
            with(&[]),
            with(&[("department", "Ops")]),
            with(&[("start", "2026-06-05")]),
            with(&[("start", "2026-09-01")]),
            with(&[("status", "Leave"), ("level", "3")]),
            with(&[("end", "2026-05-31")]),
            with(&[("status", "Sabbatical")]),
        ]
        .join("\n"),
        @"
    Ada Example: active
      crm: enabled ada.example [sellers]
      directory: enabled ada.example [dept-sales]
    Ada Example: active
      crm: gone: disabled
      directory: enabled ada.example [dept-ops]
    Ada Example: prehire
      crm: disabled ada.example [sellers]
      directory: disabled ada.example [dept-sales]
    Ada Example: announced
      crm: gone: disabled
      directory: gone: disabled
    Ada Example: on-leave
      crm: disabled ada.example [l3, sellers]
      directory: disabled ada.example [dept-sales]
    Ada Example: departed
      crm: gone: disabled
      directory: gone: disabled
    Ada Example: announced
      held: status `Sabbatical` is none of `active`, `leave`; add it to `[lifecycle] status`
    "
    );
}

#[test]
fn an_account_nobody_has_is_not_desired_of_a_leaver() {
    let desired = now(&policy(), vec![worker("1", ADA, &[("end", "2026-05-31")])], &observed(&[]));
    assert_eq!(of(&desired, "1").accounts.len(), 0);
}

#[test]
fn a_leavers_account_is_deleted_when_it_has_been_disabled_long_enough() {
    let policy = policy();
    let assembled = hired(&policy, vec![worker("1", ADA, &[("end", "2026-04-30")])]);
    let mut observed = observed(&[("ada.example", Some("1"))]);
    for link in &mut observed.links {
        link.disabled_since = Some(at("2026-05-01T00:00:00Z"));
        link.unwanted_since = Some(at("2026-05-01T00:00:00Z"));
    }
    let on = |day: &str| told(&desired(&policy, &assembled, &observed, at(day)), "1");
    insta::assert_snapshot!(
        [on("2026-05-30T23:59:59Z"), on("2026-05-31T00:00:00Z")].join("\n"),
        @"
    Ada Example: departed
      crm: gone: disabled
      directory: gone: disabled
    Ada Example: departed
      crm: gone: deleted, due 2026-05-31T00:00:00Z
      directory: gone: deleted, due 2026-05-31T00:00:00Z
    "
    );
    for link in &mut observed.links {
        link.gone = true;
    }
    let desired = desired(&policy, &assembled, &observed, at("2026-06-30T00:00:00Z"));
    assert_eq!(of(&desired, "1").accounts.len(), 0);
}

#[test]
fn a_missing_leaver_is_disabled_even_where_rules_fail_and_the_target_was_not_read() {
    let mut policy = policy();
    let broken = expression(&mut policy, "nobody == 'x'");
    rule(&mut policy, "broken", broken, &["crm"], &[]);
    let known = hired(&policy, vec![worker("1", ADA, &[])]).identities;
    let mut observed = observed(&[("ada.example", Some("1"))]);
    observed.targets.clear();
    let desired = desired(&policy, &round(&policy, vec![], &known), &observed, noon());
    insta::assert_snapshot!(told(&desired, "1"), @"
    Ada Example: departed
      crm: gone: disabled
      directory: gone: disabled
    ");
}

#[test]
fn a_target_that_was_not_read_gets_no_account() {
    let mut observed = observed(&[]);
    observed.targets.remove("directory");
    let desired = now(&policy(), vec![worker("1", ADA, &[])], &observed);
    assert_eq!(of(&desired, "1").accounts.keys().collect::<Vec<_>>(), [&named("crm")]);
}

#[test]
fn the_schema_suggests_attributes_and_clears_only_what_the_source_knows() {
    let people = vec![
        worker("1", ADA, &[("mail", "ada@example.org"), ("title", "CEO")]),
        worker("2", ("Bob", "Example"), &[("display_name", "Bobby")]),
    ];
    let desired = now(&policy(), people, &observed(&[]));
    let text = |key: &str| {
        let content = content(&desired, key, "directory");
        let lines = content.attributes.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("{name} = [{}]", values.join(", "))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(text("1"), @"
    cn = [Ada Example]
    givenName = [Ada]
    mail = [ada@example.org]
    sn = [Example]
    title = [CEO]
    ");
    insta::assert_snapshot!(text("2"), @"
    cn = [Bobby]
    givenName = [Bob]
    mail = []
    sn = [Example]
    title = []
    ");
    assert_eq!(content(&desired, "1", "directory").anchor, id("1").to_string());
}

#[test]
fn templates_make_attributes_of_the_kind_the_schema_wants() {
    let mut policy = policy();
    attributes(
        &mut policy,
        &[
            ("mail", &["{{ login }}@example.org", "{{ mail | default('') }}"]),
            ("costs", &["{{ cost_centre }}"]),
            ("enabled", &["{{ level | number > 2 }}"]),
            ("title", &["{{ title | default('') }}"]),
            ("description", &["{{ key }} {{ state }}"]),
        ],
    );
    let about = |cost: &str| vec![worker("1", ADA, &[("cost_centre", cost), ("level", "3")])];
    let desired_now = now(&policy, about("42"), &observed(&[]));
    let content = content(&desired_now, "1", "directory");
    assert_eq!(content.attributes["costs"], [Value::Integer(42)]);
    assert_eq!(content.attributes["enabled"], [Value::Boolean(true)]);
    assert_eq!(content.attributes["title"], []);
    assert_eq!(content.attributes["mail"], [Value::Text("ada.example@example.org".to_owned())]);
    assert_eq!(content.attributes["description"], [Value::Text("1 active".to_owned())]);
    let facts: Vec<String> = content.attribute_causes["mail"]
        .iter()
        .map(|cause| match cause {
            Cause::Fact { fact, source, record, from } => {
                format!("{fact} {source} {record} {from:?}")
            }
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(facts, ["family_name hr 1 [\"family_name\"]", "given_name hr 1 [\"given_name\"]"]);
    insta::assert_snapshot!(told(&now(&policy, about("much"), &observed(&[])), "1"), @"
    Ada Example: active
      held: target `directory`, attribute `costs`: takes a whole number
    ");
    attributes(&mut policy, &[("uid", &["x"]), ("sn", &["{{ maiden_name }}"])]);
    insta::assert_snapshot!(told(&now(&policy, about("42"), &observed(&[])), "1"), @"
    Ada Example: active
      held: target `directory`, attribute `sn`: `{{ maiden_name }}` needs `maiden_name`, which is not known
      held: target `directory`, attribute `uid`: carries the account's name; set it with `name`
    ");
}

#[test]
fn accounts_and_grants_lead_back_to_rules_facts_and_state() {
    let desired = now(&policy(), vec![worker("1", ADA, &[("level", "3")])], &observed(&[]));
    let crm = of(&desired, "1").accounts["crm"].clone();
    let kinds = |causes: &[Cause]| {
        causes
            .iter()
            .map(|cause| match cause {
                Cause::Rule { rule, line } => format!("rule {rule}:{line}"),
                Cause::Fact { fact, .. } => format!("fact {fact}"),
                Cause::State { state, because } => format!("{}: {because}", state.word()),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let grants = content(&desired, "1", "crm").grants;
    let mut lines = vec![kinds(&crm.causes)];
    lines.extend(
        grants.iter().map(|(grant, causes)| format!("{}: {}", grant.entitlement, kinds(causes))),
    );
    insta::assert_snapshot!(lines.join("\n"), @"
    rule sales:11, fact department, active: no start is given
    l3: rule sales:11, fact department, fact level
    sellers: rule sales:11, fact department
    ");
}

#[test]
fn a_rule_that_grants_gives_no_account() {
    let mut policy = policy();
    rule(&mut policy, "odd", Condition::always(), &[], &[("crm", "odd")]);
    let desired = now(&policy, vec![worker("1", ADA, &[("department", "Ops")])], &observed(&[]));
    assert!(!of(&desired, "1").accounts.contains_key("crm"));
}

#[test]
fn a_hold_of_the_source_leaves_everything_as_it_is() {
    let mut policy = policy();
    facts(
        &mut policy,
        &[("department", "{{ department }}"), ("end", "{{ until }}"), ("status", "{{ status }}")],
    );
    let people = vec![worker("1", ADA, &[("until", "soon")])];
    let desired = now(&policy, people, &observed(&[("ada.example", Some("1"))]));
    let ada = of(&desired, "1");
    assert_eq!((ada.accounts.len(), ada.holds.len()), (0, 1));
}

#[test]
fn the_type_of_our_accounts_is_the_one_named_or_the_only_one() {
    let kinds = |schema: &[(&str, ObjectRole)]| {
        let object = |(name, role): &(&str, ObjectRole)| {
            let mut object = observed(&[]).targets["directory"].schema.objects[0].clone();
            (object.object_type, object.role) = ((*name).to_owned(), *role);
            object
        };
        Schema { objects: schema.iter().map(object).collect() }
    };
    let managed = |named: Option<&str>, schema: &[(&str, ObjectRole)]| {
        let mut policy = policy().targets.remove("directory").expect("is there");
        policy.object_type = named.map(ToOwned::to_owned);
        managed_object(&policy, &kinds(schema)).map(|it| it.object_type.clone())
    };
    let (user, robot) = (("user", ObjectRole::Account), ("robot", ObjectRole::Account));
    let group = ("group", ObjectRole::Entitlement);
    assert_eq!(managed(None, &[group, user]).as_deref(), Some("user"));
    assert_eq!(managed(None, &[user, robot]), None, "nobody says which");
    assert_eq!(managed(None, &[group]), None);
    assert_eq!(managed(Some("robot"), &[user, robot]).as_deref(), Some("robot"));
    assert_eq!(managed(Some("group"), &[user, group]), None, "is no account");
}

#[test]
fn what_goes_at_once_is_what_is_named_and_nothing_beside_it() {
    let group = |uid: &str| ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() };
    let at_once = AtOnce {
        targets: [named("crm")].into(),
        grants: [(named("directory"), group("admins"))].into(),
        accounts: BTreeSet::new(),
    };
    assert!(at_once.takes(&named("crm"), &group("staff")));
    assert!(at_once.takes(&named("directory"), &group("admins")));
    assert!(!at_once.takes(&named("directory"), &group("staff")));
    assert!(!at_once.takes(&named("mail"), &group("admins")));
}
