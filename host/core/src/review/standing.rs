//! How far reviews are.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Item, Review, held::Holdings, silence::heard};
use crate::{id::ReviewName, identity::Assembled, observed::Observed, policy::Policy};

/// What is open of the latest review of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReview {
    pub name: ReviewName,
    pub ordinal: u32,
    /// Grants that are held, and about which people are still asked.
    pub waiting: usize,
    /// When the first of those has to be answered.
    pub until: Option<Timestamp>,
    /// Grants that are held, about which nobody was asked, or nobody who could
    /// have answered in time.
    pub overdue: usize,
}

/// Reviews in which something is not answered, as of now.
pub fn open_reviews(
    policy: &Policy,
    assembled: &Assembled,
    observed: &Observed,
    now: Timestamp,
) -> Vec<OpenReview> {
    let known = heard(policy, assembled, observed, now);
    let holdings = Holdings::of(observed);
    let mut latest: BTreeMap<&ReviewName, &Review> = BTreeMap::new();
    for review in &known {
        let before = latest.insert(&review.name, review);
        if let Some(before) = before.filter(|it| it.ordinal > review.ordinal) {
            latest.insert(&review.name, before);
        }
    }
    let open = latest.into_values().filter_map(|review| {
        // What was not read is taken for held.
        let held = |it: &&Item| holdings.tell(observed, it.identity, &it.key()) != Some(false);
        let items = review.items.iter().filter(|it| it.is_open()).filter(held);
        let (waiting, overdue): (Vec<&Item>, Vec<&Item>) =
            items.partition(|it| it.asked.as_ref().is_some_and(|asked| now < asked.expires));
        let until = waiting.iter().filter_map(|it| Some(it.asked.as_ref()?.expires)).min();
        let (name, ordinal) = (review.name.clone(), review.ordinal);
        let (waiting, overdue) = (waiting.len(), overdue.len());
        (waiting + overdue > 0).then_some(OpenReview { name, ordinal, waiting, until, overdue })
    });
    open.collect()
}
