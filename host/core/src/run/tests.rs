use std::fmt::Write as _;

use super::*;
use crate::fault::FaultKind;

fn at() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn fault() -> Fault {
    Fault::new(FaultKind::Unavailable { retry_after_ms: None }, "the target is away")
}

fn states() -> Vec<OperationState> {
    vec![
        OperationState::Waiting,
        OperationState::Sent { attempt: 1 },
        OperationState::Uncertain { attempt: 1, fault: fault() },
        OperationState::RetryAt { attempt: 1, at: at(), fault: fault() },
        OperationState::Done { verification: Verification::Verified },
        OperationState::Parked { fault: fault() },
    ]
}

fn events() -> Vec<OperationEvent> {
    vec![
        OperationEvent::Intended { attempt: 1 },
        OperationEvent::Intended { attempt: 2 },
        OperationEvent::Answered { verification: Verification::Verified },
        OperationEvent::Refused { fault: fault(), retry_at: at() },
        OperationEvent::LostAnswer { fault: fault() },
        OperationEvent::FoundNotApplied { retry_at: at() },
        OperationEvent::GaveUp { fault: fault() },
    ]
}

#[test]
fn every_event_in_every_state() {
    let mut table = String::new();
    for state in states() {
        for event in events() {
            let attempt = match &event {
                OperationEvent::Intended { attempt } => format!(" {attempt}"),
                _ => String::new(),
            };
            let next = match state.next(&event) {
                Ok(next) => next.word().to_owned(),
                Err(refusal) => {
                    assert_eq!((refusal.state, refusal.event), (state.word(), event.word()));
                    continue;
                }
            };
            writeln!(table, "{}, {}{attempt}: {next}", state.word(), event.word()).unwrap();
        }
    }
    insta::assert_snapshot!(table, @r#"
    waiting, intended 1: sent
    waiting, given up: parked
    sent, answered: done
    sent, refused: to be retried
    sent, left without an answer: uncertain
    sent, given up: parked
    uncertain, answered: done
    uncertain, left without an answer: uncertain
    uncertain, found not applied: to be retried
    uncertain, given up: parked
    to be retried, intended 2: sent
    to be retried, left without an answer: uncertain
    to be retried, given up: parked
    "#);
}

#[test]
fn an_uncertain_create_is_never_sent_again_unseen() {
    let uncertain = OperationState::replay(&[
        OperationEvent::Intended { attempt: 1 },
        OperationEvent::LostAnswer { fault: fault() },
    ])
    .unwrap();
    let refusal = uncertain.next(&OperationEvent::Intended { attempt: 2 }).unwrap_err();
    assert_eq!(refusal.to_string(), "an operation that is uncertain cannot be intended");
    let looked = uncertain.next(&OperationEvent::FoundNotApplied { retry_at: at() }).unwrap();
    assert_eq!(
        looked.next(&OperationEvent::Intended { attempt: 2 }).unwrap(),
        OperationState::Sent { attempt: 2 }
    );
}

#[test]
fn nothing_happens_after_the_end() {
    for state in states().into_iter().filter(OperationState::is_final) {
        for event in events() {
            state.next(&event).unwrap_err();
        }
    }
}

#[test]
fn the_state_is_what_the_events_make_it() {
    let events = [
        OperationEvent::Intended { attempt: 1 },
        OperationEvent::Refused { fault: fault(), retry_at: at() },
        OperationEvent::Intended { attempt: 2 },
        OperationEvent::LostAnswer { fault: fault() },
        OperationEvent::Answered { verification: Verification::Verified },
    ];
    assert_eq!(
        OperationState::replay(&events).unwrap(),
        OperationState::Done { verification: Verification::Verified }
    );
    assert_eq!(OperationState::replay(&[]).unwrap(), OperationState::Waiting);
    OperationState::replay(events.iter().skip(1)).unwrap_err();
}
