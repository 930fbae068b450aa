//! One identity going through a workflow once, as it is recorded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{Digest, IdentityId, StepName, WorkflowName};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    pub identity: IdentityId,
    pub workflow: WorkflowName,
    /// From 1, for this identity and workflow.
    pub ordinal: u32,
    /// Of the definition it began with, and goes on with.
    pub version: Digest,
    /// When what it is about began (the end of the last day, say), or when
    /// that was learned, if it was late.
    pub began: Timestamp,
    /// Who began it, when a person did: it is about nothing that could end.
    pub by: Option<String>,
    pub end: Option<EpisodeEnd>,
    /// The trigger has stopped to hold since; a new episode may begin.
    pub left: Option<Timestamp>,
    /// Steps that have begun.
    pub steps: BTreeMap<StepName, StepRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EpisodeEnd {
    /// Every step has ended.
    Finished { at: Timestamp },
    /// What it was about is no longer so; nothing more of it is done.
    Withdrawn { at: Timestamp },
    /// A person ended it.
    Cancelled { at: Timestamp, by: String },
    /// A step failed, and the workflow says to stop then.
    Stopped { at: Timestamp, step: StepName },
    /// It never began: what it is about was so before the workflow was there.
    Before { at: Timestamp },
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepRecord {
    Begun { at: Timestamp },
    Ended { at: Timestamp, end: StepEnd },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    Done,
    /// Its `when` did not hold.
    Skipped,
    /// It took longer than its timeout.
    TimedOut,
}

impl StepEnd {
    /// Whether what comes after it goes on without further ado.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed out",
        }
    }
}

impl Episode {
    /// Whether steps of it may still become due.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it counts for anything: it began, nobody ended it, and what it
    /// is about is still so.
    pub fn stands(&self) -> bool {
        let void = matches!(
            self.end,
            Some(
                EpisodeEnd::Cancelled { .. }
                    | EpisodeEnd::Before { .. }
                    | EpisodeEnd::Withdrawn { .. }
            )
        );
        self.left.is_none() && !void
    }

    /// How it stands, in one word.
    pub fn word(&self) -> &'static str {
        match &self.end {
            None => "open",
            Some(EpisodeEnd::Finished { .. }) => "finished",
            Some(EpisodeEnd::Withdrawn { .. }) => "withdrawn",
            Some(EpisodeEnd::Cancelled { .. }) => "cancelled",
            Some(EpisodeEnd::Stopped { .. }) => "stopped",
            Some(EpisodeEnd::Before { .. }) => "not begun",
        }
    }

    /// When and how a step ended.
    pub fn ended(&self, step: &StepName) -> Option<(Timestamp, &StepEnd)> {
        match self.steps.get(step)? {
            StepRecord::Ended { at, end } => Some((*at, end)),
            StepRecord::Begun { .. } => None,
        }
    }
}
