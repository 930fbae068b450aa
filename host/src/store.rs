//! What has to outlive the process, behind a trait of whole transactions.
//!
//! Every method is one transaction: either all of it is durable when it
//! returns, or none of it happened.  No connector is called inside one.
//! Times, epochs and digests are arguments, so that a second store (several
//! nodes on PostgreSQL) needs no clock and no configuration of its own.

pub mod any;
pub mod chain;
#[cfg(test)]
mod conformance;
pub mod copy;
mod pages;
pub mod postgres;
pub mod sql;
pub mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_core::{
    account::Coverage,
    approval::PlanApproval,
    case::{Case, CaseDecision, KeptCase, reopen::Reopened},
    fact::Identity,
    forgetting::{AccountKey, Anew, Forgotten, Proof, StillErased},
    guard::{Finding, Lately},
    history::PastFact,
    id::{ConnectorName, Digest, IdentityId, OperationId},
    lifecycle::{Absence, ClockMarks, Ejection, Kept, LegalHold, Undone},
    obligation::{Closed, Heard, Obligation, Place},
    observed::{Declined, HeldName, Link, ObservedTarget, OwnedGrant},
    operation::{CredentialVerb, Operation},
    plan::Plan,
    request::Request,
    review::Review,
    run::{OperationEvent, OperationState},
    schedule::Halt,
    union::{Merged, Rearranged},
    value::ObjectRef,
    workflow::{Definition, Episode, OwnFact, Remembered},
};
use serde::{Deserialize, Serialize};

use self::chain::{AuditBreak, Head, KnownHead, Marks};
pub use self::pages::{Paged, each_row};

#[async_trait]
pub trait Store: Send + Sync {
    // --- identities ----------------------------------------------------
    /// Every identity ever seen, in the order of their ids.
    async fn identities(&self) -> Result<Vec<Identity>, StoreError>;
    /// The last exhaustive read of each source.
    async fn source_reads(&self) -> Result<BTreeMap<ConnectorName, SourceRead>, StoreError>;
    /// Identities as they are now known, and the reads they came from; a
    /// read that does not prove absence does not replace one that does.
    async fn record_identities(
        &self,
        identities: &[Identity],
        reads: &BTreeMap<ConnectorName, SourceRead>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    // --- accounts ------------------------------------------------------
    /// Accounts that are ours.
    async fn links(&self) -> Result<Vec<Link>, StoreError>;
    /// Grants that are ours.
    async fn ledger(&self) -> Result<BTreeSet<OwnedGrant>, StoreError>;
    /// What a target reported.  Replaces its accounts, entitlements and
    /// assignments as shown by `account list`; from a read that proves
    /// absence, links to accounts of the type that was read and that it no
    /// longer has become `gone`, and their grants that are no longer there
    /// leave the ledger.  From any read, an
    /// account that was gone and is there again is ours as before where keys
    /// are given once (elsewhere it stays gone until adopted or created anew),
    /// unless it is only kept as deleted; `disabled_since`, `unproven` and
    /// `was_enabled` follow the observed state.  What we changed after `read_at` is not judged by it.
    async fn record_observation(
        &self,
        target: &ConnectorName,
        observed: &ObservedTarget,
    ) -> Result<(), StoreError>;
    /// Since when nothing has given the accounts of these links
    /// (`unwanted_since`); nothing else of them is written.
    async fn record_unwanted(&self, links: &[Link]) -> Result<(), StoreError>;
    /// The last observation of each target, for `account list` and `explain`.
    async fn observations(&self) -> Result<BTreeMap<ConnectorName, ObservedTarget>, StoreError>;
    /// A person decided that an existing account is an identity's, whatever
    /// was declined before.  Refused when it is somebody else's, or the
    /// identity has another one there, except the one of the same key whose
    /// type has changed: its grants go over to the adopted.
    async fn adopt(&self, link: &Link, audit: &AuditEntry) -> Result<(), StoreError>;
    /// A person decided that an account is not an identity's.  Refused when
    /// it is linked to it.
    async fn decline(&self, declined: &Declined, audit: &AuditEntry) -> Result<(), StoreError>;
    async fn declined(&self) -> Result<BTreeSet<Declined>, StoreError>;
    /// An adopted account is nobody's again, and its grants are not ours any
    /// more.  Refused for one that we created.
    async fn release(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    /// Login names that accounts of ours had in any observation.
    async fn names(&self) -> Result<BTreeMap<ConnectorName, Vec<HeldName>>, StoreError>;
    /// A plan's claims become ours; what is ours already is left as it is,
    /// and its entry is not recorded.
    async fn claim(&self, claims: &[(OwnedGrant, AuditEntry)]) -> Result<(), StoreError>;

    // --- workflows -----------------------------------------------------
    /// When each workflow was first looked at, and the latest episodes.
    async fn workflows(&self) -> Result<Remembered, StoreError>;
    /// Every form of a workflow that was ever looked at.
    async fn definitions(&self) -> Result<Vec<Definition>, StoreError>;
    /// The workflows of the file; one that was known before keeps its time.
    async fn know_workflows(
        &self,
        definitions: &[Definition],
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Episodes as they are from now on, each with its entry; one that never
    /// began has none.
    async fn record_episodes(
        &self,
        episodes: &[(Episode, Option<AuditEntry>)],
    ) -> Result<(), StoreError>;

    // --- plans ---------------------------------------------------------
    /// Keeps a plan for good; a second save of the same digest changes
    /// nothing.
    async fn save_plan(&self, plan: &StoredPlan) -> Result<(), StoreError>;
    /// By digest, or by the beginning of one when that is unambiguous.
    async fn plan(&self, digest: &str) -> Result<Option<StoredPlan>, StoreError>;

    // --- runs and their journal ------------------------------------------
    /// Begins a run of a stored plan; its number counts from 1.
    async fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError>;
    async fn end_run(&self, run: RunId, at: Timestamp) -> Result<(), StoreError>;
    async fn runs(&self) -> Result<Vec<RunRecord>, StoreError>;
    /// The intent of one attempt: durable BEFORE the connector is called.
    async fn intend(&self, intent: &Intent) -> Result<(), StoreError>;
    /// The answer with everything that follows from it, in one transaction:
    /// event, link, ledger, audit.
    async fn answer(&self, answer: &Answer) -> Result<(), StoreError>;
    /// Guest's memory of one intent.  Refused when `epoch` is not the one of
    /// the latest intent with that key.
    async fn mark(
        &self,
        key: &str,
        epoch: u64,
        step: &str,
        data: &str,
    ) -> Result<MarkResult, StoreError>;
    async fn recall(&self, key: &str, step: &str) -> Result<Option<String>, StoreError>;
    /// Operations with an intent and no answer, and renames that wait for
    /// another attempt, whose process is gone (any run but `current`); and
    /// those left uncertain.
    async fn unsettled(&self, current: Option<RunId>) -> Result<Vec<Unsettled>, StoreError>;
    /// What was done since then, as the guard counts it; ejections are counted
    /// apart.
    async fn done_since(&self, since: Timestamp) -> Result<Lately, StoreError>;
    /// State of every operation of a run.
    async fn operation_states(
        &self,
        run: RunId,
    ) -> Result<BTreeMap<OperationId, OperationState>, StoreError>;

    // --- audit -----------------------------------------------------------
    async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError>;

    // --- lives -------------------------------------------------------------
    /// What is remembered of lives besides facts.
    async fn kept(&self) -> Result<Kept, StoreError>;
    /// A person's word that somebody goes now.
    async fn eject(&self, ejection: &Ejection, audit: &AuditEntry) -> Result<(), StoreError>;
    /// Takes that word back; false (and no entry) when none stands.
    async fn undo_ejection(
        &self,
        identity: IdentityId,
        undone: &Undone,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError>;
    /// A legal hold, with an entry for each of its people.  Refused while
    /// another one of that name stands.
    async fn hold(&self, hold: &LegalHold, audit: &[AuditEntry]) -> Result<(), StoreError>;
    /// Ends a legal hold; false (and no entry) when none of that name stands.
    async fn release_hold(
        &self,
        name: &str,
        at: Timestamp,
        audit: &[AuditEntry],
    ) -> Result<bool, StoreError>;
    /// Since when nothing gives these grants; none: something does again.
    async fn record_overlaps(
        &self,
        overlaps: &BTreeMap<OwnedGrant, Option<Timestamp>>,
    ) -> Result<(), StoreError>;
    /// How often people were found missing; none: that is over.
    async fn record_absences(
        &self,
        absences: &BTreeMap<IdentityId, Option<Absence>>,
    ) -> Result<(), StoreError>;
    /// When somebody looked.
    async fn mark_clock(&self, marks: ClockMarks) -> Result<(), StoreError>;
    // --- steps of workflows ----------------------------------------------
    /// Facts that steps set.
    async fn own_facts(&self) -> Result<Vec<OwnFact>, StoreError>;
    /// One more, in the place of an older one, with the episode as it is
    /// from then on.
    async fn set_fact(
        &self,
        own: &OwnFact,
        episode: &Episode,
        entry: &AuditEntry,
    ) -> Result<(), StoreError>;

    // --- access that people ask for ------------------------------------------
    /// Requests as they are from now on, each with its entry; with the
    /// episode of the step that does it, when one does.
    async fn record_requests(
        &self,
        requests: &[(Request, AuditEntry)],
        step: Option<&(Episode, AuditEntry)>,
    ) -> Result<(), StoreError>;

    // --- cases -------------------------------------------------------------
    /// Questions about records, in the order of their ids: open ones, and
    /// those that were decided.
    async fn cases(&self) -> Result<Vec<KeptCase>, StoreError>;
    /// Cases as a look found them, and those it found to be none any more;
    /// what was decided of one is kept.
    async fn record_cases(
        &self,
        found: &[Case],
        closed: &BTreeSet<String>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// A person's answer.  Refused for a case that is not there, or has one.
    async fn decide_case(
        &self,
        id: &str,
        decision: &CaseDecision,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    /// Takes the answer back, with what it made of identities.  Refused for a
    /// case without one.
    async fn reopen_case(
        &self,
        id: &str,
        reopened: &Reopened,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    /// Who was merged into whom, in the order of their ids.
    async fn merged(&self) -> Result<Vec<Merged>, StoreError>;
    /// Records, accounts and what was said of them go from one identity to
    /// another, with an entry for each of the two.
    async fn rearrange(
        &self,
        rearranged: &Rearranged,
        audit: &[AuditEntry],
    ) -> Result<(), StoreError>;
    /// Takes back what a person said of accounts that may be somebody's at a
    /// target: what was declined is not any longer, and what was adopted is
    /// nobody's again, with its grants.  Refused when nothing was said.
    async fn reopen_account(
        &self,
        identity: IdentityId,
        target: &ConnectorName,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    // --- what was known before -----------------------------------------------
    /// Values of somebody's facts that no source gives any more, in the order
    /// in which that was learned.
    async fn past_facts(&self, identity: IdentityId) -> Result<Vec<PastFact>, StoreError>;
    // --- forgetting ----------------------------------------------------------
    /// What is left of those who were erased.
    async fn forgotten(&self) -> Result<Forgotten, StoreError>;
    /// Everything of somebody goes, in every table, with an entry that stays.
    /// What is kept for good loses what is theirs: plans, the journal, the
    /// personal part of the audit.  It is found by what refers to them (their
    /// id, the keys of their accounts and records), and nothing of others is
    /// touched, be it that they wrote of them.  None: nobody has the id.
    /// Refused while a legal hold stands, an account of theirs is there,
    /// something about them is open, or nobody knows what came of an
    /// operation.
    async fn erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError>;
    /// What that would take; nothing is changed.
    async fn would_erase(
        &self,
        erasure: &Erasure,
        audit: &AuditEntry,
    ) -> Result<Option<ErasedRows>, StoreError>;
    /// Has the bytes of what was erased leave the files.  False: others are
    /// reading them, and it has to be done again.
    async fn sweep(&self) -> Result<bool, StoreError>;
    /// Records of people who left go to somebody new, with an entry for each
    /// of the two.
    async fn begin_anew(&self, begun: &[Anew], audit: &[AuditEntry]) -> Result<(), StoreError>;

    // --- questions about plans -----------------------------------------------
    /// All there ever were, in the order in which they were asked.
    async fn plan_approvals(&self) -> Result<Vec<PlanApproval>, StoreError>;
    /// Questions as they are from now on, each with its entry.
    async fn record_plan_approvals(
        &self,
        approvals: &[(PlanApproval, AuditEntry)],
    ) -> Result<(), StoreError>;

    // --- reviews of access -----------------------------------------------------
    /// Reviews as they are from now on, each with its entries.
    async fn record_reviews(&self, reviews: &[(Review, Vec<AuditEntry>)])
    -> Result<(), StoreError>;

    /// An account of ours has a password of ours since then.
    async fn password_set(
        &self,
        target: &ConnectorName,
        account: &ObjectRef,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    // --- what is in the way of an erasure --------------------------------------
    /// By what accounts of ours that are gone are known to be: a verified
    /// delete proves it, a reading does not.
    async fn gone(&self) -> Result<BTreeMap<AccountKey, Proof>, StoreError>;
    /// What readings said of accounts that are gone; none: it is there again.
    async fn record_gone(
        &self,
        changed: &BTreeMap<AccountKey, Option<Proof>>,
    ) -> Result<(), StoreError>;
    // --- what is left of whoever was erased ------------------------------------
    /// A person says that the record an open case is about is still that of
    /// somebody who was erased: the case goes, and nothing of the record is
    /// kept.  Refused for a case that is not open.
    async fn decide_still_erased(
        &self,
        case: &str,
        still: &StillErased,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    /// Takes that back.  Refused where nobody said so.
    async fn reopen_still_erased(&self, case: &str, audit: &AuditEntry) -> Result<(), StoreError>;
    /// Login names of those who were erased are kept from nobody any longer.
    async fn free_names(&self, names: &[(ConnectorName, Digest)]) -> Result<(), StoreError>;

    // --- the kill switch -------------------------------------------------------
    /// A person's word that no system is called any more, while it stands.
    async fn halted(&self) -> Result<Option<Halt>, StoreError>;
    /// Gives that word, from any process; false (and no entry) when it stands
    /// already.
    async fn halt(&self, halt: &Halt, audit: &AuditEntry) -> Result<bool, StoreError>;
    /// Takes it back; false (and no entry) when none stands.
    async fn resume(&self, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError>;

    // --- losses of access that are due -----------------------------------------
    /// In the order in which they were opened: the latest of each place, or
    /// all there ever were.
    async fn obligations(&self, all: bool) -> Result<Vec<KeptObligation>, StoreError>;
    /// Obligations as they are from now on, each with its entry: in the place
    /// of the one that is open there, where one is.
    async fn record_obligations(
        &self,
        changed: &[(Obligation, Option<AuditEntry>)],
    ) -> Result<(), StoreError>;
    /// Closes one by its number; false (and no entry) when it is not open.
    async fn close_obligation(
        &self,
        number: i64,
        closed: &Closed,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError>;
    /// That a document was signed; of it the entry has the digest.
    async fn record_receipt(&self, audit: &AuditEntry) -> Result<(), StoreError>;

    // --- what is told elsewhere of the audit -------------------------------------
    /// How the audit ends, with at most so many marks of the rows behind
    /// `after`.
    async fn audit_tail(&self, after: u64, most: u64) -> Result<AuditTail, StoreError>;
}

/// What a store offers besides to whoever looks after it.
#[async_trait]
pub trait Upkeep: Store {
    /// Whether the clock stands in this store: what was observed while it
    /// stood must not be believed by a run that goes by the real one.  The
    /// first use decides; `stands` is of this use.
    async fn keep_clock(&self, stands: bool) -> Result<bool, StoreError>;
    /// Follows the audit's chain from its first row, and says what it comes
    /// to, or where it breaks.
    async fn verify_audit(&self) -> Result<Result<Head, AuditBreak>, StoreError>;
    /// The same, beside heads that were kept elsewhere: it also breaks where
    /// one of them is of another chain, or of a longer one.
    async fn verify_audit_beside(
        &self,
        heads: &[KnownHead],
    ) -> Result<Result<Head, AuditBreak>, StoreError>;
    /// Whether the bytes of people who were erased may still be in the files.
    async fn is_unswept(&self) -> Result<bool, StoreError>;
    /// Replays the journal and compares each operation's stored state with
    /// it; says how many operations there are.
    ///
    /// # Errors
    /// `Damaged` names the first operation that differs.
    async fn verify_journal(&self) -> Result<u64, StoreError>;
    /// Has the database check its files; takes time in proportion to their
    /// size.
    ///
    /// # Errors
    /// `Damaged` with the first thing that is wrong.
    async fn verify_file(&self) -> Result<(), StoreError>;
}

/// A loss of access that is or was due, under its number (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptObligation {
    pub number: i64,
    pub obligation: Obligation,
}

/// What an answer says of the open obligation at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owing {
    pub place: Place,
    pub heard: Heard,
    /// Recorded where it closes the obligation.
    pub entry: Option<AuditEntry>,
}

/// Somebody who is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub identity: IdentityId,
    pub at: Timestamp,
    /// Who ordered it, or the run (an OS user).
    pub by: String,
    /// By a person's order, and not because their time is over.
    pub ordered: bool,
    pub departed: Option<Timestamp>,
    pub reason: Option<String>,
    /// The latest first day that was ever said of them.
    pub started: Option<Timestamp>,
}

/// How many rows went or were emptied, by what they were.
pub type ErasedRows = BTreeMap<&'static str, usize>;

/// One exhaustive read of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRead {
    /// The keys of its records: who is missing later is measured by them.
    pub keys: BTreeSet<String>,
    pub coverage: Coverage,
    pub read_at: Timestamp,
}

/// A plan with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlan {
    pub digest: Digest,
    pub plan: Plan,
    pub findings: Vec<Finding>,
    /// Digest of the configuration file it was made with.
    pub config: Digest,
    pub made_at: Timestamp,
    /// Since when it lacks what was of somebody who was erased: it is not what
    /// its digest is of any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    pub plan: Digest,
    /// Who ordered it (an OS user).
    pub actor: String,
    /// Words of findings the actor released.
    pub released: Vec<String>,
    pub at: Timestamp,
    /// Higher than of every earlier run; fences late writers.
    pub epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub id: RunId,
    pub plan: Digest,
    pub actor: String,
    pub began_at: Timestamp,
    /// None: it is going on, or its process died.
    pub ended_at: Option<Timestamp>,
    pub epoch: u64,
}

/// What is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub run: RunId,
    pub operation: Operation,
    /// The idempotency key, same for every attempt.
    pub key: String,
    /// From 1.
    pub attempt: u32,
    pub epoch: u64,
    /// Digest of the permissions the connector has during the call.
    pub permission: Digest,
    /// Digest of the connector's component.
    pub plugin: Digest,
    pub at: Timestamp,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub run: RunId,
    pub operation: OperationId,
    /// Fenced: an answer with another epoch than its intent changes nothing
    /// and is an error.
    pub epoch: u64,
    pub event: OperationEvent,
    /// What is ours from now on.
    pub effects: Vec<Effect>,
    pub audit: AuditEntry,
    pub at: Timestamp,
}

/// What an applied operation changes in what we know to be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Linked(Link),
    /// The account is disabled since then.
    Disabled {
        target: ConnectorName,
        account: ObjectRef,
        since: Timestamp,
        /// Whether a read showed it.
        proven: bool,
    },
    /// The account is enabled.
    Enabled {
        target: ConnectorName,
        account: ObjectRef,
    },
    /// The account is gone; its grants with it.
    Gone {
        target: ConnectorName,
        account: ObjectRef,
    },
    /// A rename gave the account another key.
    Rekeyed {
        target: ConnectorName,
        from: ObjectRef,
        to: ObjectRef,
    },
    /// What somebody was signed in with there was ended.
    Ended {
        target: ConnectorName,
        account: ObjectRef,
        verb: CredentialVerb,
        at: Timestamp,
    },
    Granted(OwnedGrant),
    Revoked(OwnedGrant),
    /// The obligation there, if one is open, has heard this.
    Owed(Box<Owing>),
}

/// Marks of one intent.
pub const MARKS: u64 = 32;
/// Bytes of the steps and data of all marks of one intent.
pub const MARK_BYTES: u64 = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkResult {
    Marked,
    /// The latest intent with this key has another epoch.
    StaleClaim,
    /// More than [`MARKS`], or more than [`MARK_BYTES`].
    Quota,
}

/// An operation nobody knows the outcome of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    pub run: RunId,
    pub operation: Operation,
    pub key: String,
    pub attempt: u32,
    pub epoch: u64,
    pub sent_at: Timestamp,
    pub state: OperationState,
}

/// One effect, for the record.  Append-only; values of attributes are not in
/// it, only their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub actor: String,
    /// "create", "adopt", "settle", …
    pub action: String,
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    pub account: Option<ObjectRef>,
    /// "done", "refused", "uncertain", …
    pub result: String,
    /// "verified", "drifted", "unverifiable"; none for a failed write.
    pub verification: Option<String>,
    /// Names, sentences and codes; no values of attributes.
    pub detail: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub sequence: i64,
    pub entry: AuditEntry,
    /// The digest of what can be erased of the entry (account and detail).
    pub personal: Digest,
    /// What went into that besides; none: it was erased.
    pub salt: Option<String>,
    /// Digest over the previous row's digest, the rest of this entry, and
    /// `personal`.
    pub chain: Digest,
}

/// The end of the audit, and one row on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditTail {
    /// The digest of the row that was asked about; none: there is no such row.
    pub at: Option<Digest>,
    /// The number of the last row, from 1; 0: there is none.
    pub rows: u64,
    /// The digest of the last row.
    pub digest: Option<Digest>,
    pub marks: Marks,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Until then, with it.
    pub until: Option<Timestamp>,
    /// Only those behind this row.
    pub after: Option<i64>,
    /// The newest so many, in ascending order.
    pub last: Option<u32>,
    /// The oldest so many.
    pub first: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open the store `{path}`")]
    Open { path: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error(
        "the store `{path}` was written by a newer Lanyard (schema {found}, this one knows {known})"
    )]
    Newer { path: String, found: u32, known: u32 },
    #[error("another lanyard holds the store `{path}`; wait until it has finished")]
    Busy { path: String },
    #[error("the store failed to {action}")]
    Failed { action: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("`{prefix}` is too short for a plan; give at least {least} characters of its digest")]
    TooShort { prefix: String, least: usize },
    #[error("{count} plans begin with `{prefix}`; give more of it")]
    Ambiguous { prefix: String, count: usize },
    #[error("the answer to {operation} of run {run} comes from a stale claim (epoch {epoch})")]
    Stale { run: i64, operation: OperationId, epoch: u64 },
    #[error("operation {operation} of run {run}: {transition}")]
    Illegal { run: i64, operation: OperationId, transition: lanyard_core::run::IllegalTransition },
    #[error("cannot reach the store at `{place}`")]
    Unreachable { place: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error(
        "the connection to the store at `{place}` broke off; it failed to {action}, and kept nothing of it"
    )]
    Lost { place: String, action: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error(
        "the connection to the store at `{place}` broke off; it is not known whether it could {action}"
    )]
    Unknown {
        place: String,
        action: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the store is damaged: {0}")]
    Damaged(String),
}
