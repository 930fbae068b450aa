//! How long losing access took.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use super::{ClosedBy, Obligation};
use crate::id::ConnectorName;

/// From when losses were due until they were closed, at one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spent {
    pub count: usize,
    /// In seconds, as all of these.
    pub p50: i64,
    pub p95: i64,
    pub max: i64,
    pub sum: i64,
}

/// By target, of what is closed; what was due no more took no time.
pub fn spent<'a>(
    obligations: impl IntoIterator<Item = &'a Obligation>,
) -> BTreeMap<ConnectorName, Spent> {
    let mut seconds: BTreeMap<ConnectorName, Vec<i64>> = BTreeMap::new();
    for it in obligations {
        let Some(closed) = &it.closed else { continue };
        if !matches!(closed.by, ClosedBy::Over { .. }) {
            let took = closed.at.duration_since(it.since).max(SignedDuration::ZERO);
            seconds.entry(it.place.target.clone()).or_default().push(took.as_secs());
        }
    }
    let of = |(target, mut all): (ConnectorName, Vec<i64>)| {
        all.sort_unstable();
        let max = *all.last()?;
        let sum = all.iter().fold(0_i64, |sum, it| sum.saturating_add(*it));
        let (p50, p95) = (rank(&all, 50)?, rank(&all, 95)?);
        Some((target, Spent { count: all.len(), p50, p95, max, sum }))
    };
    seconds.into_iter().filter_map(of).collect()
}

/// The smallest that so many percent are not above.
fn rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
