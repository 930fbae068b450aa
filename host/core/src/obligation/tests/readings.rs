//! Whatever is read, and in whichever order.

use proptest::prelude::*;

use super::{checked::checked, *};

/// What one look finds: whether each target is read, what it shows, and
/// whether Ada has left by then.
#[derive(Debug, Clone)]
struct Round {
    unread: [bool; 2],
    states: [AccountState; 2],
    left: bool,
    minutes: i64,
}

fn round() -> impl Strategy<Value = Round> {
    let state = || {
        prop_oneof![
            Just(AccountState::Active),
            Just(AccountState::Disabled),
            Just(AccountState::Unknown),
            Just(AccountState::SoftDeleted),
            Just(AccountState::Locked),
        ]
    };
    let unread = [prop::bool::weighted(0.3), prop::bool::weighted(0.3)];
    (unread, [state(), state()], prop::bool::weighted(0.8), 1..5000_i64)
        .prop_map(|(unread, states, left, minutes)| Round { unread, states, left, minutes })
}

const BOTH: [&str; 2] = ["crm", "directory"];

fn play(firm: &mut Firm, round: &Round) -> Vec<Changed> {
    firm.now += SignedDuration::from_mins(round.minutes);
    firm.left = round.left;
    firm.unread.clear();
    for (target, unread) in BOTH.into_iter().zip(round.unread) {
        if unread {
            firm.unread.insert(named(target), "connection refused".to_owned());
        }
    }
    for (target, state) in BOTH.into_iter().zip(round.states) {
        if !firm.unread.contains_key(target) {
            firm.shows(target, state);
        }
    }
    firm.look()
}

proptest! {
    #[test]
    fn none_closes_but_by_what_shows_it_or_because_it_is_due_no_more(
        rounds in prop::collection::vec(round(), 1..12),
        is_checked: bool,
    ) {
        let mut firm = if is_checked { checked() } else { Firm::new() };
        for round in &rounds {
            for Changed { obligation, turn } in play(&mut firm, round) {
                prop_assert_eq!(turn == Some(Turn::Closed), !obligation.is_open());
                let Some(Closed { at, by }) = &obligation.closed else { continue };
                prop_assert_eq!(*at, firm.now);
                let target = &obligation.place.target;
                match by {
                    ClosedBy::Read { at } => {
                        prop_assert!(firm.policy.targets[target].checked_by.is_none());
                        let there = &firm.observed.targets[target];
                        prop_assert_eq!(*at, there.read_at);
                        prop_assert!(!firm.unread.contains_key(target));
                        prop_assert_eq!(shows(&obligation.place, there), Shows::Lost);
                    }
                    ClosedBy::Check { by, .. } => {
                        prop_assert!(!firm.unread.contains_key(by));
                        let there = &firm.observed.targets[by];
                        let shown = check_shows(&obligation.place, (&obligation.name, None), CheckBy::Login, there);
                        prop_assert_eq!(shown, Shows::Lost);
                    }
                    ClosedBy::Over { .. } => {
                        prop_assert!(!firm.due().contains_key(&obligation.place));
                    }
                    ClosedBy::Person { .. } | ClosedBy::Word => {
                        prop_assert!(false, "nobody said anything");
                    }
                }
            }
        }
    }

    #[test]
    fn p6_whoever_left_is_shown_closed_or_it_is_open_that_they_are_not(
        rounds in prop::collection::vec(round(), 1..12),
    ) {
        let mut firm = Firm::new();
        for round in &rounds {
            play(&mut firm, round);
            if !round.left {
                continue;
            }
            for link in &firm.observed.links {
                let place = Place {
                    target: link.target.clone(),
                    account: link.account.clone(),
                    loss: Loss::Disabled,
                };
                let there = &firm.observed.targets[&link.target];
                let closed = shows(&place, there) == Shows::Lost;
                let open = firm.kept.iter().any(|it| it.place == place && it.is_open());
                prop_assert!(closed || open, "{place:?}");
            }
        }
    }

    #[test]
    fn whatever_was_read_before_the_same_reading_leaves_the_same_open(
        rounds in prop::collection::vec(round(), 0..8),
        other in prop::collection::vec(round(), 0..8),
        last in round(),
        is_checked: bool,
    ) {
        let last = Round { unread: [false; 2], ..last };
        let played = |rounds: &[Round]| {
            let mut firm = if is_checked { checked() } else { Firm::new() };
            for round in rounds {
                play(&mut firm, round);
            }
            firm.now = at("2027-06-01T12:00:00Z");
            play(&mut firm, &last);
            let open = firm.kept.iter().filter(|it| it.is_open());
            open.filter(|it| it.place.loss == Loss::Disabled)
                .map(|it| it.place.clone())
                .collect::<BTreeSet<_>>()
        };
        // Of a state that no reading tells, what was known before decides.
        let told = !last.states.contains(&AccountState::Unknown);
        if told {
            prop_assert_eq!(played(&rounds), played(&other));
        }
    }
}
