//! Components as carriers of steps.

use std::sync::Arc;

use async_trait::async_trait;
use lanyard_core::{fault::Fault, id::Digest};

use super::{Call, Purpose, WasmConnector, on_an_instance};
use crate::connector::{Outcome, StepCall, StepComponent, WriteContext};

/// Lines of what a component says it would do, and characters of each.
const MAX_LINES: usize = 20;
const MAX_LINE: usize = 200;

#[async_trait]
impl StepComponent for WasmConnector {
    fn plugin(&self) -> &Digest {
        self.digest()
    }

    async fn plan(&self, call: &StepCall) -> Result<Vec<String>, Fault> {
        let call = handed(&self.manifest().attributes, call);
        let lines =
            on_an_instance!(self, Purpose::Read, None, |instance| instance.plan_step(&call))?;
        Ok(bounded(lines))
    }

    async fn run(&self, context: WriteContext, call: &StepCall) -> Result<Outcome, Fault> {
        let call = handed(&self.manifest().attributes, call);
        let journal = Some(Arc::clone(&context.journal));
        on_an_instance!(self, Purpose::Write, journal, |instance| instance
            .run_step(&context, &call))
    }

    async fn poll(&self, context: WriteContext, ticket: &str) -> Result<Outcome, Fault> {
        on_an_instance!(self, Purpose::Read, None, |instance| instance.poll_step(&context, ticket))
    }
}

/// What the operator hands over and the manifest does not ask for stays here;
/// a manifest that names nothing asks for all of it.
fn handed(asked: &[String], call: &StepCall) -> StepCall {
    let mut call = call.clone();
    if !asked.is_empty() {
        let asked = |name: &str| asked.iter().any(|asked| asked == name);
        call.request.facts.retain(|name, _| asked(name.as_str()));
    }
    call
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
    use std::collections::BTreeMap;

    use lanyard_core::{value::Value, workflow::StepRequest};

    use super::*;

    #[test]
    fn a_fact_that_the_manifest_does_not_ask_for_is_not_handed_over() {
        let fact = |name: &str| (name.parse().unwrap(), vec![Value::Text("x".to_owned())]);
        let call = StepCall {
            workflow: "leaver".parse().unwrap(),
            ordinal: 1,
            step: "hand".parse().unwrap(),
            request: StepRequest {
                with: BTreeMap::new(),
                facts: BTreeMap::from([fact("mail"), fact("salary")]),
            },
        };
        let given = handed(&["mail".to_owned(), "title".to_owned()], &call).request.facts;
        assert_eq!(given, BTreeMap::from([fact("mail")]));
        assert_eq!(handed(&[], &call), call, "a manifest that names nothing asks for all");
    }

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
