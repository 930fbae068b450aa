//! Calls of the interface `step`.

use lanyard_core::{
    value::Attribute,
    workflow::{Given, StepRequest},
};

use super::{
    bindings::exports::lanyard::connector::step,
    convert,
    instance::{Call, CallError, Instance, interface, refused},
};
use crate::connector::{Outcome, StepCall, WriteContext};

impl Instance<'_> {
    pub(in crate::wasm) async fn plan_step(&mut self, call: &StepCall) -> Call<Vec<String>> {
        let guest = interface!(self, step);
        let answer = guest.call_plan(&mut *self.store, &request(call)).await;
        Ok(answer.map_err(CallError::Trap)?.map_err(refused)?.lines)
    }

    pub(in crate::wasm) async fn run_step(
        &mut self,
        context: &WriteContext,
        call: &StepCall,
    ) -> Call<Outcome> {
        let guest = interface!(self, step);
        let context = convert::context(context);
        let answer = guest.call_run(&mut *self.store, &context, &request(call)).await;
        let outcome = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::outcome(outcome).map_err(CallError::Answer)
    }

    pub(in crate::wasm) async fn poll_step(
        &mut self,
        context: &WriteContext,
        ticket: &str,
    ) -> Call<Outcome> {
        let guest = interface!(self, step);
        let context = convert::context(context);
        let answer = guest.call_poll(&mut *self.store, &context, ticket).await;
        let outcome = answer.map_err(CallError::Trap)?.map_err(refused)?;
        convert::outcome(outcome).map_err(CallError::Answer)
    }
}

fn request(call: &StepCall) -> step::StepRequest {
    let StepCall { workflow, ordinal, step, request: StepRequest { with, facts } } = call;
    let identity: Vec<Attribute> =
        facts.iter().map(|(name, values)| Attribute::new(name.as_str(), values.clone())).collect();
    let with: serde_json::Map<String, serde_json::Value> = with
        .iter()
        .map(|(key, given)| {
            let value = match given {
                Given::One(text) => text.as_str().into(),
                Given::Several(texts) => texts.as_slice().into(),
            };
            (key.clone(), value)
        })
        .collect();
    step::StepRequest {
        workflow: workflow.to_string(),
        episode: ordinal.to_string(),
        step: step.to_string(),
        identity: convert::attributes(&identity),
        with: serde_json::Value::Object(with).to_string(),
        extra: Vec::new(),
    }
}
