mod questions;

use insta::assert_snapshot;
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::value::ObjectRef;
use crate::{
    account::{Account, Entitlement},
    desired::desired,
    example::{at, hired, named, noon, observed, policy, worker},
    identity::Assembled,
    observed::Observed,
    plan::{PlanSettings, plan},
    whole::applied,
    workflow::{
        AccountVerb, Action, Approve, ConditionDefinition, Definition, Offset, On, OnFailure,
        StepDefinition, TaskDefinition, WaitDefinition, Whom, Workflow,
    },
};

/// Both targets can do everything; groups are there.
pub(crate) fn able(accounts: &[(&str, Option<&str>)]) -> Observed {
    let mut observed = observed(accounts);
    for there in observed.targets.values_mut() {
        for object in &mut there.schema.objects {
            let can = &mut object.capabilities;
            (can.create, can.update, can.enable) = (true, true, true);
            (can.disable, can.delete, can.entitlements) = (true, true, true);
        }
        let groups = ["sellers", "dept-sales", "dept-ops"].map(|name| Entitlement {
            reference: ObjectRef { object_type: "group".to_owned(), uid: name.to_owned() },
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        there.entitlements = groups.to_vec();
    }
    observed
}

fn step(id: &str, task: TaskDefinition, after: &[&str]) -> StepDefinition {
    StepDefinition {
        id: named(id),
        task,
        after: after.iter().map(|step| named(step)).collect(),
        when: ConditionDefinition::default(),
        timeout: None,
        on_failure: OnFailure::Stop,
    }
}

/// Ten days before the last day the CRM is closed; ten days after it, the
/// account there is deleted.
fn with_workflow(mut policy: Policy) -> Policy {
    let crm = Some(BTreeSet::from([named("crm")]));
    let verb = |verb| TaskDefinition::Do(Action::Accounts { verb, targets: crm.clone() });
    let wait = TaskDefinition::Wait(WaitDefinition::For(SignedDuration::from_hours(20 * 24)));
    let definition = Definition {
        name: named("handover"),
        on: On::Offset(Offset { by: SignedDuration::from_hours(-240), fact: named("end") }),
        when: ConditionDefinition::default(),
        steps: vec![
            step("off", verb(AccountVerb::Disable), &[]),
            step("wait", wait, &["off"]),
            step("gone", verb(AccountVerb::Delete), &["wait"]),
        ],
    };
    let workflow = Workflow::compile(&definition, Some(40), &mut policy.expressions);
    policy.workflows.push(workflow.unwrap());
    policy
}

fn whole(policy: &Policy, assembled: &Assembled, observed: &Observed) -> Whole {
    Whole::new(&PlanSettings::of(policy), assembled.clone(), observed.clone())
}

#[test]
fn a_year_of_somebody_who_begins_and_leaves() {
    let policy = with_workflow(policy());
    let people = vec![worker(
        "1",
        ("Ada", "Example"),
        &[("start", "2026-07-01"), ("end", "2026-09-30"), ("title", "Engineer")],
    )];
    let assembled = hired(&policy, people);
    let whole = whole(&policy, &assembled, &able(&[]));
    let until = noon() + SignedDuration::from_hours(365 * 24);
    let moments = simulate(&policy, whole, &Lately::default(), noon(), until);
    assert_snapshot!(calendar(&moments, &jiff::tz::TimeZone::UTC), @r"
    2026-06-24 Wednesday
      00:00 Ada Example (ac925181), prehire — joiner
          + create crm `ada.example`, disabled
          + grant crm `ada.example` sellers
          + create directory `ada.example`, disabled
          + grant directory `ada.example` dept-sales

    2026-07-01 Wednesday
      00:00 Ada Example (ac925181), active — joiner
          * enable crm `ada.example`
          * enable directory `ada.example`

    2026-09-21 Monday
      00:00 Ada Example (ac925181), active — drift
          ! disable crm `ada.example`
          workflow `handover` begins

    2026-10-01 Thursday
      00:00 Ada Example (ac925181), departed — leaver
          ! disable directory `ada.example`
          - revoke crm `ada.example` sellers
          - revoke directory `ada.example` dept-sales

    2026-10-11 Sunday
      00:00 Ada Example (ac925181), departed — leaver
          - delete crm `ada.example`

    2026-10-31 Saturday
      00:00 Ada Example (ac925181), departed — leaver
          - delete directory `ada.example`

    12 operations (2 create, 2 enable, 2 disable, 2 delete, 2 grant, 2 revoke) for 1 person on 6 days
    ");
}

#[test]
fn more_leavers_at_once_than_the_limit_allows_are_told() {
    let policy = policy();
    let people: Vec<Account> = (0..12)
        .map(|number| {
            let end = [("end", "2026-09-30"), ("department", "Ops")];
            worker(&format!("{number}"), ("Ada", &format!("Example{number}")), &end)
        })
        .collect();
    let assembled = hired(&policy, people);
    let until = noon() + SignedDuration::from_hours(365 * 24);
    let whole = whole(&policy, &assembled, &able(&[]));
    let moments = simulate(&policy, whole, &Lately::default(), noon(), until);
    let told: Vec<String> = moments
        .iter()
        .map(|moment| {
            let count: usize = moment.people.iter().map(|it| it.operations.len()).sum();
            let kinds: Vec<&str> = moment.held_back.iter().map(|it| it.kind.word()).collect();
            format!("{} {count} {}", moment.at, kinds.join(" "))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    2026-06-01T12:00:00Z 24 
    2026-10-01T00:00:00Z 24 mass-removal
    2026-10-31T00:00:00Z 12 mass-removal
    ");
}

#[test]
fn nobody_answers_in_a_simulation_and_that_is_a_no_when_its_time_is_over() {
    let mut policy = policy();
    let ask = TaskDefinition::Do(Action::Approve(Approve {
        stages: vec![vec![Whom::Key("2".to_owned())]],
        expire: SignedDuration::from_hours(48),
        reason: None,
        escalate: None,
        template: None,
    }));
    let definition = Definition {
        name: named("farewell"),
        on: On::Offset(Offset { by: SignedDuration::from_hours(-240), fact: named("end") }),
        when: ConditionDefinition::default(),
        steps: vec![step("ask", ask, &[])],
    };
    let workflow = Workflow::compile(&definition, Some(40), &mut policy.expressions);
    policy.workflows.push(workflow.unwrap());
    let end = [("end", "2026-06-30"), ("department", "Ops")];
    let people = vec![
        worker("1", ("Ada", "Example"), &end),
        worker("2", ("Bob", "Example"), &[("department", "Ops")]),
    ];
    let assembled = hired(&policy, people);
    let whole = whole(&policy, &assembled, &able(&[]));
    let until = at("2026-06-30T00:00:00Z");
    let moments = simulate(&policy, whole, &Lately::default(), noon(), until);
    assert_snapshot!(calendar(&moments, &jiff::tz::TimeZone::UTC), @r"
    2026-06-01 Monday
      12:00 Bob Example (8fc702b5), active — joiner
          + create directory `bob.example`
          + grant directory `bob.example` dept-ops
      12:00 Ada Example (ac925181), active — joiner
          + create directory `ada.example`
          + grant directory `ada.example` dept-ops

    2026-06-21 Sunday
      00:00 Ada Example (ac925181), active
          workflow `farewell` begins
          step `ask`
          ? ask Bob Example (8fc702b5) to agree within 2d

    2026-06-23 Tuesday
      00:00 Ada Example (ac925181), active
          workflow `farewell` stops: step `ask` was answered by nobody in time, which is a no

    4 operations (2 create, 2 grant) for 2 people on 3 days
    ");
}

#[test]
fn what_a_mover_keeps_for_a_while_goes_when_that_is_over() {
    let mut policy = policy();
    policy.lifecycle.overlap = SignedDuration::from_hours(72);
    let people = vec![worker("1", ("Ada", "Example"), &[("department", "Ops")])];
    let assembled = hired(&policy, people);
    let whole = whole(&policy, &assembled, &able(&[("ada.example", Some("1"))]));
    let until = at("2026-06-30T00:00:00Z");
    let moments = simulate(&policy, whole, &Lately::default(), noon(), until);
    let closed = moments.iter().find(|moment| {
        let mut all = moment.people.iter().flat_map(|it| &it.operations);
        all.any(|it| it.change.kind() == crate::operation::OperationKind::Disable)
    });
    assert_eq!(closed.map(|it| it.at), Some(at("2026-06-04T12:00:00Z")));
}

/// When, who, what; in the order of a walk that looks at everybody every
/// twelve hours, which is when anything of these people can change.
fn walked(
    policy: &Policy,
    assembled: &Assembled,
    mut observed: Observed,
    until: Timestamp,
) -> Vec<(Timestamp, IdentityId, String)> {
    let mut done = Vec::new();
    let mut now = noon();
    for workflow in &policy.workflows {
        observed.workflows.known_since.insert(workflow.name.clone(), now);
    }
    while now <= until {
        for _ in 0..8 {
            let desired = desired(policy, assembled, &observed, now);
            for changed in unwanted(assembled, &desired, &observed.links.clone(), now) {
                let same = |it: &&mut crate::observed::Link| {
                    it.identity == changed.identity
                        && it.target == changed.target
                        && it.account == changed.account
                };
                observed.links.iter_mut().find(same).unwrap().unwanted_since =
                    changed.unwanted_since;
            }
            let plan = plan(&PlanSettings::of(policy), &desired, &observed, now);
            let mut of: Vec<(Timestamp, IdentityId, String)> = plan
                .operations
                .iter()
                .map(|it| (now, it.identity, format!("{} {}", it.change.kind().word(), it.target)))
                .collect();
            of.sort();
            let quiet = of.is_empty();
            done.extend(of);
            observed = applied(&observed, &plan, |_| true, now);
            for person in desired.identities.values() {
                for now in person.episodes.iter().filter(|it| it.changed) {
                    let of = observed.workflows.episodes.entry(now.episode.identity).or_default();
                    of.insert(now.episode.workflow.clone(), now.episode.clone());
                }
            }
            let changed = |it: &crate::desired::EpisodeNow| it.changed;
            if quiet && !desired.identities.values().any(|it| it.episodes.iter().any(changed)) {
                break;
            }
        }
        now += SignedDuration::from_hours(12);
    }
    done.sort();
    done
}

/// Somebody: first day, last day, department, all of them within the year.
fn life() -> impl Strategy<Value = (Option<u32>, Option<u32>, bool, bool)> {
    let day = || proptest::option::of(0..250_u32);
    (day(), day(), any::<bool>(), any::<bool>())
}

fn date(day: u32) -> String {
    let start = jiff::civil::date(2026, 3, 1);
    (start + jiff::Span::new().days(i64::from(day))).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn looking_only_when_something_is_due_misses_nothing(
        lives in proptest::collection::vec(life(), 1..4),
    ) {
        let policy = with_workflow(policy());
        let people = lives.iter().enumerate().map(|(number, (start, end, sales, leave))| {
            let (start, end) = (start.map(date), end.map(date));
            let mut more = vec![
                ("department", if *sales { "Sales" } else { "Ops" }),
                ("status", if *leave { "Leave" } else { "Active" }),
            ];
            more.extend(start.as_deref().map(|start| ("start", start)));
            more.extend(end.as_deref().map(|end| ("end", end)));
            worker(&number.to_string(), ("Ada", "Example"), &more)
        });
        let assembled = hired(&policy, people.collect());
        let until = at("2027-03-01T00:00:00Z");
        let observed = able(&[("ada.example", Some("0"))]);
        let whole = whole(&policy, &assembled, &observed);
        let mut simulated: Vec<(Timestamp, IdentityId, String)> = Vec::new();
        for Moment { at, people, .. } in
            simulate(&policy, whole, &Lately::default(), noon(), until)
        {
            for operation in people.iter().flat_map(|it| &it.operations) {
                let what = format!("{} {}", operation.change.kind().word(), operation.target);
                simulated.push((at, operation.identity, what));
            }
        }
        simulated.sort();
        prop_assert_eq!(simulated, walked(&policy, &assembled, observed, until));
    }
}
