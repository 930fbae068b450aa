//! A connector that cannot be used, and tells whoever asks it why.
//!
//! It stands where the real one would, so that it delays its own operations
//! and nobody else's.

use std::error::Error;

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_core::{
    account::{Account, Assignment, Entitlement},
    fault::{Fault, FaultKind},
    id::Digest,
    schedule::Pacing,
    schema::{CheckDepth, CheckReport, Schema},
    value::ObjectRef,
};

use super::{
    Abilities, AssignmentScope, Attached, Connector, Gate, Lookup, Outcome, Page, PageRequest,
    StepCall, StepComponent, Write, WriteContext,
};

pub struct Unusable {
    fault: Fault,
    /// That of no component.
    plugin: Digest,
}

impl Unusable {
    /// `why` with everything that lies behind it.
    pub fn new(why: &dyn Error) -> Self {
        let mut text = why.to_string();
        let mut behind = why.source();
        while let Some(error) = behind {
            text.push_str(": ");
            text.push_str(&error.to_string());
            behind = error.source();
        }
        Self {
            fault: Fault::new(FaultKind::Misconfigured("plugin".to_owned()), text),
            plugin: Digest::of("unusable"),
        }
    }

    /// In its place.  Nothing of what it would be is known.
    pub fn attached(self) -> Attached {
        let plugin = self.plugin.clone();
        Attached {
            connector: std::sync::Arc::new(self),
            permission: plugin.clone(),
            plugin,
            page_size: 1,
            parallel: 1,
            gate: Gate::new(Pacing::default(), std::sync::Arc::new(|| Timestamp::UNIX_EPOCH)),
        }
    }

    fn refused<T>(&self) -> Result<T, Fault> {
        Err(self.fault.clone())
    }
}

#[async_trait]
impl Connector for Unusable {
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    async fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Fault> {
        self.refused()
    }

    async fn discover(&self) -> Result<Schema, Fault> {
        self.refused()
    }

    async fn list(&self, _type: &str, _page: PageRequest) -> Result<Page<Account>, Fault> {
        self.refused()
    }

    async fn get(&self, _account: &ObjectRef) -> Result<Account, Fault> {
        self.refused()
    }

    async fn find(&self, _type: &str, _by: &Lookup) -> Result<Vec<Account>, Fault> {
        self.refused()
    }

    async fn list_entitlements(
        &self,
        _type: &str,
        _page: PageRequest,
    ) -> Result<Page<Entitlement>, Fault> {
        self.refused()
    }

    async fn list_assignments(
        &self,
        _scope: &AssignmentScope,
        _page: PageRequest,
    ) -> Result<Page<Assignment>, Fault> {
        self.refused()
    }

    async fn write(&self, _context: WriteContext, _write: &Write) -> Result<Outcome, Fault> {
        self.refused()
    }
}

#[async_trait]
impl StepComponent for Unusable {
    fn plugin(&self) -> &Digest {
        &self.plugin
    }

    async fn plan(&self, _call: &StepCall) -> Result<Vec<String>, Fault> {
        self.refused()
    }

    async fn run(&self, _context: WriteContext, _call: &StepCall) -> Result<Outcome, Fault> {
        self.refused()
    }

    async fn poll(&self, _context: WriteContext, _ticket: &str) -> Result<Outcome, Fault> {
        self.refused()
    }
}
