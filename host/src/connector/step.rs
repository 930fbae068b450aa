//! Components that carry out steps of workflows.

use async_trait::async_trait;
use lanyard_core::{
    fault::Fault,
    id::{Digest, StepName, WorkflowName},
    workflow::StepRequest,
};

use super::{Outcome, WriteContext};

/// One step of somebody's episode, as a component is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCall {
    pub workflow: WorkflowName,
    /// From 1, for this person and workflow.
    pub ordinal: u32,
    pub step: StepName,
    pub request: StepRequest,
}

/// A configured component that carries out steps.
#[async_trait]
pub trait StepComponent: Send + Sync {
    /// Digest of the component.
    fn plugin(&self) -> &Digest;
    /// What it would do, in its own words, a line each; changes nothing.
    async fn plan(&self, call: &StepCall) -> Result<Vec<String>, Fault>;
    /// Carries it out; the caller has made its intent durable.
    async fn run(&self, context: WriteContext, call: &StepCall) -> Result<Outcome, Fault>;
    /// What became of what it took on; changes nothing.
    async fn poll(&self, context: WriteContext, ticket: &str) -> Result<Outcome, Fault>;
}
