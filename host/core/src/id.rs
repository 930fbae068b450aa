//! Names and ids, each a type of its own so that they cannot be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fact::RecordKey;

/// A name an operator wrote in the file: lower-case letters, digits, `-` and
/// `_`, beginning with a letter, at most 64 bytes.
///
/// # Errors
/// Says which rule was broken.
fn checked_name(text: &str) -> Result<(), NameError> {
    let first = text.chars().next().ok_or(NameError::Empty)?;
    if text.len() > 64 {
        return Err(NameError::TooLong);
    }
    if !first.is_ascii_lowercase() {
        return Err(NameError::FirstLetter);
    }
    match text
        .chars()
        .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')))
    {
        Some(found) => Err(NameError::Character(found)),
        None => Ok(()),
    }
}

/// Why a name in the file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name cannot be empty")]
    Empty,
    #[error("a name has at most 64 characters")]
    TooLong,
    #[error("a name begins with a lower-case letter")]
    FirstLetter,
    #[error("a name has only lower-case letters, digits, `-` and `_`, not `{0}`")]
    Character(char),
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// # Errors
            /// The rule of names that `text` breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                checked_name(&text)?;
                Ok(Self(text))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// A configured instance of a plugin: a source or a target.
    ConnectorName
}
name! {
    /// A rule of the file.
    RuleName
}
name! {
    /// A role of the file.
    RoleName
}
name! {
    /// What must not be held together, or what excludes each other: a
    /// `[sod.…]` or `[exclusive.…]` of the file.
    SeparationName
}
name! {
    /// A workflow of the file.
    WorkflowName
}
name! {
    /// A step of a workflow.
    StepName
}
name! {
    /// What people are told by steps.
    MessageName
}
name! {
    /// Where messages go that are no mail.
    WebhookName
}
name! {
    /// Which plans need the agreement of people: an `[approval.…]` of the file.
    ApprovalName
}
name! {
    /// A review of access: a `[review.…]` of the file.
    ReviewName
}
name! {
    /// The name of a fact of an identity (`given_name`, `department`).
    FactName
}

/// The stable id of a person (or service) in Lanyard.
///
/// Made from the source and the key of the first record we saw of them, so
/// that planning needs no randomness; kept in the store from then on, whatever
/// happens to that record later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityId(Uuid);

impl IdentityId {
    /// Namespace of the version 5 UUIDs below; any fixed value would do.
    const NAMESPACE: Uuid = Uuid::from_u128(0x6c61_6e79_6172_6400_9d3e_51a4_1c2b_7f60);

    /// The id of the identity first seen as record `key` of `source`.
    pub fn first_seen(source: &ConnectorName, key: &str) -> Self {
        Self(Uuid::new_v5(&Self::NAMESPACE, format!("{source}\n{key}").as_bytes()))
    }

    /// The id of somebody who begins anew under a record that was of others
    /// so many times.
    pub fn again(record: &RecordKey, times: u64) -> Self {
        let RecordKey { source, key } = record;
        Self(Uuid::new_v5(&Self::NAMESPACE, format!("{source}\n{key}\nagain {times}").as_bytes()))
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for IdentityId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// SHA-256 as lower-case hexadecimal: plans, plugins, permissions, files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        use sha2::{Digest as _, Sha256};
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes.as_ref()) {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Digest of the canonical JSON of `value` (maps must be ordered).
    ///
    /// # Errors
    /// When `value` cannot be written as JSON.
    pub fn of_json<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(Self::of)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve characters, enough for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of an operation within its plan, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
