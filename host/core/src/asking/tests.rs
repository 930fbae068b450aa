mod behind;
mod no;

use insta::assert_snapshot;

use super::*;
use crate::{
    access::{Exclusive, Role, Separation, SeparationMode, Side, Validity},
    account::{Account, Assignment, Entitlement},
    condition::Condition,
    desired::desired,
    example::{at, expression, hired, id, named, noon, observed, policy, rule, worker},
    guard::{GuardSettings, Lately, guard},
    identity::Assembled,
    plan::{PlanSettings, plan},
    value::ObjectRef,
};

const ADA: (&str, &str) = ("Ada", "Example");

/// A firm as it is asked about.
struct Firm {
    policy: Policy,
    assembled: Assembled,
    desired: Desired,
    observed: Observed,
    plan: Plan,
    findings: Vec<Finding>,
}

fn firm(policy: Policy, people: Vec<Account>, mut observed: Observed) -> Firm {
    for there in observed.targets.values_mut() {
        there.schema.objects[0].capabilities.create = true;
        there.schema.objects[0].capabilities.disable = true;
        there.schema.objects[0].capabilities.entitlements = true;
    }
    let assembled = hired(&policy, people);
    let desired = desired(&policy, &assembled, &observed, noon());
    let plan = plan(&PlanSettings::of(&policy), &desired, &observed, noon());
    let findings =
        guard(&GuardSettings::of(&policy), &plan, &observed, &Lately::default(), &assembled.shrank);
    Firm { policy, assembled, desired, observed, plan, findings }
}

impl Firm {
    fn ask<T>(&self, key: &str, touched: &[Touched], ask: impl Fn(&Asking<'_>) -> T) -> T {
        let world = World {
            policy: &self.policy,
            desired: &self.desired,
            observed: &self.observed,
            plan: &self.plan,
            findings: &self.findings,
            touched,
            now: noon(),
        };
        let identity = self.assembled.identity(id(key)).expect("is there");
        ask(&Asking::about(world, identity).expect("is decided"))
    }

    fn account(&self, key: &str, target: &str) -> String {
        self.ask(key, &[], |asking| asking.account(&named(target)).render())
    }

    fn entitlement(&self, key: &str, target: &str, text: &str) -> String {
        self.ask(key, &[], |asking| asking.entitlement(&named(target), text).render())
    }
}

fn group(name: &str) -> Entitlement {
    Entitlement {
        reference: ObjectRef { object_type: "group".to_owned(), uid: format!("g-{name}") },
        name: name.to_owned(),
        description: String::new(),
        grantable: true,
        privileged: false,
    }
}

/// Both targets have these groups; Ada's account holds `held`.
fn with_groups(groups: &[&str], held: &[&str]) -> Observed {
    let mut observed = observed(&[("ada.example", Some("1"))]);
    for there in observed.targets.values_mut() {
        there.entitlements = groups.iter().map(|name| group(name)).collect();
        there.assignments = held
            .iter()
            .map(|name| Assignment {
                holder: there.accounts[0].reference.clone(),
                entitlement: group(name).reference,
                relation: String::new(),
                direct: true,
            })
            .collect();
    }
    observed
}

#[test]
fn an_account_is_told_down_to_the_record_it_comes_from() {
    let firm = firm(policy(), vec![worker("1", ADA, &[])], observed(&[("ada.example", Some("1"))]));
    let touched = [Touched {
        at: at("2026-05-01T08:00:00Z"),
        action: "create".to_owned(),
        result: "done, verified".to_owned(),
        identity: Some(id("1")),
        target: Some(named("crm")),
        account: None,
        entitlement: None,
        run: Some("7".to_owned()),
        by: "operator".to_owned(),
    }];
    let told = firm.ask("1", &touched, |asking| asking.account(&named("crm")).render());
    assert_snapshot!(told, @r#"
    Ada Example has the account `ada.example` at crm, in an unknown state, because rule `sales` (line 11)
      should be enabled, as `ada.example`
        because rule `sales` (line 11)
          its condition holds
            yes: `department` has to be "Sales"
              department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
        because fact department from hr record 1, column department
          department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
        because state active: no start is given
          status = "Active" — hr record 1, column status, learned 2026-06-01T12:00:00Z
      cn: "Ada Example"
        because fact given_name from hr record 1, column given_name
          given_name = "Ada" — hr record 1, column given_name, learned 2026-06-01T12:00:00Z
        because fact family_name from hr record 1, column family_name
          family_name = "Example" — hr record 1, column family_name, learned 2026-06-01T12:00:00Z
      givenName: "Ada"
        because fact given_name from hr record 1, column given_name
          given_name = "Ada" — hr record 1, column given_name, learned 2026-06-01T12:00:00Z
      sn: "Example"
        because fact family_name from hr record 1, column family_name
          family_name = "Example" — hr record 1, column family_name, learned 2026-06-01T12:00:00Z
      account `ada.example` (user u-ada.example): in an unknown state, created by us, read 2026-06-01T12:00:00Z
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
      last touched 2026-05-01T08:00:00Z: create, done, verified, run 7, by operator
      unable: there is no entitlement `sellers`; none at all was read
      unable: the account `ada.example` differs, and the connector cannot update accounts
    "#);
}

#[test]
fn without_an_account_the_rule_that_could_give_it_and_the_fact_that_fails_are_told() {
    let people = || vec![worker("1", ADA, &[("department", "Ops")])];
    let none = firm(policy(), people(), observed(&[]));
    assert_snapshot!(none.account("1", "crm"), @r#"
    Ada Example has no account at crm: rule `sales` (line 11) does not give it: `department` has to be "Sales" and it is "Ops"
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
      rule `sales` (line 11) does not give it: `department` has to be "Sales" and it is "Ops"
        no: `department` has to be "Sales"
          department = "Ops" — hr record 1, column department, learned 2026-06-01T12:00:00Z
    "#);
    let gone = firm(policy(), vec![worker("1", ADA, &[("end", "2026-05-31")])], observed(&[]));
    assert_snapshot!(gone.account("1", "crm").lines().next().expect("a line"), @"Ada Example has no account at crm: rules give nothing to who is departed (end 2026-05-31 has passed)");
    let mut unread = observed(&[]);
    unread.targets.remove("crm");
    let unread = firm(policy(), vec![worker("1", ADA, &[])], unread);
    assert_snapshot!(unread.account("1", "crm").lines().next().expect("a line"), @"Ada Example has no account at crm: a rule gives it, and `crm` was never read");
    let mut broken = policy();
    let when = expression(&mut broken, "level > 3");
    rule(&mut broken, "leads", when, &["crm"], &[]);
    let unclear = firm(broken, people(), observed(&[]));
    assert_snapshot!(unclear.account("1", "crm").lines().next().expect("a line"), @"Ada Example cannot be evaluated, so nothing of theirs is changed: rule `leads` (line 12): `level > 3` needs `level`, which is not known");
    let mut nobody = policy();
    nobody.rules.retain(|rule| rule.name.as_str() != "sales");
    let nobody = firm(nobody, people(), observed(&[]));
    assert_snapshot!(nobody.account("1", "crm").lines().next().expect("a line"), @"Ada Example has no account at crm: no rule gives it to anybody");
}

#[test]
fn an_account_that_nothing_gives_any_more_says_what_becomes_of_it() {
    let people = vec![worker("1", ADA, &[("department", "Ops")])];
    let firm = firm(policy(), people, observed(&[("ada.example", Some("1"))]));
    assert_snapshot!(firm.account("1", "crm"), @r#"
    the account `ada.example` of Ada Example at crm is to be disabled, because leaver policy: no rule gives this account any longer
      should be disabled, if there is one
        because leaver policy: no rule gives this account any longer
          status = "Active" — hr record 1, column status, learned 2026-06-01T12:00:00Z
      account `ada.example` (user u-ada.example): in an unknown state, created by us, read 2026-06-01T12:00:00Z
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
      the next plan: ! disable crm `ada.example`
        because leaver policy: no rule gives this account any longer
          status = "Active" — hr record 1, column status, learned 2026-06-01T12:00:00Z
      rule `sales` (line 11) does not give it: `department` has to be "Sales" and it is "Ops"
        no: `department` has to be "Sales"
          department = "Ops" — hr record 1, column department, learned 2026-06-01T12:00:00Z
    "#);
}

#[test]
fn an_entitlement_that_is_held_or_wanted_or_neither_says_so() {
    let people = || vec![worker("1", ADA, &[])];
    let wanted = firm(policy(), people(), with_groups(&["sellers", "vips"], &[]));
    assert_snapshot!(wanted.entitlement("1", "crm", "sellers"), @r#"
    Ada Example should hold `sellers` at crm, because rule `sales` (line 11), and does not yet: the next plan grants it
      should hold sellers
        because rule `sales` (line 11)
          its condition holds
            yes: `department` has to be "Sales"
              department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
        because fact department from hr record 1, column department
          department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
      the next plan: + grant crm `ada.example` sellers
        because rule `sales` (line 11)
          its condition holds
            yes: `department` has to be "Sales"
              department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
        because fact department from hr record 1, column department
          department = "Sales" — hr record 1, column department, learned 2026-06-01T12:00:00Z
    "#);
    let held = firm(policy(), people(), with_groups(&["sellers", "vips"], &["sellers", "vips"]));
    assert_snapshot!(held.entitlement("1", "crm", "Sellers").lines().next().expect("a line"), @"Ada Example holds `sellers` at crm, because rule `sales` (line 11)");
    assert_snapshot!(held.entitlement("1", "crm", "vips").lines().next().expect("a line"), @"Ada Example holds `vips` at crm, which nothing gives: it was not granted by us, and stays; no rule gives it to anybody");
    let mover = vec![worker("1", ADA, &[("department", "Ops")])];
    let not = firm(policy(), mover, with_groups(&["sellers", "vips"], &[]));
    assert_snapshot!(not.entitlement("1", "crm", "sellers"), @r#"
    Ada Example does not hold `sellers` at crm: rule `sales` (line 11) does not give it: `department` has to be "Sales" and it is "Ops"
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
      rule `sales` (line 11) does not give it: `department` has to be "Sales" and it is "Ops"
        no: `department` has to be "Sales"
          department = "Ops" — hr record 1, column department, learned 2026-06-01T12:00:00Z
    "#);
    assert_snapshot!(not.entitlement("1", "crm", "seller"), @r"
    Ada Example does not hold `seller` at crm: no rule gives it to anybody
      there is no entitlement `seller`; the nearest name there is `sellers`
      `crm` was read 2026-06-01T12:00:00Z: accounts wholly, grants wholly
    ");
}

#[test]
fn what_is_kept_apart_or_excluded_is_told_as_the_reason() {
    let mut policy = policy();
    let when = Condition { all: Vec::new(), expr: None };
    rule(&mut policy, "vip", when, &[], &[("crm", "vips")]);
    policy.access.separations.push(Separation {
        name: named("apart"),
        line: 40,
        sides: vec![
            Side::Entitlement { target: named("crm"), entitlement: "sellers".to_owned() },
            Side::Entitlement { target: named("crm"), entitlement: "vips".to_owned() },
        ],
        mode: SeparationMode::Prevent,
        except: Vec::new(),
    });
    let people = || vec![worker("1", ADA, &[])];
    let apart = firm(policy, people(), with_groups(&["sellers", "vips"], &["sellers"]));
    assert_snapshot!(apart.entitlement("1", "crm", "vips").lines().next().expect("a line"), @"Ada Example does not hold `vips` at crm: `apart` (line 40): `vips` at crm is not given while they hold `sellers` at crm");
    let mut policy = crate::example::policy();
    let when = Condition { all: Vec::new(), expr: None };
    rule(&mut policy, "vip", when, &[], &[("crm", "vips")]);
    let of = ["sellers", "vips"].map(|it| (named("crm"), it.to_owned())).to_vec();
    policy.access.exclusives.push(Exclusive { name: named("one"), of });
    let one = firm(policy, people(), with_groups(&["sellers", "vips"], &[]));
    assert_snapshot!(one.entitlement("1", "crm", "vips").lines().next().expect("a line"), @"Ada Example does not hold `vips` at crm: `one` gives the first that applies, which is `sellers` at crm");
}

#[test]
fn a_role_outside_of_its_time_and_a_grant_without_an_account_give_nothing() {
    let mut policy = policy();
    let template = policy.expressions.template("vips").expect("is correct");
    policy.access.roles.insert(
        named("vip"),
        Role {
            line: 50,
            valid: Validity { from: None, until: Some(at("2026-01-01T00:00:00Z")) },
            includes: [].into(),
            accounts: [].into(),
            grants: [(named("crm"), vec![template])].into(),
            owner: None,
            risk: crate::access::Risk::Low,
            description: String::new(),
        },
    );
    policy.rules[1].roles.push(named("vip"));
    let when = Condition { all: Vec::new(), expr: None };
    rule(&mut policy, "all", when, &[], &[("crm", "readers")]);
    let groups = || with_groups(&["sellers", "vips", "readers"], &[]);
    let told = firm(policy, vec![worker("1", ADA, &[])], groups());
    assert_snapshot!(told.entitlement("1", "crm", "vips").lines().next().expect("a line"), @"Ada Example does not hold `vips` at crm: rule `sales` (line 11), role `vip` does not give it: role `vip` was valid until 2026-01-01T00:00:00Z");
    let ops = vec![worker("1", ADA, &[("department", "Ops")])];
    let told = firm(told.policy, ops, groups());
    assert_snapshot!(told.entitlement("1", "crm", "readers").lines().next().expect("a line"), @"Ada Example does not hold `readers` at crm: a rule grants it, and nothing gives them an account at crm");
}
