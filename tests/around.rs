//! A store with somebody beside it who sees every change before and after.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard::store::{
    Answer, AuditEntry, AuditFilter, AuditRow, AuditTail, ErasedRows, Erasure, Intent,
    KeptObligation, MarkResult, NewRun, RunId, RunRecord, SourceRead, Store, StoreError,
    StoredPlan, Unsettled,
};
use lanyard_core::{
    approval::PlanApproval,
    case::{Case, CaseDecision, KeptCase, reopen::Reopened},
    fact::Identity,
    forgetting::{AccountKey, Anew, Forgotten, Proof, StillErased},
    guard::Lately,
    history::PastFact,
    id::{ConnectorName, Digest, IdentityId, OperationId},
    lifecycle::{Absence, ClockMarks, Ejection, Kept, LegalHold, Undone},
    obligation::{Closed, Obligation},
    observed::{Declined, HeldName, Link, ObservedTarget, OwnedGrant},
    request::Request,
    review::Review,
    run::OperationState,
    schedule::Halt,
    union::{Merged, Rearranged},
    value::ObjectRef,
    workflow::{Definition, Episode, OwnFact, Remembered},
};

/// Told `before` or `after` and the method, with dashes; an error is what
/// the store answers.
pub type Beside = dyn Fn(&str, &str) -> Result<(), StoreError> + Send + Sync;

pub struct Around {
    pub inner: Arc<dyn Store>,
    pub beside: Box<Beside>,
}

impl Around {
    async fn around<T>(
        &self,
        method: &str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        (self.beside)("before", method)?;
        let done = call.await?;
        (self.beside)("after", method)?;
        Ok(done)
    }
}

#[async_trait]
impl Store for Around {
    async fn identities(&self) -> Result<Vec<Identity>, StoreError> {
        self.inner.identities().await
    }

    async fn source_reads(&self) -> Result<BTreeMap<ConnectorName, SourceRead>, StoreError> {
        self.inner.source_reads().await
    }

    async fn record_identities(
        &self,
        identities: &[Identity],
        reads: &BTreeMap<ConnectorName, SourceRead>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.around("record-identities", self.inner.record_identities(identities, reads, at)).await
    }

    async fn links(&self) -> Result<Vec<Link>, StoreError> {
        self.inner.links().await
    }

    async fn ledger(&self) -> Result<BTreeSet<OwnedGrant>, StoreError> {
        self.inner.ledger().await
    }

    async fn record_observation(
        &self,
        target: &ConnectorName,
        observed: &ObservedTarget,
    ) -> Result<(), StoreError> {
        self.around("record-observation", self.inner.record_observation(target, observed)).await
    }

    async fn record_unwanted(&self, links: &[Link]) -> Result<(), StoreError> {
        self.around("record-unwanted", self.inner.record_unwanted(links)).await
    }

    async fn observations(&self) -> Result<BTreeMap<ConnectorName, ObservedTarget>, StoreError> {
        self.inner.observations().await
    }

    async fn adopt(&self, link: &Link, audit: &AuditEntry) -> Result<(), StoreError> {
        self.inner.adopt(link, audit).await
    }

    async fn decline(&self, declined: &Declined, audit: &AuditEntry) -> Result<(), StoreError> {
        self.inner.decline(declined, audit).await
    }

    async fn declined(&self) -> Result<BTreeSet<Declined>, StoreError> {
        self.inner.declined().await
    }

    async fn release(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.inner.release(target, account, audit).await
    }

    async fn names(&self) -> Result<BTreeMap<ConnectorName, Vec<HeldName>>, StoreError> {
        self.inner.names().await
    }

    async fn claim(&self, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), StoreError> {
        self.around("claim", self.inner.claim(claims)).await
    }

    async fn workflows(&self) -> Result<Remembered, StoreError> {
        self.inner.workflows().await
    }

    async fn definitions(&self) -> Result<Vec<Definition>, StoreError> {
        self.inner.definitions().await
    }

    async fn know_workflows(
        &self,
        definitions: &[Definition],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.around("know-workflows", self.inner.know_workflows(definitions, at)).await
    }

    async fn record_episodes(
        &self,
        episodes: &[(Episode, Option<AuditEntry>)],
    ) -> Result<(), StoreError> {
        self.around("record-episodes", self.inner.record_episodes(episodes)).await
    }

    async fn save_plan(&self, plan: &StoredPlan) -> Result<(), StoreError> {
        self.around("save-plan", self.inner.save_plan(plan)).await
    }

    async fn plan(&self, digest: &str) -> Result<Option<StoredPlan>, StoreError> {
        self.inner.plan(digest).await
    }

    async fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        self.around("begin-run", self.inner.begin_run(run)).await
    }

    async fn end_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.around("end-run", self.inner.end_run(run, at)).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.inner.runs().await
    }

    async fn intend(&self, intent: &Intent) -> Result<(), StoreError> {
        self.around("intend", self.inner.intend(intent)).await
    }

    async fn answer(&self, answer: &Answer) -> Result<(), StoreError> {
        self.around("answer", self.inner.answer(answer)).await
    }

    async fn mark(
        &self,
        key: &str,
        epoch: u64,
        step: &str,
        data: &str,
    ) -> Result<MarkResult, StoreError> {
        self.around("mark", self.inner.mark(key, epoch, step, data)).await
    }

    async fn recall(&self, key: &str, step: &str) -> Result<Option<String>, StoreError> {
        self.inner.recall(key, step).await
    }

    async fn unsettled(&self, current: Option<RunId>) -> Result<Vec<Unsettled>, StoreError> {
        self.inner.unsettled(current).await
    }

    async fn done_since(&self, since: Timestamp) -> Result<Lately, StoreError> {
        self.inner.done_since(since).await
    }

    async fn operation_states(
        &self,
        run: RunId,
    ) -> Result<BTreeMap<OperationId, OperationState>, StoreError> {
        self.inner.operation_states(run).await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        self.inner.audit(filter).await
    }

    async fn kept(&self) -> Result<Kept, StoreError> {
        self.inner.kept().await
    }

    async fn eject(&self, ejection: &Ejection, audit: &AuditEntry) -> Result<(), StoreError> {
        self.around("eject", self.inner.eject(ejection, audit)).await
    }

    async fn undo_ejection(
        &self,
        identity: IdentityId,
        undone: &Undone,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        self.around("undo-ejection", self.inner.undo_ejection(identity, undone, audit)).await
    }

    async fn hold(&self, hold: &LegalHold, audit: &[AuditEntry]) -> Result<(), StoreError> {
        self.around("hold", self.inner.hold(hold, audit)).await
    }

    async fn release_hold(
        &self,
        name: &str,
        at: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        self.around("release-hold", self.inner.release_hold(name, at, audit)).await
    }

    async fn record_overlaps(
        &self,
        overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>,
    ) -> Result<(), StoreError> {
        self.around("record-overlaps", self.inner.record_overlaps(overlaps)).await
    }

    async fn record_absences(
        &self,
        absences: &BTreeMap<IdentityId, Option<Absence>>,
    ) -> Result<(), StoreError> {
        self.around("record-absences", self.inner.record_absences(absences)).await
    }

    async fn mark_clock(&self, marks: ClockMarks) -> Result<(), StoreError> {
        self.around("mark-clock", self.inner.mark_clock(marks)).await
    }

    async fn own_facts(&self) -> Result<Vec<OwnFact>, StoreError> {
        self.inner.own_facts().await
    }

    async fn set_fact(
        &self,
        own: &OwnFact,
        episode: &Episode,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.around("set-fact", self.inner.set_fact(own, episode, entry)).await
    }

    async fn record_requests(
        &self,
        requests: &[(Request, AuditEntry)],
        step: Option<&(Episode, AuditEntry)>,
    ) -> Result<(), StoreError> {
        self.around("record-requests", self.inner.record_requests(requests, step)).await
    }

    async fn cases(&self) -> Result<Vec<KeptCase>, StoreError> {
        self.inner.cases().await
    }

    async fn record_cases(
        &self,
        found: &[Case],
        closed: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.around("record-cases", self.inner.record_cases(found, closed, at)).await
    }

    async fn decide_case(
        &self,
        id: &str,
        decision: &CaseDecision,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.around("decide-case", self.inner.decide_case(id, decision, audit)).await
    }

    async fn reopen_case(
        &self,
        id: &str,
        reopened: &Reopened,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.around("reopen-case", self.inner.reopen_case(id, reopened, audit)).await
    }

    async fn merged(&self) -> Result<Vec<Merged>, StoreError> {
        self.inner.merged().await
    }

    async fn rearrange(
        &self,
        rearranged: &Rearranged,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        self.around("rearrange", self.inner.rearrange(rearranged, audit)).await
    }

    async fn reopen_account(
        &self,
        identity: IdentityId,
        target: &ConnectorName,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.around("reopen-account", self.inner.reopen_account(identity, target, audit)).await
    }

    async fn past_facts(&self, identity: IdentityId) -> Result<Vec<PastFact>, StoreError> {
        self.inner.past_facts(identity).await
    }

    async fn forgotten(&self) -> Result<Forgotten, StoreError> {
        self.inner.forgotten().await
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError> {
        self.around("erase", self.inner.erase(erasure, audit)).await
    }

    async fn would_erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError> {
        self.inner.would_erase(erasure, audit).await
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.around("sweep", self.inner.sweep()).await
    }

    async fn plan_approvals(&self) -> Result<Vec<PlanApproval>, StoreError> {
        self.inner.plan_approvals().await
    }

    async fn record_plan_approvals(
        &self,
        approvals: &[(PlanApproval, AuditEntry)],
    ) -> Result<(), StoreError> {
        self.around("record-plan-approvals", self.inner.record_plan_approvals(approvals)).await
    }

    async fn record_reviews(
        &self,
        reviews: &[(Review, Vec<AuditEntry>)],
    ) -> Result<(), StoreError> {
        self.around("record-reviews", self.inner.record_reviews(reviews)).await
    }

    async fn begin_anew(&self, begun: &[Anew], audit: &[AuditEntry]) -> Result<(), StoreError> {
        self.around("begin-anew", self.inner.begin_anew(begun, audit)).await
    }

    async fn password_set(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.around("password-set", self.inner.password_set(target, account, at)).await
    }

    async fn gone(&self) -> Result<BTreeMap<AccountKey, Proof>, StoreError> {
        self.inner.gone().await
    }

    async fn record_gone(
        &self,
        changed: &BTreeMap<AccountKey, Option<Proof>>,
    ) -> Result<(), StoreError> {
        self.around("record-gone", self.inner.record_gone(changed)).await
    }

    async fn decide_still_erased(
        &self,
        case: &str,
        still: &StillErased,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        self.around("decide-still-erased", self.inner.decide_still_erased(case, still, audit)).await
    }

    async fn reopen_still_erased(&self, case: &str, audit: &AuditEntry) -> Result<(), StoreError> {
        self.around("reopen-still-erased", self.inner.reopen_still_erased(case, audit)).await
    }

    async fn free_names(&self, names: &[(ConnectorName, Digest)]) -> Result<(), StoreError> {
        self.around("free-names", self.inner.free_names(names)).await
    }

    async fn halted(&self) -> Result<Option<Halt>, StoreError> {
        self.around("halted", self.inner.halted()).await
    }

    async fn halt(&self, halt: &Halt, audit: &AuditEntry) -> Result<bool, StoreError> {
        self.around("halt", self.inner.halt(halt, audit)).await
    }

    async fn resume(&self, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError> {
        self.around("resume", self.inner.resume(at, audit)).await
    }

    async fn obligations(&self, all: bool) -> Result<Vec<KeptObligation>, StoreError> {
        self.inner.obligations(all).await
    }

    async fn record_obligations(
        &self,
        changed: &[(Obligation, Option<AuditEntry>)],
    ) -> Result<(), StoreError> {
        self.around("record-obligations", self.inner.record_obligations(changed)).await
    }

    async fn close_obligation(
        &self,
        number: i64,
        closed: &Closed,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        self.around("close-obligation", self.inner.close_obligation(number, closed, audit)).await
    }

    async fn record_receipt(&self, audit: &AuditEntry) -> Result<(), StoreError> {
        self.around("record-receipt", self.inner.record_receipt(audit)).await
    }

    async fn audit_tail(&self, after: u64, most: u64) -> Result<AuditTail, StoreError> {
        self.inner.audit_tail(after, most).await
    }
}
