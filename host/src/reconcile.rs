//! The one road, walked: settle, read, plan, guard, execute.
//!
//! Everything that decides is in `lanyard-core`; this room reads, stores and
//! calls, in the order that makes a crash at any point harmless.

mod actor;
mod answer;
mod answers;
mod approvals;
mod call;
mod carry;
mod cases;
mod credential;
mod decide;
mod desk;
mod dropped;
mod erase;
mod execute;
mod known;
mod lives;
mod look;
mod obligations;
mod perform;
mod progress;
mod read;
mod recall;
mod record;
mod requests;
mod reviews;
mod settle;
mod steps;
mod stop;
mod survey;
mod tell;
mod turn;
mod undo;
mod union;
mod whose;
mod withheld;
mod xray;

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use lanyard_core::{
    fault::Fault,
    id::{ConnectorName, Digest},
    identity::UnknownFact,
    policy::Policy,
    schedule::Halt,
};

use crate::{
    connector::Connectors,
    messenger::Messenger,
    store::{Store, StoreError},
};

pub use actor::SeveralPeople;
pub use answers::{ReviewAnswer, Reviewed, decide_review};
pub use approvals::{ask_anew, release};
pub use carry::words;
pub use cases::{
    CaseError, Cases, DecidedAccount, Decider, cases, decide_account, decide_record,
    decide_still_erased, reopen_account, reopen_record, reopen_still_erased,
};
pub use decide::{
    About, DecisionError, OpenApproval, Said, Saying, decide, open_approvals, say_of_step,
};
pub use desk::is_meant;
pub use dropped::{retired, sentences};
pub use erase::{EraseError, Erasing, erase_by_order};
pub use execute::execute;
pub use known::{LastKnown, Renamed, Supposed, last_known, lately, suppose, suppose_renamed};
pub use obligations::{CloseError, close_obligation};
pub use progress::{Progress, StepTold, Summary};
pub use recall::{RecallError, had_then};
pub use record::said_by_a_person;
pub use requests::{RequestError, remove_request, request_access};
pub use reviews::{Cancelled, cancel_review};
pub use settle::{Settled, Settling, settle};
pub use stop::Stop;
pub use survey::{SourcesRead, Survey, at_once, read_sources, refresh, survey};
pub use turn::{not_written_now, too_seldom};
pub use undo::{Became, became};
pub use union::{UnionError, merge_identities, split_identity};
pub use xray::{look_through, look_through_recorded};

/// What every step of the road needs.
#[derive(Clone)]
pub struct Context {
    pub policy: Arc<Policy>,
    /// Digest of the operator's file.
    pub config: Digest,
    pub store: Arc<dyn Store>,
    pub connectors: Connectors,
    pub messenger: Arc<dyn Messenger>,
    /// Who ordered it (an OS user).
    pub actor: String,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Ends every waiting, and a run between two operations.
    pub stop: Stop,
}

impl Context {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Nothing is looked at while everything is halted.
pub(crate) async fn nothing_is_halted(store: &dyn Store) -> Result<(), ReconcileError> {
    match store.halted().await? {
        None => Ok(()),
        Some(halt) => Err(ReconcileError::Halted(Box::new(halt))),
    }
}

/// Why the road ends early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error("cannot read the source `{source_name}`; nothing was planned")]
    Source {
        source_name: ConnectorName,
        #[source]
        fault: Fault,
    },
    #[error("{unknown}")]
    Fact {
        unknown: UnknownFact,
        /// What sources declare.
        known: BTreeSet<String>,
    },
    #[error("everything is halted {0}")]
    Halted(Box<Halt>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a plan cannot be written down")]
    Digest(#[from] serde_json::Error),
}
