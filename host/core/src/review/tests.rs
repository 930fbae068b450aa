mod rounds;

use super::*;
use crate::example::{at, id};

fn decision(number: u64, by: Option<&str>, revoke: bool) -> Decision {
    Decision {
        // The clock of the first was years ahead.
        at: at(if number == 1 { "2031-01-01T00:00:00Z" } else { "2026-06-01T00:00:00Z" }),
        number,
        by: by.map(str::to_owned),
        by_id: None,
        revoke,
        reason: String::new(),
        requests: BTreeSet::new(),
        over: None,
    }
}

fn review(name: &str, relation: &str, decision: Decision) -> Review {
    let item = Item {
        id: name.to_owned(),
        identity: id("1001"),
        target: ConnectorName::new("crm").unwrap(),
        entitlement: ObjectRef { object_type: "group".to_owned(), uid: "g1".to_owned() },
        relation: relation.to_owned(),
        label: "admins".to_owned(),
        given: String::new(),
        asked: None,
        since: None,
        after: 0,
        told: BTreeSet::new(),
        decision: Some(decision),
        before: Vec::new(),
        closed: None,
    };
    Review {
        name: ReviewName::new(name).unwrap(),
        ordinal: 1,
        opened: at("2026-06-01T00:00:00Z"),
        silence: Silence::Keep,
        items: vec![item],
        skipped: BTreeSet::new(),
    }
}

fn taken(reviews: &[Review]) -> usize {
    excluded(reviews).values().map(BTreeMap::len).sum()
}

#[test]
fn that_nobody_said_anything_gives_nothing_back() {
    let revoked = review("first", "", decision(1, Some("Grace Example"), true));
    let silent = review("second", "", decision(2, None, false));
    assert_eq!(taken(&[revoked.clone(), silent]), 1);
    let kept = review("second", "", decision(2, Some("Dan Example"), false));
    assert_eq!(taken(&[revoked, kept]), 0);
}

#[test]
fn the_last_answer_counts_whatever_the_clock_said() {
    let kept = review("first", "", decision(1, Some("Grace Example"), false));
    let revoked = review("second", "", decision(2, Some("Dan Example"), true));
    assert_eq!(taken(&[kept.clone(), revoked.clone()]), 1);
    assert_eq!(taken(&[revoked, kept]), 1);
}

#[test]
fn what_is_over_takes_nothing_and_another_relation_is_another_grant() {
    let mut over = decision(2, Some("Dan Example"), true);
    over.over = Some(Over { at: at("2026-06-02T00:00:00Z"), how: OverBy::Gone });
    assert_eq!(taken(&[review("first", "", over)]), 0);
    let owner = review("first", "owner", decision(1, Some("Grace Example"), true));
    let member = review("first", "member", decision(2, Some("Grace Example"), false));
    assert_eq!(taken(&[owner, member]), 1);
}

#[test]
fn a_cancelled_review_gives_back_what_silence_took_and_nothing_else() {
    let mut silent = review("first", "", decision(1, None, true));
    assert_eq!(silent.cancel(at("2026-06-02T00:00:00Z")).len(), 1);
    assert_eq!(taken(&[silent.clone()]), 0);
    assert!(silent.cancel(at("2026-06-03T00:00:00Z")).is_empty());
    let mut said = review("first", "", decision(1, Some("Grace Example"), true));
    assert!(said.cancel(at("2026-06-02T00:00:00Z")).is_empty());
    assert_eq!(taken(&[said]), 1);
}

#[test]
fn each_relation_has_an_item_of_its_own() {
    let name = ReviewName::new("first").unwrap();
    let key = |relation: &str| review("first", relation, decision(1, None, false)).items[0].key();
    let item = |relation: &str| item_id(&name, 1, id("1001"), &key(relation));
    assert_ne!(item("owner"), item("member"));
    assert_eq!(item("owner"), item("owner"));
}

#[test]
fn an_answer_counts_in_place_of_the_one_before_and_opens_what_was_closed() {
    let mut review = review("first", "", decision(1, None, false));
    let kept = decision(2, Some("Grace Example"), false);
    let item = &mut review.items[0];
    item.decision = None;
    item.close(at("2026-06-02T00:00:00Z"), Why::Cancelled);
    item.decide(kept.clone());
    assert_eq!((item.decision.as_ref(), item.closed), (Some(&kept), None));
    assert_eq!(item.before, []);
    item.decide(decision(3, Some("Dan Example"), true));
    assert_eq!(item.before, [kept]);
    assert_eq!(taken(&[review]), 1);
}
