//! What a plan says besides what it does.

use serde::{Deserialize, Serialize};

use crate::id::{ConnectorName, IdentityId};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// None: it is about a target, and holds for everybody there.
    pub identity: Option<IdentityId>,
    pub target: Option<ConnectorName>,
    pub kind: NoteKind,
    pub text: String,
    /// Access that has to go, or may have to, stays because of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// A rule or mapping failed for this identity: it is left as it is.
    Held,
    /// A source or target was not read, or not wholly; what that keeps from
    /// happening.
    NotRead,
    /// An account or grant that is not ours is in the way or in excess.
    Unmanaged,
    /// Something is due later, or waits for something else.
    Waits,
    /// The target cannot do what is desired.
    Unable,
    /// A fact is wrong, and would not have changed the plan.
    Doubtful,
    /// A source or target left the file, and nobody answers for what it left.
    Dropped,
    /// People whom one source no longer has stay by another.
    Elsewhere,
    /// A step of a workflow failed, and a person has to say something.
    Undone,
    /// Something is not given because of what is held.
    Conflict,
    /// A rule gives something, and a review took it away.
    Reviewed,
    /// Nobody can be asked whether something is still needed.
    Unreviewed,
    /// Somebody has to agree to something, and nobody can be asked.
    Unasked,
    /// A source still tells of people who were erased.
    Forgotten,
    /// Whoever checks a target shows something else than the target does.
    Unconfirmed,
}

impl NoteKind {
    /// What a note begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NotRead => "not read",
            Self::Unmanaged => "not ours",
            Self::Waits => "waits",
            Self::Unable => "unable",
            Self::Doubtful => "doubtful",
            Self::Dropped => "dropped",
            Self::Elsewhere => "elsewhere",
            Self::Undone => "not done",
            Self::Conflict => "conflict",
            Self::Reviewed => "reviewed",
            Self::Unreviewed => "review-unasked",
            Self::Unasked => "unasked",
            Self::Forgotten => "still told",
            Self::Unconfirmed => "not confirmed",
        }
    }
}
