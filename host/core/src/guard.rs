//! The guard: limits and protected accounts; a plan in, findings out.

use serde::{Deserialize, Serialize};

use crate::id::{ConnectorName, OperationId};

/// The guard's objection to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub target: Option<ConnectorName>,
    /// What is wrong and what to do about it.
    pub text: String,
    /// The operations it blocks; everything else goes on.
    pub blocks: Vec<OperationId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// More would be taken away than the limit allows.
    MassRemoval,
    /// A protected account would be written.
    Protected,
    /// A source answered far fewer records than last time.
    SourceShrank,
}

impl FindingKind {
    /// The word to release it with.
    pub fn word(self) -> &'static str {
        match self {
            Self::MassRemoval => "mass-removal",
            Self::Protected => "protected",
            Self::SourceShrank => "source-shrank",
        }
    }

    /// Whether a person can release it; a protected account never is.
    pub fn releasable(self) -> bool {
        !matches!(self, Self::Protected)
    }
}
