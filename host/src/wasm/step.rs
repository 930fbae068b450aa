//! Components as carriers of steps.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use lanyard_core::{fault::Fault, workflow::StepRequest};

use super::{Call, Purpose, WasmConnector, on_an_instance};
use crate::connector::{Outcome, StepCall, StepComponent, WriteContext};

/// Lines of what a component says it would do, and characters of each.
const MAX_LINES: usize = 20;
const MAX_LINE: usize = 200;

#[async_trait]
impl StepComponent for WasmConnector {
    async fn plan(&self, call: &StepCall) -> Result<Vec<String>, Fault> {
        let call = self.handed(call);
        let lines =
            on_an_instance!(self, Purpose::Read, None, |instance| instance.plan_step(&call))?;
        Ok(bounded(lines))
    }

    async fn run(&self, context: WriteContext, call: &StepCall) -> Result<Outcome, Fault> {
        let call = self.handed(call);
        let journal = Some(Arc::clone(&context.journal));
        on_an_instance!(self, Purpose::Write, journal, |instance| instance
            .run_step(&context, &call))
    }

    async fn poll(&self, context: WriteContext, ticket: &str) -> Result<Outcome, Fault> {
        on_an_instance!(self, Purpose::Read, None, |instance| instance.poll_step(&context, ticket))
    }
}

impl WasmConnector {
    /// What the operator hands over and the manifest does not ask for stays
    /// here; a manifest that names nothing asks for all of it.
    fn handed(&self, call: &StepCall) -> StepCall {
        let asked: BTreeSet<&str> = self.manifest().attributes.iter().map(String::as_str).collect();
        let mut call = call.clone();
        let StepRequest { facts, with: _ } = &mut call.request;
        if !asked.is_empty() {
            facts.retain(|name, _| asked.contains(name.as_str()));
        }
        call
    }
}

/// Not more than people read.
fn bounded(lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MAX_LINES);
    let mut kept: Vec<String> = lines
        .into_iter()
        .take(MAX_LINES)
        .map(|line| {
            let mut characters = line.chars();
            let mut kept: String = characters.by_ref().take(MAX_LINE).collect();
            if characters.next().is_some() {
                kept.push('…');
            }
            kept
        })
        .collect();
    if more > 0 {
        kept.push(format!("… and {more} lines more"));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_component_says_is_bounded_in_lines_and_characters() {
        let lines = vec!["ä".repeat(MAX_LINE), "b".repeat(MAX_LINE + 1)];
        let kept = bounded(lines);
        assert_eq!(kept[0].chars().count(), MAX_LINE);
        assert_eq!(kept[1], format!("{}…", "b".repeat(MAX_LINE)));
        let kept = bounded(vec![String::new(); MAX_LINES + 3]);
        assert_eq!(kept.len(), MAX_LINES + 1);
        assert_eq!(kept[MAX_LINES], "… and 3 lines more");
    }
}
