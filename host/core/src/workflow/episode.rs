//! One identity going through a workflow once, as it is recorded.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    approval::Asked,
    component::{Pending, Tried},
    effect::Attempts,
};
use crate::id::{ConnectorName, Digest, IdentityId, StepName, WorkflowName};

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
    /// Of steps that components carry out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tried: BTreeMap<StepName, Tried>,
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

impl EpisodeEnd {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Finished { at }
            | Self::Withdrawn { at }
            | Self::Cancelled { at, .. }
            | Self::Stopped { at, .. }
            | Self::Before { at } => *at,
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepRecord {
    Begun {
        at: Timestamp,
    },
    /// About to be carried out: when nothing follows, nobody knows whether it
    /// was.
    Sent {
        begun: Timestamp,
        at: Timestamp,
        attempts: Attempts,
    },
    /// Certainly not carried out, or not wholly; there is another attempt.
    Again {
        begun: Timestamp,
        attempts: Attempts,
        next: Timestamp,
        why: String,
    },
    /// People are asked.
    Asked {
        begun: Timestamp,
        asked: Asked,
    },
    /// A component took it on, and ends it later.
    Pending {
        begun: Timestamp,
        pending: Pending,
    },
    /// Others were told, and a person says when it is done.
    Told {
        begun: Timestamp,
        at: Timestamp,
    },
    Ended {
        at: Timestamp,
        end: StepEnd,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    Done,
    /// Its `when` did not hold.
    Skipped,
    /// It took longer than its timeout.
    TimedOut,
    /// It may have been carried out, and is not a second time.
    Unknown,
    /// Somebody who was asked said no.
    Denied {
        by: IdentityId,
    },
    /// Nobody who was asked answered in time.
    Expired,
    /// It is so everywhere but at these targets, which cannot do it.
    Unable {
        targets: BTreeSet<ConnectorName>,
    },
    /// A person said that it is done, or need not be.
    Closed {
        by: String,
        reason: Option<String>,
    },
}

impl StepEnd {
    /// Whether what comes after it goes on without further ado.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::Skipped | Self::Closed { .. })
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed out",
            Self::Unknown => "unknown",
            Self::Denied { .. } => "denied",
            Self::Expired => "not answered",
            Self::Unable { .. } => "not able",
            Self::Closed { .. } => "closed by a person",
        }
    }

    /// What went wrong, after "step x".
    pub fn trouble(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Done | Self::Skipped | Self::Closed { .. } => "has ended",
            Self::TimedOut => "took too long",
            Self::Unknown => "broke off: it may have been carried out, and is not repeated",
            Self::Denied { .. } => "was denied",
            Self::Expired => "was answered by nobody in time, which is a no",
            Self::Unable { targets } => {
                let names: Vec<String> = targets.iter().map(|it| format!("`{it}`")).collect();
                let text = format!("cannot be done at {}, which is not able to", names.join(", "));
                return Cow::Owned(text);
            }
        })
    }
}

/// What of an episode is so because somebody looks, and at no other time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// It began, by a step of another workflow.
    pub began: bool,
    /// Steps that ended by what is seen, or by being carried out in the plan
    /// itself, and those that began by that.
    pub steps: BTreeSet<StepName>,
}

/// Stands in a plan for the instant at which it is applied.
const WHEN_APPLIED: Timestamp = Timestamp::MAX;

impl Episode {
    /// As a plan has it: what is so from `now` on because somebody looked is
    /// so from when the plan is applied, and the plan the same an hour later.
    #[must_use]
    pub fn undated(mut self, decided: &Decided, now: Timestamp) -> Self {
        let Decided { began, steps } = decided;
        if *began {
            self.began = WHEN_APPLIED;
        }
        self.left = self.left.map(|_| WHEN_APPLIED);
        let any = *began || !steps.is_empty();
        match &mut self.end {
            Some(EpisodeEnd::Withdrawn { at }) => *at = WHEN_APPLIED,
            Some(EpisodeEnd::Finished { at } | EpisodeEnd::Stopped { at, .. })
                if any && *at == now =>
            {
                *at = WHEN_APPLIED;
            }
            _ => {}
        }
        for (step, record) in &mut self.steps {
            if let StepRecord::Begun { at } | StepRecord::Ended { at, .. } = record
                && (steps.contains(step) || *began && *at == now)
            {
                *at = WHEN_APPLIED;
            }
        }
        self
    }

    /// As it is recorded when a plan is applied.
    #[must_use]
    pub fn dated(mut self, now: Timestamp) -> Self {
        let change = |at: &mut Timestamp| {
            if *at == WHEN_APPLIED {
                *at = now;
            }
        };
        change(&mut self.began);
        self.left.iter_mut().for_each(change);
        if let Some(
            EpisodeEnd::Finished { at }
            | EpisodeEnd::Withdrawn { at }
            | EpisodeEnd::Stopped { at, .. },
        ) = &mut self.end
        {
            change(at);
        }
        for record in self.steps.values_mut() {
            if let StepRecord::Begun { at } | StepRecord::Ended { at, .. } = record {
                change(at);
            }
        }
        self
    }

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
            _ => None,
        }
    }

    /// Since when a step has been under way; none before, and once it has
    /// ended.
    pub fn begun(&self, step: &StepName) -> Option<Timestamp> {
        match self.steps.get(step)? {
            StepRecord::Begun { at } => Some(*at),
            StepRecord::Sent { begun, .. }
            | StepRecord::Again { begun, .. }
            | StepRecord::Asked { begun, .. }
            | StepRecord::Pending { begun, .. }
            | StepRecord::Told { begun, .. } => Some(*begun),
            StepRecord::Ended { .. } => None,
        }
    }

    /// How often a step was tried, and what of it is done.
    pub fn attempts(&self, step: &StepName) -> Attempts {
        match self.steps.get(step) {
            Some(StepRecord::Sent { attempts, .. } | StepRecord::Again { attempts, .. }) => {
                attempts.clone()
            }
            _ => Attempts::default(),
        }
    }
}
