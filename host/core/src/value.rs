//! Values and attributes, as connectors speak of them.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// The one way to point at an object of a system: its type and immutable key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub object_type: String,
    pub uid: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.object_type, self.uid)
    }
}

/// One value of one attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    Text(String),
    Integer(i64),
    /// Exact decimal as text.
    Decimal(String),
    Boolean(bool),
    Instant(Timestamp),
    Date(Date),
    Bytes(Vec<u8>),
    Reference(ObjectRef),
    /// JSON as text.
    Structured(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Decimal(text) | Self::Structured(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
            Self::Date(date) => date.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Reference(reference) => f.write_str(&reference.uid),
        }
    }
}

/// How much of an attribute was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    Complete,
    Incomplete,
    Withheld,
}

/// An attribute with its values; `effective_*` as in the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub values: Vec<Value>,
    pub completeness: Completeness,
    pub effective_from: Option<Timestamp>,
    pub effective_until: Option<Timestamp>,
}

impl Attribute {
    /// An attribute that is complete and in effect without end.
    pub fn new(name: impl Into<String>, values: Vec<Value>) -> Self {
        Self {
            name: name.into(),
            values,
            completeness: Completeness::Complete,
            effective_from: None,
            effective_until: None,
        }
    }
}

/// Change of one attribute; attributes not named are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub name: String,
    pub change: ValueChange,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueChange {
    /// Set exactly these; empty clears.
    Replace(Vec<Value>),
    Modify {
        add: Vec<Value>,
        remove: Vec<Value>,
    },
}
