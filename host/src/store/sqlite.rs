//! The embedded store: one SQLite file, one thread that writes it.

mod accounts;
mod adoptions;
mod approvals;
mod audit;
mod cases;
mod clock;
mod columns;
mod credentials;
mod erase;
mod forgotten;
mod gone;
mod history;
mod identities;
mod journal;
mod lives;
mod marks;
mod migrations;
mod names;
mod observations;
mod open;
mod plans;
mod problem;
mod rechain;
mod rehires;
mod requests;
mod reviews;
mod runs;
mod steps;
mod still;
#[cfg(test)]
mod tests;
mod union;
mod workflows;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

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
    observed::{Declined, HeldName, Link, ObservedTarget, OwnedGrant},
    request::Request,
    review::Review,
    run::OperationState,
    union::{Merged, Rearranged},
    value::ObjectRef,
    workflow::{Definition, Episode, OwnFact, Remembered},
};
use rusqlite::Connection;

use self::{
    problem::Problem,
    writer::{Access, Writer},
};
use super::{
    Answer, AuditEntry, AuditFilter, AuditRow, ErasedRows, Erasure, Intent, MarkResult, NewRun,
    RunId, RunRecord, SourceRead, Store, StoreError, StoredPlan, Unsettled,
    chain::{AuditBreak, Head},
};

/// The store in one file.  Dropping it waits until the file is closed.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
}

impl SqliteStore {
    /// Opens the store beside whoever else has it open: for commands that
    /// look.  The file is made when it is missing, readable to its owner
    /// only; its directory is not.
    ///
    /// # Errors
    /// `Open`, `Newer`, or `Damaged` when the file is not a database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, None)
    }

    /// Opens the store for the one process that carries out runs, until it is
    /// dropped or the process ends.
    ///
    /// # Errors
    /// `Busy` when another process has it so; otherwise as [`Self::open`].
    pub fn open_exclusive(path: &Path) -> Result<Self, StoreError> {
        let lock = open::lock(path)?;
        Self::start(path, Some(lock))
    }

    /// A copy in memory: what is written there is gone with it.  The file is
    /// only read, whoever has it open, and has to be there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_copy(path: &Path) -> Result<Self, StoreError> {
        let shown = open::shown(path);
        let writer = open::copy(path)
            .and_then(|copy| Writer::start(copy, None, shown.clone()))
            .map_err(|problem| problem.told_at_opening(&shown))?;
        Ok(Self { writer })
    }

    /// A new store in memory alone.
    ///
    /// # Errors
    /// When SQLite cannot be used.
    pub fn in_memory() -> Result<Self, StoreError> {
        let shown = "memory".to_owned();
        let writer = open::memory()
            .and_then(|memory| Writer::start(memory, None, shown.clone()))
            .map_err(|problem| problem.told_at_opening(&shown))?;
        Ok(Self { writer })
    }

    /// Whether the clock stands in this store: what was observed while it
    /// stood must not be believed by a run that goes by the real one.  The
    /// first use decides; `stands` is of this use.
    pub async fn keep_clock(&self, stands: bool) -> Result<bool, StoreError> {
        self.write("keep whose time it is in", move |tx| clock::keep(tx, stands)).await
    }

    fn start(path: &Path, lock: Option<std::fs::File>) -> Result<Self, StoreError> {
        let connection = open::connection(path, lock.is_some())?;
        let path = open::shown(path);
        let writer = Writer::start(connection, lock, path.clone())
            .map_err(|problem| problem.told_at_opening(&path))?;
        Ok(Self { writer })
    }

    /// Follows the audit's chain from its first row, and says what it comes
    /// to, or where it breaks.
    pub async fn verify_audit(&self) -> Result<Result<Head, AuditBreak>, StoreError> {
        self.read("verify the audit", audit::verify).await
    }

    /// Whether the bytes of people who were erased may still be in the files.
    pub async fn is_unswept(&self) -> Result<bool, StoreError> {
        self.read("look what is to be swept", erase::unswept).await
    }

    /// Replays the journal and compares each operation's stored state with
    /// it; says how many operations there are.
    ///
    /// # Errors
    /// `Damaged` names the first operation that differs.
    pub async fn verify_journal(&self) -> Result<u64, StoreError> {
        self.read("verify the journal", journal::verify).await
    }

    /// Has SQLite check the whole file; takes time in proportion to its size.
    ///
    /// # Errors
    /// `Damaged` with the first thing that is wrong.
    pub async fn verify_file(&self) -> Result<(), StoreError> {
        self.read("check the file", |tx| {
            let said: String = tx.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            if said == "ok" { Ok(()) } else { Err(StoreError::Damaged(said).into()) }
        })
        .await
    }

    async fn read<T, F>(&self, action: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    {
        self.writer.call(Access::Read, action, work).await
    }

    async fn write<T, F>(&self, action: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Problem> + Send + 'static,
    {
        self.writer.call(Access::Write, action, work).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn identities(&self) -> Result<Vec<Identity>, StoreError> {
        self.read("list identities", identities::all).await
    }

    async fn source_reads(&self) -> Result<BTreeMap<ConnectorName, SourceRead>, StoreError> {
        self.read("list reads of sources", identities::source_reads).await
    }

    async fn record_identities(
        &self,
        identities: &[Identity],
        reads: &BTreeMap<ConnectorName, SourceRead>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (identities, reads) = (identities.to_vec(), reads.clone());
        self.write("record identities", move |tx| identities::record(tx, &identities, &reads, at))
            .await
    }

    async fn links(&self) -> Result<Vec<Link>, StoreError> {
        self.read("list links", accounts::links).await
    }

    async fn ledger(&self) -> Result<BTreeSet<OwnedGrant>, StoreError> {
        self.read("list grants", accounts::ledger).await
    }

    async fn record_observation(
        &self,
        target: &ConnectorName,
        observed: &ObservedTarget,
    ) -> Result<(), StoreError> {
        let (target, observed) = (target.clone(), observed.clone());
        self.write("record what a target reported", move |tx| {
            observations::record(tx, &target, &observed)
        })
        .await
    }

    async fn record_unwanted(&self, links: &[Link]) -> Result<(), StoreError> {
        let links = links.to_vec();
        self.write("keep since when accounts are unwanted", move |tx| {
            accounts::record_unwanted(tx, &links)
        })
        .await
    }

    async fn observations(&self) -> Result<BTreeMap<ConnectorName, ObservedTarget>, StoreError> {
        self.read("list what targets reported", observations::all).await
    }

    async fn adopt(&self, link: &Link, audit: &AuditEntry) -> Result<(), StoreError> {
        let (link, audit) = (link.clone(), audit.clone());
        self.write("adopt an account", move |tx| adoptions::adopt(tx, &link, &audit)).await
    }

    async fn decline(&self, declined: &Declined, audit: &AuditEntry) -> Result<(), StoreError> {
        let (declined, audit) = (declined.clone(), audit.clone());
        self.write("decline an account", move |tx| adoptions::decline(tx, &declined, &audit)).await
    }

    async fn declined(&self) -> Result<BTreeSet<Declined>, StoreError> {
        self.read("list declined accounts", adoptions::declined).await
    }

    async fn release(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (target, account, audit) = (target.clone(), account.clone(), audit.clone());
        self.write("release an account", move |tx| {
            adoptions::release(tx, &target, &account, &audit)
        })
        .await
    }

    async fn names(&self) -> Result<BTreeMap<ConnectorName, Vec<HeldName>>, StoreError> {
        self.read("read login names", names::all).await
    }

    async fn claim(&self, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), StoreError> {
        let claims = claims.to_vec();
        self.write("take over grants", move |tx| accounts::claim(tx, &claims)).await
    }

    async fn workflows(&self) -> Result<Remembered, StoreError> {
        self.read("read workflows", workflows::remembered).await
    }

    async fn definitions(&self) -> Result<Vec<Definition>, StoreError> {
        self.read("read workflows", workflows::definitions).await
    }

    async fn know_workflows(
        &self,
        definitions: &[Definition],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let definitions = definitions.to_vec();
        self.write("record workflows", move |tx| workflows::know(tx, &definitions, at)).await
    }

    async fn record_episodes(
        &self,
        episodes: &[(Episode, Option<AuditEntry>)],
    ) -> Result<(), StoreError> {
        let episodes = episodes.to_vec();
        self.write("record episodes", move |tx| workflows::record(tx, &episodes)).await
    }

    async fn save_plan(&self, plan: &StoredPlan) -> Result<(), StoreError> {
        let plan = plan.clone();
        self.write("save a plan", move |tx| plans::save(tx, &plan)).await
    }

    async fn plan(&self, digest: &str) -> Result<Option<StoredPlan>, StoreError> {
        let digest = digest.to_owned();
        self.read("look up a plan", move |tx| plans::by_digest(tx, &digest)).await
    }

    async fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        let run = run.clone();
        self.write("begin a run", move |tx| runs::begin(tx, &run)).await
    }

    async fn end_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        self.write("end a run", move |tx| runs::end(tx, run, at)).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.read("list runs", runs::all).await
    }

    async fn intend(&self, intent: &Intent) -> Result<(), StoreError> {
        let intent = intent.clone();
        self.write("keep an intent", move |tx| journal::intend(tx, &intent)).await
    }

    async fn answer(&self, answer: &Answer) -> Result<(), StoreError> {
        let answer = answer.clone();
        self.write("keep an answer", move |tx| journal::answer(tx, &answer)).await
    }

    async fn mark(
        &self,
        key: &str,
        epoch: u64,
        step: &str,
        data: &str,
    ) -> Result<MarkResult, StoreError> {
        let (key, step, data) = (key.to_owned(), step.to_owned(), data.to_owned());
        self.write("keep a mark", move |tx| marks::mark(tx, &key, epoch, &step, &data)).await
    }

    async fn recall(&self, key: &str, step: &str) -> Result<Option<String>, StoreError> {
        let (key, step) = (key.to_owned(), step.to_owned());
        self.read("recall a mark", move |tx| marks::recall(tx, &key, &step)).await
    }

    async fn unsettled(&self, current: Option<RunId>) -> Result<Vec<Unsettled>, StoreError> {
        self.read("list unsettled operations", move |tx| journal::unsettled(tx, current)).await
    }

    async fn done_since(&self, since: Timestamp) -> Result<Lately, StoreError> {
        self.read("count what was done", move |tx| journal::done_since(tx, since)).await
    }

    async fn operation_states(
        &self,
        run: RunId,
    ) -> Result<BTreeMap<OperationId, OperationState>, StoreError> {
        self.read("list operations", move |tx| journal::states(tx, run)).await
    }

    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let filter = filter.clone();
        self.read("list the audit", move |tx| audit::rows(tx, &filter)).await
    }

    async fn kept(&self) -> Result<Kept, StoreError> {
        self.read("read what is kept of lives", lives::kept).await
    }

    async fn eject(&self, ejection: &Ejection, audit: &AuditEntry) -> Result<(), StoreError> {
        let (ejection, audit) = (ejection.clone(), audit.clone());
        self.write("record an ejection", move |tx| lives::eject(tx, &ejection, &audit)).await
    }

    async fn undo_ejection(
        &self,
        identity: IdentityId,
        undone: &Undone,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let (undone, audit) = (undone.clone(), audit.clone());
        self.write("undo an ejection", move |tx| {
            lives::undo_ejection(tx, identity, &undone, &audit)
        })
        .await
    }

    async fn hold(&self, hold: &LegalHold, audit: &[AuditEntry]) -> Result<(), StoreError> {
        let (hold, audit) = (hold.clone(), audit.to_vec());
        self.write("record a legal hold", move |tx| lives::hold(tx, &hold, &audit)).await
    }

    async fn release_hold(
        &self,
        name: &str,
        at: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError> {
        let (name, audit) = (name.to_owned(), audit.to_vec());
        self.write("release a legal hold", move |tx| lives::release_hold(tx, &name, at, &audit))
            .await
    }

    async fn record_overlaps(
        &self,
        overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>,
    ) -> Result<(), StoreError> {
        let overlaps = overlaps.clone();
        self.write("keep since when grants are unwanted", move |tx| {
            lives::record_overlaps(tx, &overlaps)
        })
        .await
    }

    async fn record_absences(
        &self,
        absences: &BTreeMap<IdentityId, Option<Absence>>,
    ) -> Result<(), StoreError> {
        let absences = absences.clone();
        self.write("keep who is missing", move |tx| lives::record_absences(tx, &absences)).await
    }

    async fn mark_clock(&self, marks: ClockMarks) -> Result<(), StoreError> {
        self.write("mark the clock", move |tx| lives::mark_clock(tx, marks)).await
    }

    async fn own_facts(&self) -> Result<Vec<OwnFact>, StoreError> {
        self.read("list facts of ours", steps::own_facts).await
    }

    async fn set_fact(
        &self,
        own: &OwnFact,
        episode: &Episode,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (own, episode, entry) = (own.clone(), episode.clone(), entry.clone());
        self.write("set a fact", move |tx| steps::set_fact(tx, &own, &episode, &entry)).await
    }

    async fn record_requests(
        &self,
        requests: &[(Request, AuditEntry)],
        step: Option<&(Episode, AuditEntry)>,
    ) -> Result<(), StoreError> {
        let (requests, step) = (requests.to_vec(), step.cloned());
        self.write("record requests", move |tx| requests::record(tx, &requests, step.as_ref()))
            .await
    }

    async fn cases(&self) -> Result<Vec<KeptCase>, StoreError> {
        self.read("list cases", cases::all).await
    }

    async fn record_cases(
        &self,
        found: &[Case],
        closed: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (found, closed) = (found.to_vec(), closed.clone());
        self.write("keep cases", move |tx| cases::record(tx, &found, &closed, at)).await
    }

    async fn decide_case(
        &self,
        id: &str,
        decision: &CaseDecision,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (id, decision, audit) = (id.to_owned(), decision.clone(), audit.clone());
        self.write("decide a case", move |tx| cases::decide(tx, &id, &decision, &audit)).await
    }

    async fn reopen_case(
        &self,
        id: &str,
        reopened: &Reopened,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (id, reopened, audit) = (id.to_owned(), reopened.clone(), audit.clone());
        self.write("reopen a case", move |tx| cases::reopen(tx, &id, &reopened, &audit)).await
    }

    async fn merged(&self) -> Result<Vec<Merged>, StoreError> {
        self.read("list who was merged", union::merged).await
    }

    async fn rearrange(
        &self,
        rearranged: &Rearranged,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let (rearranged, audit) = (rearranged.clone(), audit.to_vec());
        self.write("rearrange identities", move |tx| union::rearrange(tx, &rearranged, &audit))
            .await
    }

    async fn reopen_account(
        &self,
        identity: IdentityId,
        target: &ConnectorName,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (target, audit) = (target.clone(), audit.clone());
        self.write("reopen a case", move |tx| adoptions::reopen(tx, identity, &target, &audit))
            .await
    }

    async fn past_facts(&self, identity: IdentityId) -> Result<Vec<PastFact>, StoreError> {
        self.read("read what was known before", move |tx| history::of(tx, identity)).await
    }

    async fn forgotten(&self) -> Result<Forgotten, StoreError> {
        self.read("read who was erased", forgotten::forgotten).await
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError> {
        let (erasure, audit) = (erasure.clone(), audit.clone());
        self.write("erase somebody", move |tx| erase::erase(tx, &erasure, &audit)).await
    }

    async fn would_erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError> {
        let (erasure, audit) = (erasure.clone(), audit.clone());
        self.write("look what would be erased", move |tx| erase::would(tx, &erasure, &audit)).await
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.writer.call(Access::Alone, "sweep the file", erase::sweep).await
    }

    async fn plan_approvals(&self) -> Result<Vec<PlanApproval>, StoreError> {
        self.read("list questions about plans", approvals::all).await
    }

    async fn record_plan_approvals(
        &self,
        approvals: &[(PlanApproval, AuditEntry)],
    ) -> Result<(), StoreError> {
        let approvals = approvals.to_vec();
        self.write("record questions about plans", move |tx| approvals::record(tx, &approvals))
            .await
    }

    async fn record_reviews(
        &self,
        reviews: &[(Review, Vec<AuditEntry>)],
    ) -> Result<(), StoreError> {
        let reviews = reviews.to_vec();
        self.write("record reviews", move |tx| reviews::record(tx, &reviews)).await
    }

    async fn begin_anew(&self, begun: &[Anew], audit: &[AuditEntry]) -> Result<(), StoreError> {
        let (begun, audit) = (begun.to_vec(), audit.to_vec());
        self.write("record who begins anew", move |tx| rehires::begin(tx, &begun, &audit)).await
    }

    async fn password_set(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (target, account) = (target.clone(), account.clone());
        self.write("keep that a password was set", move |tx| {
            credentials::password_set(tx, (&target, &account), at)
        })
        .await
    }

    async fn gone(&self) -> Result<BTreeMap<AccountKey, Proof>, StoreError> {
        self.read("read which accounts are gone", gone::all).await
    }

    async fn record_gone(
        &self,
        changed: &BTreeMap<AccountKey, Option<Proof>>,
    ) -> Result<(), StoreError> {
        let changed = changed.clone();
        self.write("keep which accounts are gone", move |tx| gone::record(tx, &changed)).await
    }

    async fn decide_still_erased(
        &self,
        case: &str,
        still: &StillErased,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let (case, still, audit) = (case.to_owned(), still.clone(), audit.clone());
        self.write("decide a case", move |tx| still::decide(tx, &case, &still, &audit)).await
    }

    async fn reopen_still_erased(&self, case: &str, audit: &AuditEntry) -> Result<(), StoreError> {
        let (case, audit) = (case.to_owned(), audit.clone());
        self.write("reopen a case", move |tx| still::reopen(tx, &case, &audit)).await
    }

    async fn free_names(&self, names: &[(ConnectorName, Digest)]) -> Result<(), StoreError> {
        let names = names.to_vec();
        self.write("free login names", move |tx| still::free_names(tx, &names)).await
    }
}
