//! Steps that ask for access, or end what was asked for.

use lanyard_core::{
    request::{Request, by_step},
    workflow::{PlannedStep, StepEnd, StepRecord},
};

use super::{Hand, LEFT};
use crate::{
    reconcile::{progress::StepTold, requests},
    store::{AuditEntry, StoreError},
};

impl Hand<'_> {
    /// What is asked for, or ended, is durable together with the step.
    pub(super) async fn request(&mut self, step: &PlannedStep) -> Result<(), StoreError> {
        let at = self.context.now();
        let known = self.context.store.kept().await?.requests;
        let known = known.get(&step.identity).map(Vec::as_slice).unwrap_or_default();
        let terms = &self.context.policy.access.requestable;
        let episode = self.episodes.get(&step.identity).and_then(|of| of.get(&step.workflow));
        let begun_by = episode.and_then(|episode| episode.by.clone());
        let by = (self.context.actor.as_str(), at);
        let requests =
            by_step(terms, (step, begun_by.as_deref()), known, at).into_iter().map(|request| {
                let result = if request.is_open() { "made" } else { "removed" };
                let entry = requests::entry(&request, result, by);
                (request, entry)
            });
        let requests: Vec<(Request, AuditEntry)> = requests.collect();
        let ended = StepRecord::Ended { at, end: StepEnd::Done };
        let Some(episode) = self.with(step, ended) else {
            self.skip(step, LEFT);
            return Ok(());
        };
        let entry = self.entry(step, "done");
        self.context.store.record_requests(&requests, Some(&(episode, entry))).await?;
        self.told(step, StepTold::Done);
        Ok(())
    }
}
