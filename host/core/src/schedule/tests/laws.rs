//! What holds of any queue, whatever its targets do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::time, tz::TimeZone};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::schedule::{Came, Days, Hours, NoWrites, Rate, Reason, Waiting};

const TARGETS: [&str; 3] = ["crm", "directory", "mail"];
const ROOM: u32 = 2;

/// What a target does with a call.
#[derive(Debug, Clone, Copy)]
enum Does {
    Takes,
    Refuses,
    RefusesUntil(u8),
    Silent,
    /// For good.
    Fails,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        6 => Just(Does::Takes),
        1 => Just(Does::Refuses),
        1 => (1_u8..100).prop_map(Does::RefusesUntil),
        1 => Just(Does::Silent),
        1 => Just(Does::Fails),
    ]
}

#[derive(Debug, Clone)]
struct Planned {
    who: u8,
    target: usize,
    event: usize,
    removes: bool,
    after: Vec<prop::sample::Index>,
}

fn planned() -> impl Strategy<Value = Planned> {
    let after = vec(any::<prop::sample::Index>(), 0..2);
    (0_u8..6, 0..TARGETS.len(), 0_usize..6, any::<bool>(), after).prop_map(
        |(who, target, event, removes, after)| Planned { who, target, event, removes, after },
    )
}

fn operations(planned: &[Planned]) -> Vec<Operation> {
    use Event::{Drift, Eject, Joiner, Leaver, Mover, Rehire};
    let events = [Joiner, Mover, Leaver, Eject, Drift, Rehire];
    let numbered = (0..).zip(planned);
    numbered
        .map(|(id, planned)| {
            let Planned { who, target, event, removes, after } = planned;
            let (who, target, event) = (who.to_string(), TARGETS[*target], events[*event]);
            let made = if *removes { disable } else { operation };
            let before = usize::try_from(id).unwrap();
            let after = after.iter().filter(|_| before > 0).map(|it| it.index(before));
            let after = after.map(|it| OperationId(u32::try_from(it).unwrap())).collect();
            Operation { after, ..made(id, &who, target, event) }
        })
        .collect()
}

/// One target has a rate, one has hours, one has neither.
fn paces(calls: u32, from: i8) -> Paces {
    let hours = Hours { days: Days::ALL, from: time(from, 0, 0, 0), until: time(9, 30, 0, 0) };
    let no_writes =
        NoWrites { hours: vec![hours], timezone: TimeZone::UTC, losing_access_waits: false };
    Paces::of([
        ("crm", Pacing { rate: Some(Rate { calls, per: PER }), no_writes: None }),
        ("directory", Pacing { rate: None, no_writes: Some(no_writes) }),
        ("mail", Pacing::default()),
    ])
}

const PER: SignedDuration = SignedDuration::from_secs(20);

/// What was seen of a whole run.
#[derive(Default)]
struct Seen {
    begun: BTreeMap<&'static str, Vec<Timestamp>>,
    ended: BTreeSet<OperationId>,
}

/// A call under way.
struct Flight {
    turn: Option<(ConnectorName, Turn)>,
    does: Does,
    attempt: u32,
}

/// Plays a run to its end, and holds the laws at every step of it.
fn play(
    operations: &[Operation],
    does: &[Does],
    (calls, from): (u32, i8),
) -> Result<Seen, TestCaseError> {
    let mut queue = queue(operations.to_vec());
    let mut paces = paces(calls, from);
    let mut seen = Seen::default();
    let mut flying: BTreeMap<(Timestamp, OperationId), Flight> = BTreeMap::new();
    let mut now = at(0);
    for step in 0..20_000 {
        prop_assert!(step < 19_999, "it never ends");
        let waiting = queue.waiting(now, &paces);
        match queue.next(now, |_| ROOM, &mut paces) {
            Next::Begin { operation, attempt, turn } => {
                let ways = || flying.keys().map(|(_, id)| &operations[id.0 as usize]);
                let site = |it: &Operation| (it.identity, it.target.clone());
                prop_assert!(ways().all(|it| site(it) != site(&operation)), "two for one account");
                let here = ways().filter(|it| it.target == operation.target).count();
                prop_assert!(here < ROOM as usize, "more at once than there is room");
                let busy: BTreeSet<_> = ways().map(site).collect();
                let free = |it: &Waiting| !busy.contains(&site(&it.operation));
                first_come(&operation, &waiting, free)?;
                let name = TARGETS.into_iter().find(|it| operation.target.as_str() == *it);
                seen.begun.entry(name.unwrap()).or_default().push(now);
                let does = does[(operation.id.0 as usize + attempt as usize) % does.len()];
                let takes = millis(50 + i64::from(operation.id.0 % 7) * 30);
                flying.insert((now + takes, operation.id), Flight { turn, does, attempt });
            }
            next => {
                every_wait_has_a_reason(&queue, &paces, now)?;
                let until = match next {
                    Next::Until(until) => Some(until),
                    _ => None,
                };
                let ends = flying.keys().next().map(|(at, _)| *at);
                let Some(then) = until.into_iter().chain(ends).min() else { break };
                prop_assert!(then > now || ends == Some(now), "it waits for what is now");
                now = now.max(then);
                let over: Vec<_> =
                    flying.keys().take_while(|(at, _)| *at <= now).copied().collect();
                for key in over {
                    let flight = flying.remove(&key).unwrap();
                    end((&mut queue, &mut paces, &mut seen), key.1, flight, now);
                }
            }
        }
    }
    prop_assert!(queue.is_done());
    Ok(seen)
}

fn end(
    (queue, paces, seen): (&mut Queue, &mut Paces, &mut Seen),
    id: OperationId,
    Flight { turn, does, attempt }: Flight,
    now: Timestamp,
) {
    let came = match does {
        Does::Takes | Does::Fails => Came::Answer,
        Does::Refuses => Came::Refused(None),
        Does::RefusesUntil(s) => Came::Refused(Some(SignedDuration::from_secs(s.into()))),
        Does::Silent => Came::Silence,
    };
    if let Some((target, turn)) = turn {
        paces.0.get_mut(&target).unwrap().left(turn, came, now);
    }
    match does {
        Does::Takes => {
            queue.succeeded(id);
            seen.ended.insert(id);
        }
        Does::Fails => {
            seen.ended.extend(queue.failed(id).iter().map(|it| it.id).chain([id]));
        }
        _ if attempt >= 5 => {
            seen.ended.extend(queue.failed(id).iter().map(|it| it.id).chain([id]));
        }
        _ => queue.again(id, now + SignedDuration::from_secs(1 << attempt)),
    }
}

/// Nothing more urgent could have begun at that target.
fn first_come(
    begun: &Operation,
    waiting: &[Waiting],
    free: impl Fn(&Waiting) -> bool,
) -> Result<(), TestCaseError> {
    let class = Class::of(begun);
    let urgent = || waiting.iter().filter(|it| Class::of(&it.operation) < class);
    // What something more urgent waits for is as urgent.
    if urgent().any(|it| matches!(it.reason, Reason::After(_))) {
        return Ok(());
    }
    let first = urgent()
        .find(|it| it.operation.target == begun.target && it.reason == Reason::Turn && free(it));
    prop_assert!(first.is_none(), "{} begins before {first:?}", begun.id);
    Ok(())
}

fn every_wait_has_a_reason(
    queue: &Queue,
    paces: &Paces,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    for waiting in queue.waiting(now, paces) {
        match waiting.reason {
            Reason::After(other) => prop_assert_ne!(other, waiting.operation.id),
            Reason::Again(at) => prop_assert!(at > now),
            Reason::Shut(shut) => prop_assert!(shut.until > now),
            // There is no room, or its account is busy: something is under way.
            Reason::Turn => {}
        }
        prop_assert!(!waiting.because().is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_run_ends_in_order_and_within_every_bound(
        planned in vec(planned(), 1..40),
        does in vec(does(), 1..12),
        calls in 1_u32..12,
        from in 0_i8..9,
    ) {
        let operations = operations(&planned);
        let seen = play(&operations, &does, (calls, from))?;
        prop_assert_eq!(seen.ended.len(), operations.len());
        let begun = seen.begun.get("crm").cloned().unwrap_or_default();
        let most = usize::try_from(calls).unwrap();
        for (first, later) in begun.iter().zip(begun.iter().skip(most)) {
            prop_assert!(later.duration_since(*first) >= PER, "{first} {later}");
        }
    }
}
