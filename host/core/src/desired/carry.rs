//! What a component is given for a step that it carries out.

use std::collections::BTreeMap;

use super::effects::Teller;
use crate::{
    id::ConnectorName,
    template::Template,
    workflow::{Effect, Given, StepRequest},
};

/// What is done about a step of a component: it is carried out, or asked what
/// became of it.
pub(super) fn effect(
    teller: &Teller<'_>,
    component: &ConnectorName,
    with: &BTreeMap<String, Given<Template>>,
) -> Result<Effect, String> {
    // An episode goes on with the form it began with, whatever the file has.
    let Some(handed) = teller.policy.steps.components.get(component) else {
        return Err(format!("the file has no component `{component}` any more"));
    };
    if let Some(ticket) = teller.topic.ticket() {
        return Ok(Effect::Poll { component: component.clone(), ticket: ticket.to_owned() });
    }
    let scope = teller.scope("", "")?;
    let mut render = |text: &Template| teller.render(text, &scope);
    let with = with.iter().map(|(key, given)| Ok((key.clone(), given.map(&mut render)?)));
    let with = with.collect::<Result<_, String>>()?;
    let person = teller.reach.somebody(teller.about.id)?;
    let facts = handed.iter().filter_map(|name| {
        let fact = person.facts.get(name).filter(|fact| !fact.values.is_empty())?;
        Some((name.clone(), fact.values.clone()))
    });
    let request = StepRequest { with, facts: facts.collect() };
    Ok(Effect::Run { component: component.clone(), request })
}
