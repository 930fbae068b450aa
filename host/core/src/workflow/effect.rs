//! What a step does outside accounts and grants: carried out at most once for
//! an identity, an episode and a step.

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    approval::{Others, Question},
    component::{StepRequest, step_key},
};
use crate::{
    access::Side,
    id::{
        ConnectorName, Digest, FactName, IdentityId, MessageName, StepName, WebhookName,
        WorkflowName,
    },
    operation::Cause,
    value::ObjectRef,
};

/// Where a message has the credential that is not made yet; nothing that is
/// planned or stored has another.
pub const CREDENTIAL: &str = "\u{2039}credential\u{203a}";

/// How long a step with an effect is tried when the file does not say.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// The first pause after an attempt that certainly had no effect; each is
/// twice the one before.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// Somebody, as seen from the person a workflow is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whom {
    Themself,
    /// Their manager (1), the manager of that one (2), …
    Manager(u8),
    /// By the key of a record.
    Key(String),
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Themself => f.write_str("self"),
            Self::Manager(levels) => f.write_str(&vec!["manager"; usize::from(*levels)].join(".")),
            Self::Key(key) => f.write_str(key),
        }
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    Person(Whom),
    /// A mail address.
    Mail(String),
    Webhook(WebhookName),
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(whom) => whom.fmt(f),
            Self::Mail(address) => f.write_str(address),
            Self::Webhook(name) => write!(f, "webhook {name}"),
        }
    }
}

/// Who has to agree, and what happens when nobody answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approve<T> {
    /// One of each stage, in order.
    pub stages: Vec<Vec<Whom>>,
    /// No answer for so long is a no.
    pub expire: SignedDuration,
    /// What they are asked, as people read it.
    pub reason: Option<T>,
    /// Who may answer as well when nobody has for so long.
    pub escalate: Option<(SignedDuration, Whom)>,
    /// What approvers are told; without it they look for themselves.
    pub template: Option<MessageName>,
}

/// An effect that a plan carries out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    pub identity: IdentityId,
    pub workflow: WorkflowName,
    /// Of the episode.
    pub ordinal: u32,
    pub step: StepName,
    /// From 1; a later one follows an attempt that certainly had no effect.
    pub attempt: u32,
    pub effect: Effect,
    pub causes: Vec<Cause>,
}

impl PlannedStep {
    /// What tells it from every other, in every attempt.
    pub fn key(&self) -> String {
        step_key(self.identity, (&self.workflow, self.ordinal, &self.step))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Messages that are not sent yet; `ticket` when a person has to say that
    /// what is asked for is done.
    Notify { deliveries: Vec<Delivery>, ticket: bool },
    /// A question to approvers, and what they are told.
    Ask { question: Question, deliveries: Vec<Delivery> },
    /// Others are asked the same now, and told so.
    Remind { deliveries: Vec<Delivery> },
    /// It is asked of others, who are told; and so is whoever has to be by
    /// now.
    AskOthers { others: Others, deliveries: Vec<Delivery> },
    /// A fact of ours.
    SetFact { fact: FactName, value: String },
    /// Access is asked for; for so long at most.
    Request {
        access: Side,
        until: Option<SignedDuration>,
        reason: String,
        /// Their first day.
        start: Option<Timestamp>,
    },
    /// These requests end.
    EndRequests { requests: Vec<String> },
    /// An account gets a new password, which these are told in place of
    /// [`CREDENTIAL`].
    Credential {
        target: ConnectorName,
        account: ObjectRef,
        login: String,
        /// Random characters of it.
        length: u16,
        must_change: bool,
        /// Also in place of one that is in use.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
        deliveries: Vec<Delivery>,
    },
    /// A component carries it out.
    Run { component: ConnectorName, request: StepRequest },
    /// A component that took it on is asked what became of it.
    Poll { component: ConnectorName, ticket: String },
}

/// One message to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The same for every attempt, and for no other message.
    pub id: String,
    pub to: Address,
    /// Of one line.
    pub subject: String,
    pub body: String,
}

impl Delivery {
    /// What tells this message from every other, whatever it says.
    pub fn id_of(
        identity: IdentityId,
        (workflow, ordinal, step): (&WorkflowName, u32, &StepName),
        to: &Address,
    ) -> String {
        let digest = Digest::of(format!("{identity}\n{workflow}\n{ordinal}\n{step}\n{to}"));
        digest.as_str().get(..32).unwrap_or(digest.as_str()).to_owned()
    }
}

impl Delivery {
    /// The same message of a later attempt says something else.
    pub(crate) fn of_attempt(self, attempt: u32) -> Self {
        let digest = Digest::of(format!("{}\n{attempt}", self.id));
        let id = digest.as_str().get(..32).unwrap_or(digest.as_str()).to_owned();
        Self { id, ..self }
    }

    /// What tells a message about a request from every other.
    pub fn id_about(request: &str, to: &Address) -> String {
        let digest = Digest::of(format!("request {request}\n{to}"));
        digest.as_str().get(..32).unwrap_or(digest.as_str()).to_owned()
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    Mail(String),
    Webhook(WebhookName),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => f.write_str(address),
            Self::Webhook(name) => write!(f, "webhook {name}"),
        }
    }
}

/// How long after attempt `attempt` (from 1) there is another one.
pub fn pause_after(attempt: u32) -> SignedDuration {
    let doublings = attempt.saturating_sub(1).min(16);
    FIRST_PAUSE.checked_mul(1 << doublings).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

/// How far an effect is that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    /// From 1.
    pub count: u32,
    /// Messages that are sent.
    pub sent: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_of_each_request_and_of_none_twice() {
        let mail = |name: &str| Address::Mail(format!("{name}@x.example"));
        let of = |request: &str, name: &str| Delivery::id_about(request, &mail(name));
        let messages = [of("r1", "ada"), of("r1", "ben"), of("r2", "ada"), of("r1", "ada")];
        assert_eq!(BTreeSet::from(messages).len(), 3);
    }
}
