mod looked;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::{
    account::AccountState,
    example::{id, named, noon},
    forgetting::PlannedErasure,
    id::OperationId,
    operation::Change,
    workflow::{Approve, Whom},
};

fn approval(about: Agreement) -> PlanApproval {
    PlanApproval {
        id: "1a2b3c4d".to_owned(),
        rule: named("all"),
        terms: None,
        plan: Digest::of("plan"),
        undoing: false,
        about,
        people: BTreeSet::new(),
        by: Asker { user: "operator".to_owned(), identity: None },
        at: noon(),
        asked: Asked {
            expires: after(5),
            stages: vec![[id("2")].into()],
            escalate: None,
            reason: String::new(),
            approved: Vec::new(),
            rounds: 1,
        },
        agreed: Vec::new(),
        given: None,
        ended: None,
    }
}

fn after(days: i64) -> Timestamp {
    noon().checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

fn create(number: u32, key: &str) -> Operation {
    Operation {
        id: OperationId(number),
        identity: id(key),
        target: named("crm"),
        change: Change::Create {
            object_type: "user".to_owned(),
            name: key.to_owned(),
            anchor: key.to_owned(),
            attributes: Vec::new(),
            state: AccountState::Active,
        },
        event: Event::Joiner,
        after: Vec::new(),
        prefer_after: Vec::new(),
        causes: Vec::new(),
    }
}

#[test]
fn what_was_agreed_to_lapses_and_a_no_does_not() {
    let given = PlanApproval {
        given: Some(noon()),
        ..approval(Agreement::Release([FindingKind::MassRemoval].into()))
    };
    assert_eq!(given.standing(after(29)), Standing::Given);
    assert_eq!(given.standing(after(30)), Standing::Over);
    let unanswered = PlanApproval { given: None, ..given };
    assert_eq!(unanswered.standing(after(4)), Standing::Open);
    assert_eq!(unanswered.standing(after(300)), Standing::No(ApprovalEnd::Expired));
}

#[test]
fn a_question_shows_what_is_left_of_it_and_nothing_else() {
    let plan = Plan {
        operations: ["1", "2", "3"].into_iter().zip(0..).map(|(key, at)| create(at, key)).collect(),
        ..Plan::default()
    };
    let waiting = |operation: &Operation, over: bool| {
        let (identity, target) = (operation.identity, operation.target.clone());
        (judge::key(operation).unwrap(), Waiting { identity, target, over })
    };
    let [one, two, _] = plan.operations.as_slice() else { unreachable!() };
    let about = BTreeMap::from([waiting(one, true), waiting(two, false)]);
    let part = approval(Agreement::Operations(about)).part(&plan, &[]);
    assert_eq!(part.operations, std::slice::from_ref(two));
}

#[test]
fn whoever_is_to_release_erasures_sees_who_would_be_erased_and_why() {
    let erasure =
        PlannedErasure { due: noon(), identity: id("1"), departed: noon(), causes: Vec::new() };
    let plan = Plan { erasures: vec![erasure], ..Plan::default() };
    let finding = |kind: FindingKind| Finding {
        kind,
        target: None,
        text: "20 people are to be erased".to_owned(),
        blocks: Vec::new(),
    };
    let findings = [finding(FindingKind::MassErase), finding(FindingKind::Separation)];
    let erases = approval(Agreement::Release([FindingKind::MassErase].into()));
    assert_eq!(erases.part(&plan, &findings).erasures, plan.erasures);
    assert_eq!(erases.released(&findings), findings[..1]);
    let removes = approval(Agreement::Release([FindingKind::MassRemoval].into()));
    assert!(removes.part(&plan, &findings).erasures.is_empty());
    assert!(removes.released(&findings).is_empty());
}

#[test]
fn a_rule_that_asks_others_or_waits_for_another_time_has_other_terms() {
    let rule = |stages: &[&str], days: i64, escalate: Option<i64>| ApprovalRule {
        name: named("all"),
        line: 1,
        releases: BTreeSet::new(),
        gives: Gives::default(),
        approve: Approve {
            stages: stages.iter().map(|key| vec![Whom::Key((*key).to_owned())]).collect(),
            expire: SignedDuration::from_hours(24 * days),
            reason: None,
            escalate: escalate
                .map(|days| (SignedDuration::from_hours(24 * days), Whom::Manager(1))),
            template: None,
        },
    };
    let terms = |stages: &[&str], days, escalate| rule(stages, days, escalate).terms().unwrap();
    let same = terms(&["1", "2"], 5, Some(2));
    assert_eq!(terms(&["1", "2"], 5, Some(2)), same);
    for other in [
        terms(&["2", "1"], 5, Some(2)),
        terms(&["1"], 5, Some(2)),
        terms(&["1", "2"], 6, Some(2)),
        terms(&["1", "2"], 5, Some(3)),
        terms(&["1", "2"], 5, None),
    ] {
        assert_ne!(other, same);
    }
}
