//! Messages to people and to systems that are no targets.
//!
//! One trait, so that whoever carries out a plan knows neither SMTP nor HTTP:
//! a message is sent, certainly not sent, or nobody knows.

mod mail;
mod post;
mod webhook;

use async_trait::async_trait;
use lanyard_core::{
    id::{IdentityId, StepName, WorkflowName},
    workflow::Address,
};

pub use post::{MessengerError, Post};

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub identity: IdentityId,
    pub workflow: WorkflowName,
    pub step: StepName,
}

/// One message, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same for every attempt, and for no other message.
    pub id: String,
    pub to: Address,
    /// Of one line.
    pub subject: String,
    pub body: String,
    /// Several when it is a digest.
    pub about: Vec<Topic>,
}

/// What became of a message; reasons have neither addresses nor secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It was taken.
    Done,
    /// It certainly was not, and can be sent again.
    Not(String),
    /// It may have been.
    Unknown(String),
}

#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends it once, within a bounded time.
    async fn send(&self, message: &Outgoing) -> Sent;

    /// Whether something could be sent there now, without sending anything.
    ///
    /// # Errors
    /// Why nothing can, as [`Sent::Not`] says it.
    async fn reach(&self, to: &Address) -> Result<(), String>;
}

const NO_WAY: &str = "the file names no way to send it";

/// Where nothing can be sent, because the file names no way.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

#[async_trait]
impl Messenger for Nowhere {
    async fn send(&self, _: &Outgoing) -> Sent {
        Sent::Not(NO_WAY.to_owned())
    }

    async fn reach(&self, _: &Address) -> Result<(), String> {
        Err(NO_WAY.to_owned())
    }
}
