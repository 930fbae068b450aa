use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    example::{at, id, named, noon},
    lifecycle::LifecycleState,
    workflow::{Agreed, PlannedStep},
};

fn day(number: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(24 * number)
}

fn state(state: LifecycleState) -> StateNow {
    StateNow::new(state, "so it is".to_owned())
}

fn role() -> Side {
    Side::Role(named("buyer"))
}

fn terms(needed: bool) -> Requestable {
    let approval = Approve {
        stages: vec![vec![]],
        expire: SignedDuration::from_hours(24 * 5),
        reason: None,
        escalate: None,
        template: None,
    };
    let longest = Some(SignedDuration::from_hours(24 * 90));
    let approval = needed.then_some(approval);
    Requestable::from([(role(), Terms { line: 1, longest, approval })])
}

fn by() -> RequestedBy {
    let (user, label) = ("bob".to_owned(), "Bob Example".to_owned());
    RequestedBy::Person { user, identity: Some(id("1002")), label }
}

fn wish(until: Option<Timestamp>) -> Wish {
    let reason = "a project".to_owned();
    Wish { identity: id("1001"), access: role(), from: None, until, reason }
}

fn ask(
    approval: bool,
    requests: &[Request],
    life: LifecycleState,
    until: Option<Timestamp>,
) -> Result<Request, RequestRefused> {
    let state = state(life);
    let beneficiary = Beneficiary { state: &state, holds: &[], start: Some(day(-10)), requests };
    request(&terms(approval), beneficiary, wish(until), by(), noon())
}

fn made(approval: bool) -> Request {
    ask(approval, &[], LifecycleState::Active, Some(day(30))).unwrap()
}

fn asked(request: &Request, stages: usize) -> Request {
    let question = crate::workflow::Question {
        stages: vec![[id("1003")].into(); stages],
        expire: SignedDuration::from_hours(24 * 5),
        escalate: None,
        reason: String::new(),
    };
    let ask = Effect::Ask { question, deliveries: Vec::new() };
    request.as_asked(&ask, noon()).unwrap()
}

fn agreed(request: Request, when: Timestamp) -> Request {
    let mut asked = request.asked.clone().unwrap();
    asked.approved.push(Agreed { at: when, by: id("1003") });
    request.answered((asked, false), "Grace Example".to_owned(), when)
}

fn ends(request: &Request, life: LifecycleState, start: i64, now: i64) -> Option<RequestEnd> {
    request.ends(&state(life), Some(day(start)), day(now)).map(|ended| ended.how)
}

#[test]
fn only_what_the_file_makes_requestable_is_asked_for_and_no_longer_than_it_says() {
    let active = LifecycleState::Active;
    let none = Requestable::new();
    let state = state(active);
    let beneficiary = Beneficiary { state: &state, holds: &[], start: None, requests: &[] };
    let refused = request(&none, beneficiary, wish(None), by(), noon());
    assert_eq!(refused, Err(RequestRefused::NotRequestable(role())));
    let longest = SignedDuration::from_hours(24 * 90);
    let access = role();
    let refused = RequestRefused::NoEnd { access: access.clone(), longest };
    assert_eq!(ask(false, &[], active, None), Err(refused));
    let refused = RequestRefused::TooLong { access, longest };
    assert_eq!(ask(false, &[], active, Some(day(91))), Err(refused));
    assert!(ask(false, &[], active, Some(day(90))).is_ok());
    assert_eq!(ask(false, &[], active, Some(day(0))), Err(RequestRefused::Empty));
}

#[test]
fn nothing_is_asked_for_twice_or_for_who_left_or_is_held() {
    let first = made(false);
    let again = ask(false, std::slice::from_ref(&first), LifecycleState::Active, Some(day(9)));
    assert_eq!(again, Err(RequestRefused::Twice(first.id.clone())));
    let over =
        Request { ended: Some(Ended { at: day(-1), how: RequestEnd::Over }), ..first.clone() };
    let again = ask(false, &[over], LifecycleState::Active, Some(day(9))).unwrap();
    assert_ne!(again.id, first.id);
    let gone = ask(false, &[], LifecycleState::Departed, Some(day(9)));
    assert_eq!(gone, Err(RequestRefused::Gone("so it is".to_owned())));
    let state = state(LifecycleState::Active);
    let holds = ["a rule fails".to_owned()];
    let held = Beneficiary { state: &state, holds: &holds, start: None, requests: &[] };
    let held = request(&terms(false), held, wish(Some(day(9))), by(), noon());
    assert_eq!(held, Err(RequestRefused::Held("a rule fails".to_owned())));
}

#[test]
fn it_gives_something_from_when_all_agreed_until_its_end() {
    let request = asked(&made(true), 2);
    assert!(!request.in_force(day(1)));
    let request = agreed(request, day(1));
    assert!(!request.in_force(day(1)));
    let request = agreed(request, day(2));
    assert!(request.in_force(day(2)));
    assert_eq!(ends(&request, LifecycleState::Active, -10, 29), None);
    assert_eq!(ends(&request, LifecycleState::Active, -10, 30), Some(RequestEnd::Over));
    assert_eq!(
        request.about(),
        "requested by Bob Example, approved by Grace Example and Grace Example, \
         until 2026-07-01T12:00:00Z"
    );
}

#[test]
fn no_answer_is_a_no_also_when_nobody_could_be_asked() {
    let unasked = made(true);
    for request in [asked(&unasked, 1), unasked] {
        assert_eq!(ends(&request, LifecycleState::Active, -10, 4), None);
        assert_eq!(ends(&request, LifecycleState::Active, -10, 5), Some(RequestEnd::Expired));
        assert_eq!(ends(&request, LifecycleState::Active, -10, 99), Some(RequestEnd::Expired));
    }
}

#[test]
fn p24_what_was_asked_for_ends_with_the_person_and_another_first_day_brings_it_not_back() {
    let given = made(false);
    assert!(given.in_force(day(1)));
    for life in [LifecycleState::Departed, LifecycleState::Cancelled, LifecycleState::Held] {
        assert_eq!(ends(&given, life, -10, 2), Some(RequestEnd::Left));
    }
    // They left and came back while nobody looked.
    assert_eq!(ends(&given, LifecycleState::Active, 5, 6), Some(RequestEnd::Left));
    assert_eq!(ends(&given, LifecycleState::OnLeave, -10, 6), None);
    // Somebody who has not begun, and begins later than they were to.
    let early = Request { start: Some(day(3)), ..given };
    assert_eq!(ends(&early, LifecycleState::Prehire, 8, 6), None);
}

/// What can happen to a request, in any order.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Agree,
    Deny,
    Look,
    Leave,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        Just(Happens::Agree),
        Just(Happens::Deny),
        Just(Happens::Look),
        Just(Happens::Leave),
    ]
}

proptest! {
    #[test]
    fn once_it_has_ended_nothing_gives_it_again(
        events in proptest::collection::vec((happens(), 0_i64..40), 1..12)
    ) {
        let mut events = events;
        events.sort_by_key(|(_, when)| *when);
        let mut request = asked(&made(true), 1);
        let mut over = false;
        let mut left = false;
        for (event, when) in events {
            let now = day(when);
            let life = if left { LifecycleState::Departed } else { LifecycleState::Active };
            let ended = request.ends(&state(life), Some(day(-10)), now);
            let answerable = request.is_unanswered()
                && request.asked.as_ref().is_some_and(|asked| now < asked.expires);
            match event {
                Happens::Leave => left = true,
                Happens::Agree if answerable => request = agreed(request, now),
                Happens::Deny if answerable => {
                    let asked = request.asked.clone().unwrap();
                    request = request.answered((asked, true), "Grace".to_owned(), now);
                }
                Happens::Look => request.ended = request.ended.or(ended),
                Happens::Agree | Happens::Deny => {}
            }
            let life = if left { LifecycleState::Departed } else { LifecycleState::Active };
            let gone = request.ends(&state(life), Some(day(-10)), now).is_some();
            let gives = request.in_force(now) && !gone;
            prop_assert!(!(over && gives), "{request:?} gives again");
            prop_assert!(!(left && gives), "{request:?} outlives the person");
            over |= gone || !request.is_open();
        }
    }

    /// Whether somebody looked in between says nothing about what is given.
    #[test]
    fn looking_changes_nothing_of_what_is_given(
        agreed_on in 0_i64..10, looked_on in 0_i64..10, now in 10_i64..60
    ) {
        let act = |look: bool| {
            let mut request = asked(&made(true), 1);
            let active = state(LifecycleState::Active);
            let mut moments = vec![(agreed_on, true)];
            if look {
                moments.push((looked_on, false));
            }
            moments.sort_unstable();
            for (when, agrees) in moments {
                let ended = request.ends(&active, Some(day(-10)), day(when));
                if agrees && request.is_unanswered() && ended.is_none() {
                    request = agreed(request, day(when));
                } else if !agrees {
                    request.ended = request.ended.or(ended);
                }
            }
            let ended = request.ends(&active, Some(day(-10)), day(now));
            request.ended = request.ended.or(ended);
            (request.in_force(day(now)), request.ended)
        };
        prop_assert_eq!(act(true), act(false));
    }
}

#[test]
fn a_step_asks_once_and_ends_what_it_names() {
    let effect = Effect::Request {
        access: role(),
        until: Some(SignedDuration::from_hours(24)),
        reason: String::new(),
        start: None,
    };
    let step = PlannedStep {
        identity: id("1001"),
        workflow: named("joiner"),
        ordinal: 1,
        step: named("ask"),
        attempt: 1,
        effect,
        causes: Vec::new(),
    };
    let made = by_step(&terms(false), (&step, None), &[], at("2026-06-01T00:00:00Z"));
    assert_eq!(made.len(), 1);
    assert_eq!(by_step(&terms(false), (&step, None), &made, noon()), []);
    let ended = Effect::EndRequests { requests: vec![made[0].id.clone()] };
    let step = PlannedStep { effect: ended, ..step };
    let over = by_step(&terms(false), (&step, None), &made, noon());
    assert!(!over[0].is_open());
    assert_eq!(by_step(&terms(false), (&step, None), &over, noon()), []);
}

#[test]
fn where_nobody_can_be_asked_it_is_told_what_comes_of_it_and_what_to_do() {
    let waits = made(true);
    let told = waits.unasked("nobody is their manager");
    let until = "nobody is their manager, and no answer until 2026-06-06T12:00:00Z is a no; ";
    assert!(told.starts_with(until), "{told}");
    assert!(told.ends_with(&format!("`lanyard request remove {}`", waits.id)), "{told}");
}
