//! What somebody is signed in with: ended once for each departure, where
//! disabling does not.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

mod firm;

use std::collections::BTreeSet;

use firm::*;
use lanyard_core::{
    account::AccountState,
    desired::{Desired, DesiredAccount, Presence, WantedEnd, unwanted},
    guard::{AccessGuard, FindingKind, GuardSettings, Lately, blocked, guard},
    identity::Assembled,
    lifecycle::LifecycleState,
    observed::Observed,
    operation::{Cause, Change, CredentialVerb, Event, OperationKind},
    plan::{NoteKind, Plan, plan},
    policy::{Bound, Class, ClassLimits},
    schema::{Capabilities, CredentialAbility, DisableEffect},
};

fn made(desired: &Desired, observed: &Observed) -> Plan {
    plan(&File::new().settings(), desired, observed, now())
}

fn gone(account: DesiredAccount) -> Desired {
    wanting([person("ada", LifecycleState::Departed, [("crm", account)])])
}

fn kinds(plan: &Plan) -> Vec<OperationKind> {
    plan.operations.iter().map(|it| it.change.kind()).collect()
}

/// Ada has an account at a target that can do this and that by itself.
fn world(can: &[CredentialAbility], disabling: &[DisableEffect]) -> Observed {
    let mut observed = empty_world();
    ours(&mut observed, "ada", "crm", "c1", AccountState::Active);
    let object = there(&mut observed, "crm").schema.objects.first_mut().unwrap();
    object.capabilities.credential_abilities = can.iter().copied().collect();
    object.capabilities.disable_effects = disabling.iter().copied().collect();
    observed
}

/// As a look remembers it.
fn looked(observed: &mut Observed, desired: &Desired) {
    for link in unwanted(&Assembled::default(), desired, &observed.links, now()) {
        let known = observed.links.iter_mut().find(|it| it.account == link.account);
        *known.unwrap() = link;
    }
}

#[test]
fn what_a_leaver_is_signed_in_with_ends_beside_the_disabling_where_that_does_not_end_it() {
    use CredentialAbility::{EndSessions, RevokeAll};
    use DisableEffect::{EndsSessions, RevokesTokens};
    use OperationKind::{Disable, EndSessions as Ends, RevokeCredentials};
    let cases: [(&[CredentialAbility], &[DisableEffect], &[OperationKind]); 7] = [
        (&[], &[], &[Disable]),
        (&[RevokeAll], &[], &[Disable, RevokeCredentials]),
        (&[EndSessions], &[], &[Disable, Ends]),
        (&[EndSessions], &[EndsSessions], &[Disable]),
        (&[RevokeAll], &[EndsSessions], &[Disable, RevokeCredentials]),
        (&[EndSessions, RevokeAll], &[RevokesTokens], &[Disable, RevokeCredentials]),
        (&[RevokeAll], &[EndsSessions, RevokesTokens], &[Disable]),
    ];
    for (can, disabling, expected) in cases {
        let plan = made(&gone(closed(Presence::Disabled)), &world(can, disabling));
        assert_eq!(kinds(&plan), expected, "{can:?} {disabling:?}");
        for operation in &plan.operations {
            assert!(operation.after.is_empty(), "it waits for nothing");
            assert_eq!(operation.event, Event::Leaver);
            assert!(!operation.causes.is_empty());
        }
    }
}

#[test]
fn it_is_done_once_for_each_departure() {
    let leaves = gone(closed(Presence::Disabled));
    let mut observed = world(&[CredentialAbility::RevokeAll], &[]);
    looked(&mut observed, &leaves);
    let mut after = apply(&observed, &made(&leaves, &observed));
    assert!(made(&leaves, &after).is_empty());

    let back = present(content("ada", &[]));
    let back = wanting([person("ada", LifecycleState::Active, [("crm", back)])]);
    looked(&mut after, &back);
    let mut here = apply(&after, &made(&back, &after));
    assert!(made(&back, &here).is_empty());
    // That they left before was known earlier than that they leave now.
    here.links.iter_mut().for_each(|link| link.unwanted_since = Some(at("2026-03-02T00:00:00Z")));
    assert!(kinds(&made(&leaves, &here)).contains(&OperationKind::RevokeCredentials));
}

#[test]
fn one_that_was_not_done_is_planned_again_whatever_became_of_the_disabling() {
    let leaves = gone(closed(Presence::Disabled));
    let mut observed = world(&[CredentialAbility::RevokeAll], &[]);
    looked(&mut observed, &leaves);
    let plan = made(&leaves, &observed);
    let disabled = apply_if(&observed, &plan, |it| it.change.kind() == OperationKind::Disable);
    assert_eq!(kinds(&made(&leaves, &disabled)), [OperationKind::RevokeCredentials]);
    let revoked = apply_if(&observed, &plan, |it| it.change.kind() != OperationKind::Disable);
    // Until it is disabled, somebody may sign in again.
    let again = made(&leaves, &revoked);
    assert_eq!(kinds(&again), [OperationKind::Disable, OperationKind::RevokeCredentials]);
    // Of these the first comes through and the second does not.
    let mut half = apply_if(&revoked, &again, |it| it.change.kind() == OperationKind::Disable);
    half.links.iter_mut().for_each(|link| link.disabled_since = Some(later()));
    assert_eq!(kinds(&made(&leaves, &half)), [OperationKind::RevokeCredentials]);
}

fn later() -> jiff::Timestamp {
    at("2026-03-01T10:00:00Z")
}

#[test]
fn whoever_was_kept_for_a_while_or_opened_by_somebody_is_signed_out_when_closed() {
    let leaves = gone(closed(Presence::Disabled));
    let kept = gone(closed(Presence::Kept { until: later() }));
    let mut observed = world(&[CredentialAbility::RevokeAll], &[]);
    looked(&mut observed, &kept);
    assert!(made(&kept, &observed).is_empty());
    // A step signed them out meanwhile, and they signed in again.
    observed.links[0].ended.credentials = Some(now());
    let plan = made(&leaves, &observed);
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::RevokeCredentials]);
    // Somebody opens what was closed.
    let mut after = apply(&observed, &plan);
    assert!(made(&leaves, &after).is_empty());
    there(&mut after, "crm").accounts[0].state = AccountState::Active;
    let plan = made(&leaves, &after);
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::RevokeCredentials]);
}

#[test]
fn whoever_is_disabled_without_having_left_is_signed_out_as_well() {
    let mut away = present(content("ada", &[]));
    if let Presence::Present { enabled, .. } = &mut away.presence {
        *enabled = false;
    }
    let away = wanting([person("ada", LifecycleState::OnLeave, [("crm", away)])]);
    let observed = world(&[CredentialAbility::RevokeAll], &[]);
    let plan = made(&away, &observed);
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::RevokeCredentials]);
    assert!(made(&away, &apply(&observed, &plan)).is_empty());
    let half = apply_if(&observed, &plan, |it| it.change.kind() == OperationKind::Disable);
    assert_eq!(kinds(&made(&away, &half)), [OperationKind::RevokeCredentials]);
}

#[test]
fn whoever_is_found_to_have_left_after_they_were_signed_out_is_not_signed_out_again() {
    let leaves = gone(closed(Presence::Disabled));
    let observed = world(&[CredentialAbility::RevokeAll], &[]);
    // Nobody wrote down that they had left: their source was in doubt, until
    // a person released it.
    let mut after = apply(&observed, &made(&leaves, &observed));
    after.links[0].unwanted_since = Some(later());
    assert!(made(&leaves, &after).is_empty());
    // Of one that we did not disable it is known only that it is wanted no more.
    after.links[0].disabled_since = None;
    assert_eq!(kinds(&made(&leaves, &after)), [OperationKind::RevokeCredentials]);
}

#[test]
fn whoever_used_an_account_after_they_were_signed_out_is_signed_out_again() {
    let leaves = gone(closed(Presence::Disabled));
    let observed = world(&[CredentialAbility::RevokeAll], &[]);
    let mut after = apply(&observed, &made(&leaves, &observed));
    after.links[0].ended.credentials = Some(at("2026-02-28T00:00:00Z"));
    after.links[0].disabled_since = after.links[0].ended.credentials;
    let cases = [
        (None, false),
        (Some("2026-02-27T23:59:59Z"), false),
        (Some("2026-02-28T00:00:00Z"), false),
        (Some("2026-02-28T00:00:01Z"), true),
        // The clock there goes wrong.
        (Some("2036-01-01T00:00:00Z"), false),
    ];
    for (used, again) in cases {
        there(&mut after, "crm").accounts[0].last_used = used.map(at);
        let plan = made(&leaves, &after);
        assert_eq!(!plan.is_empty(), again, "{used:?}");
        assert!(made(&leaves, &apply(&after, &plan)).is_empty(), "once");
    }
}

#[test]
fn whoever_never_came_is_not_put_out_and_whoever_goes_wholly_is() {
    let can = [CredentialAbility::RevokeAll];
    let announced = closed(Presence::Disabled);
    let announced = wanting([person("ada", LifecycleState::Announced, [("crm", announced)])]);
    let plan = made(&announced, &world(&can, &[]));
    assert_eq!(kinds(&plan), [OperationKind::Disable, OperationKind::RevokeCredentials]);

    let mut never = world(&can, &[]);
    there(&mut never, "crm").accounts[0].state = AccountState::Disabled;
    never.links[0].was_enabled = false;
    never.links[0].disabled_since = Some(now());
    assert!(made(&gone(closed(Presence::Disabled)), &never).is_empty());

    let due = closed(Presence::Deleted { due: at("2026-02-01T00:00:00Z") });
    let plan = made(&gone(due), &world(&can, &[]));
    // Deleting may be held back or fail.
    let expected =
        [OperationKind::Disable, OperationKind::RevokeCredentials, OperationKind::Delete];
    assert_eq!(kinds(&plan), expected);
}

fn step(verb: CredentialVerb, since: Option<&str>) -> Desired {
    let mut desired = present(content("ada", &[]));
    desired.causes.clear();
    let mut desired = wanting([person("ada", LifecycleState::Active, [("crm", desired)])]);
    let cause = Cause::Step {
        workflow: "mover".parse().unwrap(),
        step: "out".parse().unwrap(),
        line: Some(3),
    };
    let targets = None;
    let end = WantedEnd { verb, targets, since: since.map(at), cause };
    desired.identities.values_mut().for_each(|person| person.ends.push(end.clone()));
    desired
}

#[test]
fn a_step_ends_sessions_once_and_what_cannot_is_told() {
    let wanted = step(CredentialVerb::EndSessions, Some("2026-02-01T00:00:00Z"));
    let can = world(&[CredentialAbility::EndSessions], &[]);
    let plan = made(&wanted, &can);
    assert_eq!(kinds(&plan), [OperationKind::EndSessions]);
    assert_eq!(plan.operations[0].event, Event::Mover);
    assert!(made(&wanted, &apply(&can, &plan)).is_empty());
    // What was ended before the step began does not count.
    let mut before = can.clone();
    before.links[0].ended.sessions = Some(at("2026-01-31T00:00:00Z"));
    assert_eq!(kinds(&made(&wanted, &before)), [OperationKind::EndSessions]);

    // What cannot end sessions alone revokes everything, which ends them.
    let all = world(&[CredentialAbility::RevokeAll], &[]);
    let plan = made(&wanted, &all);
    assert_eq!(kinds(&plan), [OperationKind::RevokeCredentials]);
    assert!(plan.notes.iter().any(|it| it.text.contains("cannot end sessions alone")));
    let after = made(&wanted, &apply(&all, &plan));
    assert!(after.is_empty() && after.notes.is_empty());

    let wanted = step(CredentialVerb::Revoke, Some("2026-02-01T00:00:00Z"));
    let plan = made(&wanted, &can);
    assert!(plan.is_empty());
    assert!(plan.notes.iter().any(|it| it.kind == NoteKind::Unable && it.text.contains("revoke")));
    let over = made(&step(CredentialVerb::EndSessions, None), &can);
    assert!(over.is_empty() && over.notes.is_empty(), "it has ended");
}

#[test]
fn whoever_is_not_disabled_by_a_limit_is_not_put_out_either() {
    let leaves = gone(closed(Presence::Disabled));
    let observed = world(&[CredentialAbility::RevokeAll], &[]);
    let plan = made(&leaves, &observed);
    let none = Bound { percent: None, floor: 0, max: Some(0) };
    let classes =
        ClassLimits { everywhere: [(Class::Disables, none)].into(), ..ClassLimits::default() };
    let limits = [
        GuardSettings { removals_percent: 0, removals_floor: 0, ..GuardSettings::default() },
        GuardSettings {
            removals_percent: 100,
            removals_floor: 100,
            access: AccessGuard { classes: Some(&classes), ..AccessGuard::default() },
            ..GuardSettings::default()
        },
    ];
    for (settings, kind) in limits.iter().zip([FindingKind::MassRemoval, FindingKind::MassDisable])
    {
        let findings = guard(settings, &plan, &observed, &Lately::default(), &[]);
        assert_eq!(findings.iter().map(|it| it.kind).collect::<Vec<_>>(), [kind]);
        assert_eq!(blocked(&plan, &findings, &BTreeSet::new()).len(), plan.operations.len());
    }
}

#[test]
fn a_renamed_account_is_still_the_one_whose_sessions_end() {
    let change = Change::Credentials { account: user("c1"), verb: CredentialVerb::EndSessions };
    assert_eq!(change.about(&user("c2")).account(), Some(&user("c2")));
}

#[test]
fn what_a_leaver_needs_of_a_target_may_be_done_beside_the_disabling() {
    let effects = |can: &[CredentialAbility]| {
        let credential_abilities = can.iter().copied().collect();
        let capabilities = Capabilities { credential_abilities, ..Capabilities::default() };
        capabilities.leaver_effects().into_iter().map(DisableEffect::word).collect::<Vec<_>>()
    };
    assert_eq!(effects(&[CredentialAbility::SetPassword]), Vec::<&str>::new());
    assert_eq!(effects(&[CredentialAbility::EndSessions]), ["ends-sessions"]);
    assert_eq!(effects(&[CredentialAbility::RevokeAll]), ["ends-sessions", "revokes-tokens"]);
}
