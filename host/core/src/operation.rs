//! One change at one target, with its cause.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountState,
    id::{
        ConnectorName, Digest, FactName, IdentityId, OperationId, ReviewName, RoleName, RuleName,
        StepName, WorkflowName,
    },
    lifecycle::LifecycleState,
    value::{Attribute, AttributeChange, ObjectRef, Value},
};

/// The account an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountPointer {
    Known(ObjectRef),
    /// The one that this plan creates for the same identity at the same
    /// target; the type of object it has.
    Created {
        object_type: String,
    },
}

/// What is to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Create {
        object_type: String,
        name: String,
        anchor: String,
        attributes: Vec<Attribute>,
        /// `Active` or `Disabled`.
        state: AccountState,
    },
    Update {
        account: ObjectRef,
        name: Option<String>,
        anchor: Option<String>,
        attributes: Vec<AttributeChange>,
        /// What is replaced, for people; without values that are secret or
        /// of a special category.
        #[serde(default)]
        before: Before,
    },
    Enable {
        account: ObjectRef,
    },
    Disable {
        account: ObjectRef,
    },
    Delete {
        account: ObjectRef,
    },
    Grant {
        holder: AccountPointer,
        entitlement: ObjectRef,
        relation: String,
        label: String,
    },
    Revoke {
        holder: ObjectRef,
        entitlement: ObjectRef,
        relation: String,
        label: String,
    },
    Credentials {
        account: ObjectRef,
        verb: CredentialVerb,
    },
}

/// What is done to what somebody is signed in with.  It can be repeated, and
/// shows in no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialVerb {
    /// They have to sign in again.
    EndSessions,
    /// Sessions, and everything else that keeps somebody in: refresh tokens,
    /// app passwords, keys.
    Revoke,
}

/// What an update found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    pub name: Option<String>,
    pub anchor: Option<String>,
    /// Old values of changed attributes, as far as they may be shown.
    pub attributes: BTreeMap<String, Vec<Value>>,
}

impl Change {
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Create { .. } => OperationKind::Create,
            Self::Update { .. } => OperationKind::Update,
            Self::Enable { .. } => OperationKind::Enable,
            Self::Disable { .. } => OperationKind::Disable,
            Self::Delete { .. } => OperationKind::Delete,
            Self::Grant { .. } => OperationKind::Grant,
            Self::Revoke { .. } => OperationKind::Revoke,
            Self::Credentials { verb: CredentialVerb::EndSessions, .. } => {
                OperationKind::EndSessions
            }
            Self::Credentials { verb: CredentialVerb::Revoke, .. } => {
                OperationKind::RevokeCredentials
            }
        }
    }

    /// The account it touches, when it exists already.
    pub fn account(&self) -> Option<&ObjectRef> {
        match self {
            Self::Create { .. } | Self::Grant { holder: AccountPointer::Created { .. }, .. } => {
                None
            }
            Self::Update { account, .. }
            | Self::Enable { account }
            | Self::Disable { account }
            | Self::Delete { account }
            | Self::Credentials { account, .. } => Some(account),
            Self::Grant { holder: AccountPointer::Known(holder), .. }
            | Self::Revoke { holder, .. } => Some(holder),
        }
    }
}

impl Change {
    /// The same change of an account that has another key by now; a create,
    /// and a grant to what a plan creates, name no key.
    #[must_use]
    pub fn about(mut self, key: &ObjectRef) -> Self {
        match &mut self {
            Self::Create { .. } | Self::Grant { holder: AccountPointer::Created { .. }, .. } => {}
            Self::Update { account, .. }
            | Self::Enable { account }
            | Self::Disable { account }
            | Self::Delete { account }
            | Self::Credentials { account, .. }
            | Self::Grant { holder: AccountPointer::Known(account), .. }
            | Self::Revoke { holder: account, .. } => account.clone_from(key),
        }
        self
    }
}

/// The verb of an operation, as the contract calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    Create,
    Update,
    Enable,
    Disable,
    Delete,
    Grant,
    Revoke,
    EndSessions,
    RevokeCredentials,
}

impl OperationKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::EndSessions => "end-sessions",
            Self::RevokeCredentials => "revoke-credentials",
        }
    }

    /// Whether it ends what somebody is signed in with.
    pub fn is_about_credentials(self) -> bool {
        matches!(self, Self::EndSessions | Self::RevokeCredentials)
    }

    /// Whether it takes access away; the guard counts these.
    pub fn removes(self) -> bool {
        matches!(self, Self::Disable | Self::Delete | Self::Revoke) || self.is_about_credentials()
    }
}

/// What happened to the person, read off the change between two desired
/// states; an input to no decision but the order of a plan and what the guard
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    Joiner,
    Mover,
    Leaver,
    /// Gone by a person's word, whatever sources say.
    Eject,
    Rehire,
    /// Leave of absence begins or ends.
    Leave,
    /// The person did not change; the target did.
    Drift,
    /// A person has what was done taken back.
    Undo,
}

impl Event {
    pub fn word(self) -> &'static str {
        match self {
            Self::Joiner => "joiner",
            Self::Mover => "mover",
            Self::Leaver => "leaver",
            Self::Eject => "eject",
            Self::Rehire => "rehire",
            Self::Leave => "leave",
            Self::Drift => "drift",
            Self::Undo => "undo",
        }
    }
}

/// One link of the chain from an operation back to what a source said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A rule whose condition holds; line in the operator's file, from 1.
    Rule { rule: RuleName, line: u32 },
    /// A role that a cause before it gives; line in the operator's file.
    Role { role: RoleName, line: u32 },
    /// The lifecycle state, and the sentence why.
    State { state: LifecycleState, because: String },
    /// A fact and the source attributes it was computed from.
    Fact { fact: FactName, source: ConnectorName, record: String, from: Vec<String> },
    /// A step of a workflow; line of the workflow in the operator's file,
    /// when it is still there.
    Step { workflow: WorkflowName, step: StepName, line: Option<u32> },
    /// The leaver policy (`delete-after` passed, say).
    Leaver { because: String },
    /// A source told so many whole days after it should have been done.
    Late { days: i64 },
    /// A request of people for access; its id, and who said what.
    Request { id: String, about: String },
    /// A review took it away; the item, and who said what.
    Review { review: ReviewName, item: String, about: String },
    /// A person has an operation of an earlier plan taken back.
    Undo {
        plan: Digest,
        operation: OperationId,
        kind: OperationKind,
        /// What the plan after it would do, and why; none: it stays so.
        again: Option<String>,
    },
    /// The target holds something else than what is desired.
    Observed { because: String },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { rule, line } => write!(f, "rule `{rule}` (line {line})"),
            Self::Role { role, line } => write!(f, "role `{role}` (line {line})"),
            Self::State { state, because } => write!(f, "state {}: {because}", state.word()),
            Self::Fact { fact, source, record, from } => {
                write!(f, "fact {fact} from {source} record {record}")?;
                match from.as_slice() {
                    [] => Ok(()),
                    [column] => write!(f, ", column {column}"),
                    columns => write!(f, ", columns {}", columns.join(", ")),
                }
            }
            Self::Step { workflow, step, line } => {
                write!(f, "workflow `{workflow}`, step `{step}`")?;
                line.map_or(Ok(()), |line| write!(f, " (line {line})"))
            }
            Self::Leaver { because } => write!(f, "leaver policy: {because}"),
            Self::Late { days } => write!(f, "late by {days}d: the source told of it so late"),
            Self::Request { id, about } => write!(f, "request {id}: {about}"),
            Self::Review { review, about, .. } => write!(f, "review `{review}`: {about}"),
            Self::Undo { plan, operation, kind, again } => {
                write!(f, "it undoes {} {operation} of plan {}", kind.word(), plan.short())?;
                match again {
                    Some(again) => write!(f, "; the next plan takes it back: {again}"),
                    None => f.write_str("; the next plan leaves it so"),
                }
            }
            Self::Observed { because } => f.write_str(because),
        }
    }
}

impl Cause {
    /// What the audit keeps of it: kinds, and names that stand in the file or
    /// in a schema.  No values of facts, and no sentence that quotes one.
    pub fn named(&self) -> String {
        match self {
            Self::Rule { .. } | Self::Role { .. } | Self::Step { .. } => self.to_string(),
            Self::State { state, .. } => format!("state {}", state.word()),
            Self::Fact { fact, source, from, .. } => match from.as_slice() {
                [] => format!("fact {fact} from {source}"),
                [column] => format!("fact {fact} from {source}, column {column}"),
                columns => format!("fact {fact} from {source}, columns {}", columns.join(", ")),
            },
            Self::Leaver { .. } => "leaver policy".to_owned(),
            Self::Late { days } => format!("late by {days}d"),
            Self::Request { id, .. } => format!("request {id}"),
            Self::Review { review, item, .. } => format!("review {review}, item {item}"),
            Self::Undo { plan, operation, kind, .. } => {
                format!("undoes {} {operation} of plan {}", kind.word(), plan.short())
            }
            Self::Observed { .. } => "what the target holds".to_owned(),
        }
    }
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: OperationId,
    pub identity: IdentityId,
    pub target: ConnectorName,
    pub change: Change,
    /// Operations of the same plan that must be done first.
    pub after: Vec<OperationId>,
    /// Operations of the same plan that come first, whatever becomes of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefer_after: Vec<OperationId>,
    pub event: Event,
    pub causes: Vec<Cause>,
}
