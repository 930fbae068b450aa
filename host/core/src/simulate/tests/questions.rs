//! What is asked while nobody answers, and what is over.

use super::*;
use crate::{
    account::Assignment,
    approval::{Agreement, Asker},
    example::id,
    id::Digest,
    review::{ReviewPolicy, Reviewed, Reviewer, Silence},
    workflow::{Asked, Effect, Episode, EpisodeEnd, PlannedStep},
};

fn days(more: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(24 * more)
}

/// When questions of a kind are told of, and how.
fn told(moments: &[Moment], kind: InquiryKind) -> Vec<(Timestamp, String)> {
    let told = moments.iter().flat_map(|moment| {
        let inquiries = moment.inquiries.iter().filter(|it| it.kind == kind);
        inquiries.map(|it| (moment.at, it.lines.join("\n"))).collect::<Vec<_>>()
    });
    told.collect()
}

#[test]
fn others_may_answer_about_a_plan_when_its_time_has_come_and_not_before() {
    let policy = policy();
    let people = vec![worker("1", ("Ada", "Example"), &[("department", "Ops")])];
    let assembled = hired(&policy, people);
    let asked = Asked {
        expires: days(5),
        stages: vec![[id("2")].into()],
        escalate: Some((days(2), [id("3")].into())),
        reason: String::new(),
        approved: Vec::new(),
        rounds: 1,
    };
    let approval = PlanApproval {
        id: "1a2b3c4d".to_owned(),
        rule: named("all"),
        terms: None,
        plan: Digest::of("plan"),
        undoing: false,
        about: Agreement::Release([FindingKind::MassRemoval].into()),
        people: BTreeSet::new(),
        by: Asker { user: "operator".to_owned(), identity: None },
        at: noon(),
        asked,
        agreed: Vec::new(),
        given: None,
        ended: None,
    };
    let (whole, lately) = (whole(&policy, &assembled, &able(&[])), Lately::default());
    let moments = simulate_after(&policy, whole, (&lately, &[approval]), noon(), days(10));
    let told = told(&moments, InquiryKind::Approval);
    let times: Vec<Timestamp> = told.iter().map(|it| it.0).collect();
    assert_eq!(times, [days(2), days(5)]);
    assert!(told[0].1.starts_with("nobody has answered yet, and "), "{told:?}");
    assert!(told[1].1.starts_with("nobody has answered, which is a no"), "{told:?}");
}

#[test]
fn when_whoever_reviews_leaves_the_next_one_is_asked_that_day() {
    let mut policy = policy();
    for (user, key) in [("ben", "2"), ("eve", "3")] {
        policy.steps.actors.insert(user.to_owned(), key.to_owned());
    }
    policy.access.reviews.push(ReviewPolicy {
        name: named("access"),
        line: 60,
        of: Reviewed { targets: [named("crm")].into(), ..Reviewed::default() },
        every: SignedDuration::from_hours(365 * 24),
        from: None,
        who: ["2", "3"].map(|key| Reviewer::Whom(Whom::Key(key.to_owned()))).to_vec(),
        within: SignedDuration::from_hours(30 * 24),
        silence: Silence::Keep,
        escalate: None,
        template: None,
    });
    let people = vec![
        worker("1", ("Ada", "Example"), &[]),
        worker("2", ("Ben", "Beispiel"), &[("department", "Ops"), ("end", "2026-06-03")]),
        worker("3", ("Eve", "Example"), &[("department", "Ops")]),
    ];
    let assembled = hired(&policy, people);
    let mut observed = able(&[("ada.example", Some("1"))]);
    let crm = observed.targets.get_mut("crm").unwrap();
    crm.assignments.push(Assignment {
        holder: crm.accounts[0].reference.clone(),
        entitlement: crm.entitlements[0].reference.clone(),
        relation: String::new(),
        direct: true,
    });
    let whole = whole(&policy, &assembled, &observed);
    let moments = simulate(&policy, whole, &Lately::default(), noon(), days(10));
    let told = told(&moments, InquiryKind::Review);
    let times: Vec<Timestamp> = told.iter().map(|it| it.0).collect();
    assert_eq!(times, [noon(), at("2026-06-04T00:00:00Z")], "{told:?}");
    assert!(told[0].1.contains("? ask Ben Beispiel"), "{told:?}");
    assert!(told[1].1.contains("? ask Eve Example"), "{told:?}");
}

#[test]
fn a_step_goes_on_with_its_own_episode_and_with_none_that_has_ended() {
    let policy = policy();
    let assembled = hired(&policy, vec![worker("1", ("Ada", "Example"), &[])]);
    let steps_after = |ordinal: u32, end: Option<EpisodeEnd>| {
        let mut simulation = Simulation {
            policy: &policy,
            whole: whole(&policy, &assembled, &able(&[])),
            due: BTreeMap::new(),
            done: Window::default(),
            said: BTreeMap::new(),
            approvals: Vec::new(),
            unasked: BTreeSet::new(),
        };
        simulation.whole.record_episode(&Episode {
            identity: id("1"),
            workflow: named("handover"),
            ordinal,
            version: Digest::of("handover"),
            began: noon(),
            by: None,
            end,
            left: None,
            steps: BTreeMap::new(),
            tried: BTreeMap::new(),
        });
        let step = PlannedStep {
            identity: id("1"),
            workflow: named("handover"),
            ordinal: 1,
            step: named("tell"),
            attempt: 1,
            effect: Effect::Notify { deliveries: Vec::new(), ticket: false },
            causes: Vec::new(),
        };
        simulation.take_step(&step, noon());
        let episode = simulation.whole.episode(id("1"), &step.workflow);
        episode.map(|it| it.steps.len())
    };
    assert_eq!(steps_after(1, None), Some(1));
    assert_eq!(steps_after(2, None), Some(0), "another episode");
    let ended = EpisodeEnd::Cancelled { at: noon(), by: "operator".to_owned() };
    assert_eq!(steps_after(1, Some(ended)), Some(0));
}
