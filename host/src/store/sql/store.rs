//! The store: which transaction each of its methods is.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
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

use super::{
    Access, Database, accounts, adoptions, approvals, audit, cases, clock, credentials, erase,
    forgotten, gone, halts, history, identities, journal, lives, marks, names, obligations,
    observations, plans, rehires, requests, reviews, runs, steps, still, union, workflows,
};
use crate::store::{
    Answer, AuditEntry, AuditFilter, AuditRow, AuditTail, ErasedRows, Erasure, Intent,
    KeptObligation, MarkResult, NewRun, RunId, RunRecord, SourceRead, Store, StoreError,
    StoredPlan, Unsettled, Upkeep,
    chain::{AuditBreak, Head, KnownHead},
};

/// A store in a SQL database.
#[derive(Debug)]
pub struct SqlStore<D> {
    pub(in crate::store) database: D,
}

impl<D> SqlStore<D> {
    /// The same store, whose transactions are carried out by another place
    /// that has this one.
    pub fn within<E>(self, place: impl FnOnce(D) -> E) -> SqlStore<E> {
        SqlStore { database: place(self.database) }
    }
}

/// What a transaction needs, as its own: it may be carried out elsewhere, and
/// again.
trait Owned {
    type Own;
    fn own(self) -> Self::Own;
}

impl<T: ToOwned + ?Sized> Owned for &T {
    type Own = T::Owned;
    fn own(self) -> T::Owned {
        self.to_owned()
    }
}

impl<T: Clone> Owned for Option<&T> {
    type Own = Option<T>;
    fn own(self) -> Option<T> {
        self.cloned()
    }
}

macro_rules! owned {
    ($($type:ty),*) => {
        $(impl Owned for $type {
            type Own = Self;
            fn own(self) -> Self {
                self
            }
        })*
    };
}

owned!(Timestamp, u64, i64, bool, RunId, Option<RunId>, IdentityId, ClockMarks);

/// A line for each method: whether it changes anything, its name and what it
/// takes, what it answers, what is said when it fails, and what is done.
macro_rules! store {
    ($($access:ident $name:ident($($given:ident: $type:ty),*) -> $answer:ty,
        $action:literal, |$tx:ident| $work:expr;)*) => {
        #[async_trait]
        impl<D: Database> Store for SqlStore<D> {
            $(async fn $name(&self, $($given: $type),*) -> Result<$answer, StoreError> {
                $(let $given = $given.own();)*
                self.database.call(Access::$access, $action, move |$tx| $work).await
            })*

            async fn sweep(&self) -> Result<bool, StoreError> {
                self.database.sweep().await
            }
        }
    };
}

store! {
    Read identities() -> Vec<Identity>, "list identities", |tx| identities::all(tx);
    Read source_reads() -> BTreeMap<ConnectorName, SourceRead>, "list reads of sources",
        |tx| identities::source_reads(tx);
    Write record_identities(identities: &[Identity],
        reads: &BTreeMap<ConnectorName, SourceRead>, at: Timestamp) -> (), "record identities",
        |tx| identities::record(tx, &identities, &reads, at);

    Read links() -> Vec<Link>, "list links", |tx| accounts::links(tx);
    Read ledger() -> BTreeSet<OwnedGrant>, "list grants", |tx| accounts::ledger(tx);
    Write record_observation(target: &ConnectorName, observed: &ObservedTarget) -> (),
        "record what a target reported", |tx| observations::record(tx, &target, &observed);
    Write record_unwanted(links: &[Link]) -> (), "keep since when accounts are unwanted",
        |tx| accounts::record_unwanted(tx, &links);
    Read observations() -> BTreeMap<ConnectorName, ObservedTarget>, "list what targets reported",
        |tx| observations::all(tx);
    Write adopt(link: &Link, audit: &AuditEntry) -> (), "adopt an account",
        |tx| adoptions::adopt(tx, &link, &audit);
    Write decline(declined: &Declined, audit: &AuditEntry) -> (), "decline an account",
        |tx| adoptions::decline(tx, &declined, &audit);
    Read declined() -> BTreeSet<Declined>, "list declined accounts", |tx| adoptions::declined(tx);
    Write release(target: &ConnectorName, account: &ObjectRef, audit: &AuditEntry) -> (),
        "release an account", |tx| adoptions::release(tx, &target, &account, &audit);
    Read names() -> BTreeMap<ConnectorName, Vec<HeldName>>, "read login names",
        |tx| names::all(tx);
    Write claim(claims: &[(OwnedGrant, AuditEntry)]) -> (), "take over grants",
        |tx| accounts::claim(tx, &claims);

    Read workflows() -> Remembered, "read workflows", |tx| workflows::remembered(tx);
    Read definitions() -> Vec<Definition>, "read workflows", |tx| workflows::definitions(tx);
    Write know_workflows(definitions: &[Definition], at: Timestamp) -> (), "record workflows",
        |tx| workflows::know(tx, &definitions, at);
    Write record_episodes(episodes: &[(Episode, Option<AuditEntry>)]) -> (), "record episodes",
        |tx| workflows::record(tx, &episodes);

    Write save_plan(plan: &StoredPlan) -> (), "save a plan", |tx| plans::save(tx, &plan);
    Read plan(digest: &str) -> Option<StoredPlan>, "look up a plan",
        |tx| plans::by_digest(tx, &digest);

    Write begin_run(run: &NewRun) -> RunId, "begin a run", |tx| runs::begin(tx, &run);
    Write end_run(run: RunId, at: Timestamp) -> (), "end a run", |tx| runs::end(tx, run, at);
    Read runs() -> Vec<RunRecord>, "list runs", |tx| runs::all(tx);
    Write intend(intent: &Intent) -> (), "keep an intent", |tx| journal::intend(tx, &intent);
    Write answer(answer: &Answer) -> (), "keep an answer", |tx| journal::answer(tx, &answer);
    Write mark(key: &str, epoch: u64, step: &str, data: &str) -> MarkResult, "keep a mark",
        |tx| marks::mark(tx, &key, epoch, &step, &data);
    Read recall(key: &str, step: &str) -> Option<String>, "recall a mark",
        |tx| marks::recall(tx, &key, &step);
    Read unsettled(current: Option<RunId>) -> Vec<Unsettled>, "list unsettled operations",
        |tx| journal::unsettled(tx, current);
    Read done_since(since: Timestamp) -> Lately, "count what was done",
        |tx| journal::done_since(tx, since);
    Read operation_states(run: RunId) -> BTreeMap<OperationId, OperationState>, "list operations",
        |tx| journal::states(tx, run);

    Read audit(filter: &AuditFilter) -> Vec<AuditRow>, "list the audit",
        |tx| audit::rows(tx, &filter);
    Read audit_tail(after: u64, most: u64) -> AuditTail, "read the end of the audit",
        |tx| audit::tail(tx, after, most);

    Read kept() -> Kept, "read what is kept of lives", |tx| lives::kept(tx);
    Write eject(ejection: &Ejection, audit: &AuditEntry) -> (), "record an ejection",
        |tx| lives::eject(tx, &ejection, &audit);
    Write undo_ejection(identity: IdentityId, undone: &Undone, audit: &AuditEntry) -> bool,
        "undo an ejection", |tx| lives::undo_ejection(tx, identity, &undone, &audit);
    Write hold(hold: &LegalHold, audit: &[AuditEntry]) -> (), "record a legal hold",
        |tx| lives::hold(tx, &hold, &audit);
    Write release_hold(name: &str, at: Timestamp, audit: &[AuditEntry]) -> bool,
        "release a legal hold", |tx| lives::release_hold(tx, &name, at, &audit);
    Write record_overlaps(overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>) -> (),
        "keep since when grants are unwanted", |tx| lives::record_overlaps(tx, &overlaps);
    Write record_absences(absences: &BTreeMap<IdentityId, Option<Absence>>) -> (),
        "keep who is missing", |tx| lives::record_absences(tx, &absences);
    Write mark_clock(marks: ClockMarks) -> (), "mark the clock",
        |tx| lives::mark_clock(tx, marks);

    Read own_facts() -> Vec<OwnFact>, "list facts of ours", |tx| steps::own_facts(tx);
    Write set_fact(own: &OwnFact, episode: &Episode, entry: &AuditEntry) -> (), "set a fact",
        |tx| steps::set_fact(tx, &own, &episode, &entry);
    Write record_requests(requests: &[(Request, AuditEntry)],
        step: Option<&(Episode, AuditEntry)>) -> (), "record requests",
        |tx| requests::record(tx, &requests, step.as_ref());

    Read cases() -> Vec<KeptCase>, "list cases", |tx| cases::all(tx);
    Write record_cases(found: &[Case], closed: &BTreeSet<String>, at: Timestamp) -> (),
        "keep cases", |tx| cases::record(tx, &found, &closed, at);
    Write decide_case(id: &str, decision: &CaseDecision, audit: &AuditEntry) -> (),
        "decide a case", |tx| cases::decide(tx, &id, &decision, &audit);
    Write reopen_case(id: &str, reopened: &Reopened, audit: &AuditEntry) -> (), "reopen a case",
        |tx| cases::reopen(tx, &id, &reopened, &audit);
    Read merged() -> Vec<Merged>, "list who was merged", |tx| union::merged(tx);
    Write rearrange(rearranged: &Rearranged, audit: &[AuditEntry]) -> (),
        "rearrange identities", |tx| union::rearrange(tx, &rearranged, &audit);
    Write reopen_account(identity: IdentityId, target: &ConnectorName, audit: &AuditEntry) -> (),
        "reopen a case", |tx| adoptions::reopen(tx, identity, &target, &audit);
    Read past_facts(identity: IdentityId) -> Vec<PastFact>, "read what was known before",
        |tx| history::of(tx, identity);

    Read halted() -> Option<Halt>, "look whether everything is halted",
        |tx| halts::standing(tx);
    Write halt(halt: &Halt, audit: &AuditEntry) -> bool, "halt everything",
        |tx| halts::halt(tx, &halt, &audit);
    Write resume(at: Timestamp, audit: &AuditEntry) -> bool, "resume",
        |tx| halts::resume(tx, at, &audit);

    Read obligations(all: bool) -> Vec<KeptObligation>, "list obligations",
        |tx| obligations::list(tx, all);
    Write record_obligations(changed: &[(Obligation, Option<AuditEntry>)]) -> (),
        "record obligations", |tx| obligations::record(tx, &changed);
    Write close_obligation(number: i64, closed: &Closed, audit: &AuditEntry) -> bool,
        "close an obligation", |tx| obligations::close(tx, number, &closed, &audit);
    Write record_receipt(audit: &AuditEntry) -> (), "record a receipt",
        |tx| audit::append(tx, &audit);

    Read forgotten() -> Forgotten, "read who was erased", |tx| forgotten::forgotten(tx);
    Write erase(erasure: &Erasure, audit: &AuditEntry) -> Option<ErasedRows>, "erase somebody",
        |tx| erase::erase(tx, &erasure, &audit);
    Write would_erase(erasure: &Erasure, audit: &AuditEntry) -> Option<ErasedRows>,
        "look what would be erased", |tx| erase::would(tx, &erasure, &audit);
    Write begin_anew(begun: &[Anew], audit: &[AuditEntry]) -> (), "record who begins anew",
        |tx| rehires::begin(tx, &begun, &audit);

    Read plan_approvals() -> Vec<PlanApproval>, "list questions about plans",
        |tx| approvals::all(tx);
    Write record_plan_approvals(approvals: &[(PlanApproval, AuditEntry)]) -> (),
        "record questions about plans", |tx| approvals::record(tx, &approvals);
    Write record_reviews(reviews: &[(Review, Vec<AuditEntry>)]) -> (), "record reviews",
        |tx| reviews::record(tx, &reviews);

    Write password_set(target: &ConnectorName, account: &ObjectRef, at: Timestamp) -> (),
        "keep that a password was set",
        |tx| credentials::password_set(tx, (&target, &account), at);

    Read gone() -> BTreeMap<AccountKey, Proof>, "read which accounts are gone",
        |tx| gone::all(tx);
    Write record_gone(changed: &BTreeMap<AccountKey, Option<Proof>>) -> (),
        "keep which accounts are gone", |tx| gone::record(tx, &changed);
    Write decide_still_erased(case: &str, still: &StillErased, audit: &AuditEntry) -> (),
        "decide a case", |tx| still::decide(tx, &case, &still, &audit);
    Write reopen_still_erased(case: &str, audit: &AuditEntry) -> (), "reopen a case",
        |tx| still::reopen(tx, &case, &audit);
    Write free_names(names: &[(ConnectorName, Digest)]) -> (), "free login names",
        |tx| still::free_names(tx, &names);
}

#[async_trait]
impl<D: Database> Upkeep for SqlStore<D> {
    async fn keep_clock(&self, stands: bool) -> Result<bool, StoreError> {
        let work = move |tx: &mut dyn super::Sql| clock::keep(tx, stands);
        self.database.call(Access::Write, "keep whose time it is in", work).await
    }

    async fn verify_audit(&self) -> Result<Result<Head, AuditBreak>, StoreError> {
        self.verify_audit_beside(&[]).await
    }

    async fn verify_audit_beside(
        &self,
        heads: &[KnownHead],
    ) -> Result<Result<Head, AuditBreak>, StoreError> {
        let heads = heads.to_vec();
        let work = move |tx: &mut dyn super::Sql| audit::verify(tx, &heads);
        self.database.call(Access::Read, "verify the audit", work).await
    }

    async fn is_unswept(&self) -> Result<bool, StoreError> {
        self.database.call(Access::Read, "look what is to be swept", erase::unswept).await
    }

    async fn verify_journal(&self) -> Result<u64, StoreError> {
        self.database.call(Access::Read, "verify the journal", journal::verify).await
    }

    async fn verify_file(&self) -> Result<(), StoreError> {
        self.database.verify_file().await
    }
}
