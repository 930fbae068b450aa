//! An episode, as a look finds it.

use std::collections::BTreeMap;

use crate::{
    id::StepName,
    workflow::{Decided, Episode},
};

/// An episode after this look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeNow {
    /// As it is to be recorded.
    pub episode: Episode,
    /// Whether it is recorded otherwise.
    pub changed: bool,
    /// What is decided by this look, in sentences, and becomes so when the
    /// plan is applied.  Without any, a change is what was seen: a wait that
    /// is over, an account that is closed.
    pub news: Vec<String>,
    /// What of it is so because of this look.
    pub decided: Decided,
    /// What is waited for, step by step.
    pub waits: BTreeMap<StepName, String>,
}

impl EpisodeNow {
    /// Something was seen, and nothing is decided.
    pub(super) fn seen(episode: Episode) -> Self {
        let (news, decided, waits) = (Vec::new(), Decided::default(), BTreeMap::new());
        Self { episode, changed: true, news, decided, waits }
    }
}
