//! What time alone would take away after the clock jumped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Finding, FindingKind, plan_word,
    shrank::{source_shrank, still_doubted},
};
use crate::{
    desired::desired,
    id::{IdentityId, OperationId},
    identity::Assembled,
    lifecycle::Jump,
    observed::Observed,
    operation::Operation,
    plan::{Plan, PlanSettings, plan as planned},
    policy::Policy,
    review,
    workflow::{Episode, StepEnd, StepRecord},
};

/// Removals that nobody would have planned before the jump, with all that is
/// known now: no source, target or person says so, only the clock.  That
/// nobody answered a review in time counts as one.
pub fn clock_jump(
    plan: &Plan,
    policy: &Policy,
    (assembled, observed): (&Assembled, &Observed),
    (jump, now): (Jump, Timestamp),
) -> Option<Finding> {
    let Jump { from, to } = jump;
    let silent = silenced(policy, (assembled, observed), now);
    let silent = silent > 0 && silent > silenced(policy, (assembled, observed), from);
    let mut removals = plan.operations.iter().filter(|it| it.change.kind().removes()).peekable();
    if removals.peek().is_none() && plan.erasures.is_empty() && !silent {
        return None;
    }
    let observed = before(observed, jump);
    let wanted = desired(policy, assembled, &observed, from);
    let then = planned(&PlanSettings::of(policy), &wanted, &observed, from);
    let mut due: BTreeMap<IdentityId, Vec<&Operation>> = BTreeMap::new();
    // What only waits for a person then, because people are missing from a
    // reading, was not due either.
    let held: BTreeSet<OperationId> = still_doubted(&assembled.shrank, &wanted)
        .iter()
        .flat_map(|shrank| source_shrank(&then, shrank).blocks)
        .collect();
    for operation in then.operations.iter().filter(|it| !held.contains(&it.id)) {
        due.entry(operation.identity).or_default().push(operation);
    }
    let by_time = |now: &&Operation| {
        let same = |it: &&Operation| it.target == now.target && it.change == now.change;
        !due.get(&now.identity).is_some_and(|then| then.iter().any(same))
    };
    let blocks: Vec<OperationId> = removals.filter(by_time).map(|it| it.id).collect();
    let was_due = |id: IdentityId| then.erasures.iter().any(|it| it.identity == id);
    let erases = plan.erasures.iter().any(|it| !was_due(it.identity));
    if blocks.is_empty() && !erases && !silent {
        return None;
    }
    let text = format!(
        "the clock went from {from:.0} to {to:.0} between two looks, and what is only due by that \
         waits. Is the clock right? Then `lanyard apply {} --release {}`",
        plan_word(plan),
        FindingKind::ClockJump.word(),
    );
    Some(Finding { kind: FindingKind::ClockJump, target: None, text, blocks })
}

/// What silence in reviews would take at a time.
fn silenced(
    policy: &Policy,
    (assembled, observed): (&Assembled, &Observed),
    at: Timestamp,
) -> usize {
    let reviews = observed.kept.reviews.iter();
    let open = reviews.flat_map(|review| &review.items).filter(|item| item.is_open());
    let open: BTreeSet<&str> = open.map(|item| item.id.as_str()).collect();
    let due = review::due(policy, assembled, observed, at);
    let items = due.iter().flat_map(|review| &review.items);
    let silent = items.filter(|item| open.contains(item.id.as_str()));
    silent.filter(|item| item.decision.as_ref().is_some_and(|it| it.revoke)).count()
}

/// What was observed, without what workflows took for over since the jump.
fn before(observed: &Observed, jump: Jump) -> Observed {
    let mut observed = observed.clone();
    let episodes = observed.workflows.episodes.values_mut();
    for Episode { end, steps, .. } in episodes.flat_map(BTreeMap::values_mut) {
        if end.as_ref().is_some_and(|end| jump.from < end.at()) {
            *end = None;
        }
        steps.retain(|_, record| match record {
            // A person said so, whatever the clock does.
            StepRecord::Ended { end: StepEnd::Denied { .. } | StepEnd::Closed { .. }, .. } => true,
            StepRecord::Ended { at, .. } => *at <= jump.from,
            _ => true,
        });
    }
    observed
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{
        account::{Assignment, Entitlement},
        example::{at, hired, id, named, observed, policy, worker},
        id::Digest,
        review::{Item, Review, ReviewPolicy, Reviewed, Reviewer, Silence},
        value::ObjectRef,
        workflow::{Asked, Whom},
    };

    const JUMP: (&str, &str) = ("2026-06-01T12:00:00Z", "2026-06-10T12:00:00Z");

    fn jump() -> Jump {
        Jump { from: at(JUMP.0), to: at(JUMP.1) }
    }

    /// Ben was asked whether Ada still needs what she holds, and told so.
    fn asked(expires: &str) -> Review {
        let asked = Asked {
            expires: at(expires),
            stages: vec![[id("2")].into()],
            escalate: None,
            reason: String::new(),
            approved: Vec::new(),
            rounds: 1,
        };
        let item = Item {
            id: "1a2b3c4d".to_owned(),
            identity: id("1"),
            target: named("crm"),
            entitlement: sellers(),
            relation: String::new(),
            label: "sellers".to_owned(),
            given: String::new(),
            asked: Some(asked),
            since: Some(at("2026-05-01T00:00:00Z")),
            after: 0,
            told: [id("2")].into(),
            decision: None,
            before: Vec::new(),
            closed: None,
        };
        Review {
            name: named("access"),
            ordinal: 1,
            opened: at("2026-05-01T00:00:00Z"),
            silence: Silence::Revoke,
            items: vec![item],
            skipped: [].into(),
        }
    }

    fn sellers() -> ObjectRef {
        ObjectRef { object_type: "group".to_owned(), uid: "sellers".to_owned() }
    }

    #[test]
    fn what_nobody_answered_in_time_waits_when_only_the_clock_made_it_late() {
        let mut policy = policy();
        policy.steps.actors.insert("ben".to_owned(), "2".to_owned());
        policy.access.reviews.push(ReviewPolicy {
            name: named("access"),
            line: 60,
            of: Reviewed { targets: [named("crm")].into(), ..Reviewed::default() },
            every: SignedDuration::from_hours(365 * 24),
            from: None,
            who: vec![Reviewer::Whom(Whom::Key("2".to_owned()))],
            within: SignedDuration::from_hours(30 * 24),
            silence: Silence::Revoke,
            escalate: None,
            template: None,
        });
        let ben = worker("2", ("Ben", "Beispiel"), &[]);
        let assembled = hired(&policy, vec![worker("1", ("Ada", "Example"), &[]), ben]);
        let mut world = observed(&[("ada.example", Some("1"))]);
        let crm = world.targets.get_mut("crm").unwrap();
        crm.entitlements.push(Entitlement {
            reference: sellers(),
            name: "sellers".to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        });
        crm.assignments.push(Assignment {
            holder: crm.accounts[0].reference.clone(),
            entitlement: sellers(),
            relation: String::new(),
            direct: true,
        });
        let mut found = |expires: &str| {
            world.kept.reviews = vec![asked(expires)];
            let about = (&assembled, &world);
            clock_jump(&Plan::default(), &policy, about, (jump(), jump().to))
        };
        let finding = found("2026-06-03T00:00:00Z").unwrap();
        assert_eq!((finding.kind, finding.blocks.len()), (FindingKind::ClockJump, 0));
        assert_eq!(found("2026-06-01T00:00:00Z"), None, "it was late before");
        assert_eq!(found("2026-07-01T00:00:00Z"), None, "there is time");
    }

    #[test]
    fn what_people_said_of_a_step_since_the_clock_jumped_stays_said() {
        let after = at("2026-06-05T00:00:00Z");
        let ended = |at: Timestamp, end: StepEnd| StepRecord::Ended { at, end };
        let closed = StepEnd::Closed { by: "operator".to_owned(), reason: None };
        let steps = [
            (named("ask"), ended(after, StepEnd::Denied { by: id("2") })),
            (named("early"), ended(jump().from, StepEnd::Done)),
            (named("ticket"), ended(after, closed)),
            (named("wait"), ended(after, StepEnd::Done)),
        ];
        let episode = Episode {
            identity: id("1"),
            workflow: named("handover"),
            ordinal: 1,
            version: Digest::of("handover"),
            began: at("2026-05-01T00:00:00Z"),
            by: None,
            end: None,
            left: None,
            steps: steps.into(),
            tried: [].into(),
        };
        let mut world = observed(&[]);
        let of_ada = [(episode.workflow.clone(), episode)].into();
        world.workflows.episodes.insert(id("1"), of_ada);
        let world = before(&world, jump());
        let left = world.workflows.latest(id("1"), &named("handover")).unwrap().steps.keys();
        assert_eq!(left.map(ToString::to_string).collect::<Vec<_>>(), ["ask", "early", "ticket"]);
    }
}
