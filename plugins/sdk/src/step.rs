//! Steps of workflows that a component carries out.

use serde::de::DeserializeOwned;

use crate::{
    bindings, config,
    connector::Connector,
    types::{Attribute, Error, OperationContext, Outcome, StepPlan, StepRequest},
    value::attribute,
};

/// Carries out a step of an operator's workflow.
pub trait Step: Connector {
    /// What [`Step::run`] would do, a line each, in words for the plan.
    /// Changes nothing: the host lets nothing out that writes.
    fn plan(&self, request: &StepRequest) -> Result<Vec<String>, Error>;

    /// Does it.  Look first what is done already: after a failure that
    /// certainly had no effect, after [`Outcome::with_failed`] and when a
    /// person says so, it is called again under the same key.
    fn run(&self, context: &OperationContext, request: &StepRequest) -> Result<Outcome, Error>;

    /// What became of a run that answered [`Outcome::pending`].
    fn poll(&self, _context: &OperationContext, _ticket: &str) -> Result<Outcome, Error> {
        Err(Error::unsupported("poll"))
    }
}

impl StepRequest {
    /// The operator's `with` table, read into a struct.
    pub fn with<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.with)
            .map_err(|error| Error::misconfigured(format!("`with` of the step: {error}")))
    }

    /// A fact of the person, if it is handed over and they have it.
    pub fn fact(&self, name: &str) -> Option<&Attribute> {
        attribute(&self.identity, name)
    }
}

impl<T: Step> bindings::step::exports::lanyard::connector::step::Guest for T {
    fn plan(request: StepRequest) -> Result<StepPlan, Error> {
        let lines = config::load::<T>()?.plan(&request)?;
        Ok(StepPlan { lines, extra: Vec::new() })
    }
    fn run(context: OperationContext, request: StepRequest) -> Result<Outcome, Error> {
        config::load::<T>()?.run(&context, &request)
    }
    fn poll(context: OperationContext, ticket: String) -> Result<Outcome, Error> {
        config::load::<T>()?.poll(&context, &ticket)
    }
}
