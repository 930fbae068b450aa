//! A leaver workflow, walked day by day.

mod effects;
mod episodes;
mod unable;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::*;
use crate::{
    condition::Test,
    engagement::Tenure,
    fact::{Fact, RecordKey},
    id::{ConnectorName, FactName, IdentityId, StepName, WorkflowName},
    lifecycle::{LifecycleState, StateNow},
    template::{Expressions, Scope, Template},
    value::Value,
};

fn at(text: &str) -> Timestamp {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

fn step(id: &str, task: TaskDefinition, after: &[&str]) -> StepDefinition {
    StepDefinition {
        id: StepName::new(id).unwrap(),
        task,
        after: after.iter().map(|it| StepName::new(*it).unwrap()).collect(),
        when: ConditionDefinition::default(),
        timeout: None,
        on_failure: OnFailure::Stop,
    }
}

fn accounts(verb: AccountVerb) -> TaskDefinition {
    TaskDefinition::Do(Action::Accounts { verb, targets: None })
}

/// Stands for anything that is done once and may fail.
fn start() -> TaskDefinition {
    let workflow = WorkflowName::new("tell-the-manager").unwrap();
    TaskDefinition::Do(Action::Start { workflow })
}

/// Until the handover is done.
fn handover() -> TaskDefinition {
    let handed_over = FactName::new("handed_over").unwrap();
    TaskDefinition::Wait(WaitDefinition::Facts(ConditionDefinition {
        all: vec![(handed_over, Test::OneOf(vec!["yes".to_owned()]))],
        expr: None,
    }))
}

/// Off at once and another workflow beside it; the handover takes five days
/// at most; thirty days after both the accounts go.
fn leaver() -> Vec<StepDefinition> {
    vec![
        step("off", accounts(AccountVerb::Disable), &[]),
        step("tell", start(), &[]),
        StepDefinition { timeout: Some(days(5)), ..step("ok", handover(), &[]) },
        step("grace", TaskDefinition::Wait(WaitDefinition::For(days(30))), &["off", "ok"]),
        step("gone", accounts(AccountVerb::Delete), &["grace"]),
    ]
}

struct Walk {
    expressions: Expressions,
    workflow: Workflow,
    episode: Episode,
    scope: Scope,
    disabled: bool,
    /// Targets that can do nothing.
    unable: BTreeSet<ConnectorName>,
}

impl Walk {
    fn new(steps: Vec<StepDefinition>) -> Self {
        let mut expressions = Expressions::new();
        let definition = Definition {
            name: WorkflowName::new("leaver").unwrap(),
            on: On::State(LifecycleState::Departed),
            when: ConditionDefinition::default(),
            steps,
        };
        let workflow = Workflow::compile(&definition, Some(1), &mut expressions).unwrap();
        let hr = ConnectorName::new("hr").unwrap();
        let episode = Episode {
            identity: IdentityId::first_seen(&hr, "1001"),
            workflow: workflow.name.clone(),
            ordinal: 1,
            version: workflow.version.clone(),
            began: at("2026-07-01"),
            by: None,
            end: None,
            left: None,
            steps: BTreeMap::new(),
            tried: BTreeMap::new(),
        };
        let mut scope = Scope::new();
        scope.known("key", "1001");
        Self { expressions, workflow, episode, scope, disabled: false, unable: BTreeSet::new() }
    }

    fn look(&self, now: &str) -> Advanced {
        let achieved = |action: &Action<Template>, _| {
            self.disabled && matches!(action, Action::Accounts { verb: AccountVerb::Disable, .. })
        };
        let about = Situation {
            expressions: &self.expressions,
            scope: &self.scope,
            timezone: &TimeZone::UTC,
            achieved: &achieved,
            unable: &|_| self.unable.clone(),
            not_yet: &|_| None,
            now: at(now),
        };
        advance(&self.workflow, &self.episode, &about)
    }

    /// Records what ended by itself, as applying a plan does.
    fn record(&mut self, advanced: &Advanced) {
        for (step, at) in &advanced.begun {
            self.episode.steps.insert(step.clone(), StepRecord::Begun { at: *at });
        }
        for (step, at, end) in &advanced.ended {
            let record = StepRecord::Ended { at: *at, end: end.clone() };
            self.episode.steps.insert(step.clone(), record);
        }
    }

    fn end(&mut self, step: &str, when: &str, end: StepEnd) {
        let record = StepRecord::Ended { at: at(when), end };
        self.episode.steps.insert(StepName::new(step).unwrap(), record);
    }
}

/// One line per thing to know.
fn shown(advanced: &Advanced) -> String {
    let Advanced { begun: _, ended, seen: _, due, in_force, waits, end, holds } = advanced;
    let mut lines = Vec::new();
    lines.extend(ended.iter().map(|(step, at, end)| format!("{step} {} at {at}", end.word())));
    lines.extend(due.iter().map(|step| format!("{step} due")));
    lines.extend(in_force.iter().map(|step| format!("{step} in force")));
    lines.extend(waits.iter().map(|(step, why)| format!("{step}: {why}")));
    lines.extend(end.iter().map(|end| format!("{end:?}")));
    lines.extend(holds.iter().map(|hold| format!("held: {hold}")));
    lines.join("\n")
}

#[test]
fn steps_without_predecessors_begin_with_the_episode() {
    insta::assert_snapshot!(shown(&Walk::new(leaver()).look("2026-07-01")), @r"
    tell due
    off in force
    off: not yet so at the targets
    ok: waits for `handed_over`, no longer than until 2026-07-06T00:00:00Z
    ");
}

#[test]
fn a_wait_begins_when_everything_before_it_has_ended() {
    let mut walk = Walk::new(leaver());
    walk.disabled = true;
    walk.end("tell", "2026-07-01", StepEnd::Done);
    let first = walk.look("2026-07-01");
    walk.record(&first);
    walk.end("ok", "2026-07-03", StepEnd::Done);
    insta::assert_snapshot!(shown(&walk.look("2026-07-03")), @r"
    off in force
    grace: waits until 2026-08-02T00:00:00Z
    ");
    insta::assert_snapshot!(shown(&walk.look("2026-08-02")), @r"
    grace done at 2026-08-02T00:00:00Z
    off in force
    gone in force
    gone: not yet so at the targets
    ");
}

#[test]
fn nobody_looking_for_months_changes_no_time_at_which_steps_ended() {
    let chain = |days_each: &[i64]| -> Vec<StepDefinition> {
        let mut steps = Vec::new();
        let mut before: Option<String> = None;
        for (index, length) in days_each.iter().enumerate() {
            let id = format!("wait{index}");
            let after: Vec<&str> = before.as_deref().into_iter().collect();
            let task = TaskDefinition::Wait(WaitDefinition::For(days(*length)));
            steps.push(step(&id, task, &after));
            before = Some(id);
        }
        steps
    };
    let walk = Walk::new(chain(&[1, 2, 3]));
    insta::assert_snapshot!(shown(&walk.look("2027-01-01")), @r"
    wait0 done at 2026-07-02T00:00:00Z
    wait1 done at 2026-07-04T00:00:00Z
    wait2 done at 2026-07-07T00:00:00Z
    Finished { at: 2026-07-07T00:00:00Z }
    ");
}

#[test]
fn a_step_that_takes_too_long_stops_the_episode_and_keeps_the_accounts_off() {
    let mut walk = Walk::new(leaver());
    walk.disabled = true;
    walk.end("off", "2026-07-01", StepEnd::Done);
    walk.end("tell", "2026-07-01", StepEnd::Done);
    insta::assert_snapshot!(shown(&walk.look("2026-07-06")), @r#"
    ok timed out at 2026-07-06T00:00:00Z
    off in force
    Stopped { at: 2026-07-06T00:00:00Z, step: StepName("ok") }
    "#);
}

#[test]
fn what_comes_after_a_failed_step_goes_on_when_the_file_says_continue() {
    let mut steps = leaver();
    steps[2].on_failure = OnFailure::Continue;
    let mut walk = Walk::new(steps);
    walk.disabled = true;
    walk.end("off", "2026-07-01", StepEnd::Done);
    walk.end("tell", "2026-07-01", StepEnd::Done);
    walk.end("ok", "2026-07-02", StepEnd::TimedOut);
    insta::assert_snapshot!(shown(&walk.look("2026-07-06")), @r"
    off in force
    grace: waits until 2026-08-01T00:00:00Z
    ");
}

#[test]
fn a_condition_is_asked_once_when_its_step_becomes_due() {
    let mut steps = leaver();
    let department = FactName::new("department").unwrap();
    steps[1].when.all = vec![(department, Test::OneOf(vec!["Sales".to_owned()]))];
    let mut walk = Walk::new(steps);
    let first = walk.look("2026-07-01");
    assert!(
        first.ended.iter().any(|(id, _, end)| id.as_str() == "tell" && *end == StepEnd::Skipped)
    );
    walk.record(&first);
    // Too late: the step was skipped.
    walk.scope.fact("department", &[Value::Text("Sales".to_owned())]);
    let later = walk.look("2026-07-02");
    assert!(later.due.iter().all(|step| step.as_str() != "tell"), "{later:?}");
}

#[test]
fn a_step_that_cannot_be_evaluated_holds_and_says_where() {
    let mut steps = leaver();
    steps[3] = step(
        "grace",
        TaskDefinition::Wait(WaitDefinition::Until("{{ exit_date }}".to_owned())),
        &[],
    );
    let walk = Walk::new(steps);
    assert_eq!(
        walk.look("2026-07-01").holds,
        [
            "workflow `leaver`, step `grace`: `{{ exit_date }}` needs `exit_date`, which is not known"
        ]
    );
}

#[test]
fn an_episode_is_finished_when_every_step_is() {
    let mut walk = Walk::new(leaver());
    for (id, when) in [
        ("off", "2026-07-01"),
        ("tell", "2026-07-01"),
        ("ok", "2026-07-02"),
        ("grace", "2026-08-01"),
        ("gone", "2026-08-02"),
    ] {
        walk.end(id, when, StepEnd::Done);
    }
    let looked = walk.look("2027-01-01");
    assert_eq!(looked.end, Some(EpisodeEnd::Finished { at: at("2026-08-02") }));
    // What it asked for stays so while the person stays away.
    assert_eq!(looked.in_force.iter().map(StepName::as_str).collect::<Vec<_>>(), ["off", "gone"]);
}

#[test]
fn steps_that_wait_for_each_other_or_for_nobody_are_refused() {
    let wait = || TaskDefinition::Wait(WaitDefinition::For(days(1)));
    let compiled = |steps| {
        let definition = Definition {
            name: WorkflowName::new("broken").unwrap(),
            on: On::Demand,
            when: ConditionDefinition::default(),
            steps,
        };
        Workflow::compile(&definition, None, &mut Expressions::new()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(compiled(vec![step("a", wait(), &["b"]), step("b", wait(), &["a"])]), @"steps wait for each other in a circle: `a` after `b` after `a`");
    insta::assert_snapshot!(compiled(vec![step("a", wait(), &["a"])]), @"steps wait for each other in a circle: `a` after `a`");
    insta::assert_snapshot!(compiled(vec![step("a", wait(), &["z"])]), @"step `a` comes after `z`, which this workflow does not have");
    insta::assert_snapshot!(compiled(vec![step("a", wait(), &[]), step("a", wait(), &[])]), @"two steps are called `a`");
    let broken = TaskDefinition::Wait(WaitDefinition::Until("{{ end".to_owned()));
    insta::assert_snapshot!(compiled(vec![step("a", broken, &[])]), @"step `a`: unexpected end of input, expected end of variable block");
}

fn fact(learned: &str, value: Value) -> Fact {
    Fact {
        values: vec![value],
        record: RecordKey { source: ConnectorName::new("hr").unwrap(), key: "1001".to_owned() },
        from: Vec::new(),
        learned: at(learned),
        effective_from: None,
        effective_until: None,
    }
}

fn standing_now(on: &On, state: &StateNow, facts: &[(&str, Fact)], now: &str) -> Option<Timestamp> {
    let facts: BTreeMap<FactName, &Fact> =
        facts.iter().map(|(name, fact)| (FactName::new(*name).unwrap(), fact)).collect();
    let about = Trigger {
        state,
        facts: &facts,
        unchanged: &BTreeMap::new(),
        tenure: Tenure {
            start: facts.get("start").copied(),
            begins: None,
            end: facts.get("end").copied(),
        },
        absent_since: None,
        timezone: &TimeZone::UTC,
        now: at(now),
    };
    standing(on, &about).unwrap()
}

fn departed(since: &str) -> StateNow {
    StateNow { since: Some(at(since)), ..StateNow::new(LifecycleState::Departed, "") }
}

#[test]
fn a_departure_that_is_learned_late_begins_when_it_is_learned() {
    let on = On::State(LifecycleState::Departed);
    let end = |learned| fact(learned, Value::Date("2026-06-30".parse().unwrap()));
    let known =
        standing_now(&on, &departed("2026-07-01"), &[("end", end("2026-05-01"))], "2026-07-10");
    assert_eq!(known, Some(at("2026-07-01")));
    let late =
        standing_now(&on, &departed("2026-07-01"), &[("end", end("2026-07-09"))], "2026-07-10");
    assert_eq!(late, Some(at("2026-07-09")));
}

#[test]
fn an_offset_counts_from_the_first_day_and_from_the_end_of_the_last() {
    let state = departed("2026-07-01");
    let day = |text: &str| fact("2026-01-01", Value::Date(text.parse().unwrap()));
    let offset = |by, name: &str| On::Offset(Offset { by, fact: FactName::new(name).unwrap() });
    let facts = [("start", day("2026-06-15")), ("end", day("2026-06-30"))];
    let before = offset(days(-14), "start");
    assert_eq!(standing_now(&before, &state, &facts, "2026-05-31"), None);
    assert_eq!(standing_now(&before, &state, &facts, "2026-06-01"), Some(at("2026-06-01")));
    let after = offset(days(7), "end");
    assert_eq!(standing_now(&after, &state, &facts, "2026-07-07"), None);
    assert_eq!(standing_now(&after, &state, &facts, "2026-07-08"), Some(at("2026-07-08")));
}

#[test]
fn the_first_facts_of_a_person_are_no_change() {
    let on = On::Changed(BTreeSet::from([FactName::new("department").unwrap()]));
    let text = |learned, text: &str| fact(learned, Value::Text(text.to_owned()));
    let state = departed("2026-07-01");
    let new = [("department", text("2026-01-01", "Sales")), ("name", text("2026-01-01", "Ada"))];
    assert_eq!(standing_now(&on, &state, &new, "2026-06-01"), None);
    let moved = [("department", text("2026-03-01", "Legal")), ("name", text("2026-01-01", "Ada"))];
    assert_eq!(standing_now(&on, &state, &moved, "2026-06-01"), Some(at("2026-03-01")));
}

#[test]
fn an_episode_begins_once_and_again_only_after_it_was_left() {
    let on = On::State(LifecycleState::Departed);
    let known = at("2026-01-01");
    let moment = Some(at("2026-07-01"));
    let begins = Begin::Begins { ordinal: 1, moment: at("2026-07-01") };
    assert_eq!(Begin::of(&on, moment, None, known, None), begins);
    // So before the workflow was there.
    assert_eq!(Begin::of(&on, Some(at("2025-07-01")), None, known, None), Begin::Before);
    let mut latest = Walk::new(leaver()).episode;
    assert_eq!(Begin::of(&on, moment, Some(&latest), known, None), Begin::Nothing);
    latest.end = Some(EpisodeEnd::Finished { at: at("2026-08-01") });
    // A corrected last day is no second departure.
    assert_eq!(Begin::of(&on, Some(at("2026-09-01")), Some(&latest), known, None), Begin::Nothing);
    assert_eq!(Begin::of(&on, None, Some(&latest), known, None), Begin::Leaves);
    latest.left = Some(at("2026-10-01"));
    assert_eq!(Begin::of(&on, None, Some(&latest), known, None), Begin::Nothing);
    let again = Begin::Begins { ordinal: 2, moment: at("2027-07-01") };
    assert_eq!(Begin::of(&on, Some(at("2027-07-01")), Some(&latest), known, None), again);
}

#[test]
fn every_change_is_an_episode_of_its_own() {
    let on = On::Changed(BTreeSet::new());
    let latest = Walk::new(leaver()).episode;
    let known = at("2026-01-01");
    assert_eq!(Begin::of(&on, Some(at("2026-07-01")), Some(&latest), known, None), Begin::Nothing);
    let again = Begin::Begins { ordinal: 2, moment: at("2026-07-02") };
    assert_eq!(Begin::of(&on, Some(at("2026-07-02")), Some(&latest), known, None), again);
}
