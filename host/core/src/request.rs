//! Access that people ask for, beside what rules give.
//!
//! Whether a request gives anything is a function of what is recorded of it,
//! of where the person stands and of `now`: nobody has to look in time.

mod make;
mod step;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    access::Side,
    id::{IdentityId, StepName, WorkflowName},
    lifecycle::StateNow,
    operation::Cause,
    template::Template,
    workflow::{Approve, Asked, Effect},
};

pub use self::{
    make::{Beneficiary, RequestRefused, Wish, request},
    step::by_step,
};

/// On which terms something may be asked for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Line in the operator's file, from 1.
    pub line: u32,
    /// It needs an end, and no later one.
    pub longest: Option<SignedDuration>,
    /// Who has to agree; none: nobody.
    pub approval: Option<Approve<Template>>,
}

/// What may be asked for, by the file.
pub type Requestable = BTreeMap<Side, Terms>;

/// Requests of everybody, in the order in which they were made.
pub type Requests = BTreeMap<IdentityId, Vec<Request>>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What people call it by: the beginning is enough.
    pub id: String,
    /// Whom it is for.
    pub identity: IdentityId,
    pub access: Side,
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
    pub reason: String,
    pub by: RequestedBy,
    pub at: Timestamp,
    /// Their first day, as it was known then: a later one is of another
    /// engagement.
    pub start: Option<Timestamp>,
    /// No answer by then is a no, also when nobody could be asked; none when
    /// nobody has to agree.
    pub answer_by: Option<Timestamp>,
    /// Who is asked, once that is known.
    pub asked: Option<Asked>,
    /// How those are called who agreed.
    pub agreed: Vec<String>,
    /// Since when nobody has to agree any more.
    pub given: Option<Timestamp>,
    pub ended: Option<Ended>,
}

/// Who asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestedBy {
    Person {
        /// The OS user.
        user: String,
        /// Who that is among the people, where the file says so.
        identity: Option<IdentityId>,
        /// How people call them.
        label: String,
    },
    Step {
        workflow: WorkflowName,
        step: StepName,
        /// The OS user who began the workflow, when a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

impl fmt::Display for RequestedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { label, .. } => f.write_str(label),
            Self::Step { workflow, step, .. } => write!(f, "workflow `{workflow}`, step `{step}`"),
        }
    }
}

/// When a request ended, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    pub how: RequestEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestEnd {
    /// Somebody who was asked said no.
    Denied { by: String },
    /// Nobody answered in time.
    Expired,
    /// Its own time is over.
    Over,
    /// The person left, or began anew.
    Left,
    /// Somebody took it back, or a step did.
    Removed { by: String, reason: String },
}

impl fmt::Display for RequestEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { by } => write!(f, "denied by {by}"),
            Self::Expired => f.write_str("answered by nobody in time, which is a no"),
            Self::Over => f.write_str("its time is over"),
            Self::Left => f.write_str("they left, or began anew"),
            Self::Removed { by, reason } if reason.is_empty() => write!(f, "ended by {by}"),
            Self::Removed { by, reason } => write!(f, "ended by {by}: {reason}"),
        }
    }
}

impl RequestEnd {
    /// Without names and words of people.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "denied",
            Self::Expired => "not answered",
            Self::Over => "over",
            Self::Left => "left",
            Self::Removed { .. } => "removed",
        }
    }
}

/// A question about a request that a plan asks, or asks others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedQuestion {
    pub identity: IdentityId,
    pub request: String,
    /// `Ask`, `Remind` or `AskOthers`.
    pub effect: Effect,
    pub causes: Vec<Cause>,
}

impl Request {
    /// Whether it may still give something.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether people still have to agree.
    pub fn is_unanswered(&self) -> bool {
        self.is_open() && self.given.is_none()
    }

    /// Those who may not decide about it.
    pub fn own(&self) -> BTreeSet<IdentityId> {
        let by = match &self.by {
            RequestedBy::Person { identity, .. } => *identity,
            RequestedBy::Step { .. } => None,
        };
        by.into_iter().chain([self.identity]).collect()
    }

    /// How it ends by what is so now, where nobody has recorded that yet.
    ///
    /// `start` is the person's first day, as it is known now.
    pub fn ends(
        &self,
        state: &StateNow,
        start: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Ended> {
        if !self.is_open() {
            return None;
        }
        let by_time = [
            (self.expires().filter(|_| self.given.is_none()), RequestEnd::Expired),
            (self.until, RequestEnd::Over),
        ];
        let by_time = by_time.into_iter().filter_map(|(at, how)| Some(Ended { at: at?, how }));
        let first = by_time.filter(|end| end.at <= now).min_by_key(|end| end.at);
        let at_work = self.start.is_none_or(|start| start <= self.at);
        let anew = at_work && start.is_some_and(|start| start > self.at);
        let left = state.state.is_over() || anew;
        first.or_else(|| left.then_some(Ended { at: now, how: RequestEnd::Left }))
    }

    /// When no answer becomes a no.
    fn expires(&self) -> Option<Timestamp> {
        self.asked.as_ref().map(|asked| asked.expires).or(self.answer_by)
    }

    /// Whether it gives something at `now`, unless it has ended.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.is_open() && self.given.is_some() && self.from.is_none_or(|from| from <= now)
    }

    /// As it is when a question of a plan is asked at `at`; none when that is
    /// no longer so.
    pub fn as_asked(&self, effect: &Effect, at: Timestamp) -> Option<Self> {
        if !self.is_unanswered() {
            return None;
        }
        let asked = match (effect, &self.asked) {
            (Effect::Ask { question, .. }, None) => question.clone().asked(at),
            (Effect::Remind { .. }, Some(asked)) => asked.clone().told(at),
            (Effect::AskOthers { others, .. }, Some(asked)) => asked.to_others(others).told(at),
            _ => return None,
        };
        Some(Self { asked: Some(asked), ..self.clone() })
    }

    /// Why nobody can be asked, what comes of that, and what to do.
    pub(crate) fn unasked(&self, sentence: &str) -> String {
        let until = self.expires().map(|at| format!(", and no answer until {at:.0} is a no"));
        let until = until.unwrap_or_default();
        let id = &self.id;
        format!(
            "{sentence}{until}; name somebody who can be in the file or at the source, or say \
             `lanyard request remove {id}`"
        )
    }

    /// As it is after an answer, `asked` with it, of somebody called `label`.
    #[must_use]
    pub fn answered(self, (asked, no): (Asked, bool), label: String, at: Timestamp) -> Self {
        let mut request = self;
        if no {
            request.ended = Some(Ended { at, how: RequestEnd::Denied { by: label } });
        } else {
            request.agreed.push(label);
            request.given = asked.is_agreed().then_some(at);
        }
        request.asked = Some(asked);
        request
    }

    /// Moments at which it may become something else by time alone.
    pub fn moments(&self) -> impl Iterator<Item = Timestamp> {
        let escalated = self.asked.as_ref().and_then(|asked| asked.escalate.as_ref());
        let moments = [self.from, self.until, self.expires(), escalated.map(|(at, _)| *at)];
        let open = self.is_open();
        moments.into_iter().flatten().filter(move |_| open)
    }

    pub fn cause(&self) -> Cause {
        Cause::Request { id: self.id.clone(), about: self.about() }
    }

    /// "requested by Bob Example, approved by Grace Example, until 2026-09-01T00:00:00Z"
    pub fn about(&self) -> String {
        let agreed = Some(self.agreed.join(" and ")).filter(|it| !it.is_empty());
        let agreed = agreed.map(|it| format!(", approved by {it}"));
        let until = self.until.map(|until| format!(", until {until:.0}"));
        let ended = self.ended.as_ref().map(|Ended { at, how }| format!("; since {at:.0}: {how}"));
        let more: String = [agreed, until, ended].into_iter().flatten().collect();
        format!("requested by {}{more}", self.by)
    }
}

#[cfg(test)]
mod tests;
