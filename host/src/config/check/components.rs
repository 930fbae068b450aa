//! Components that carry out steps, and the steps that name them.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_core::{
    id::{ConnectorName, FactName},
    workflow::{Action, Given},
};

use super::Check;
use crate::config::{
    document::{Part, Place},
    report::ConfigError,
    written::{File, Step},
};

/// What `with` can read besides facts.
const OWN: [&str; 4] = ["manager", "accounts", "workflow", "step"];

/// The facts that each is handed.
pub(super) fn handed(
    check: &mut Check<'_, '_>,
    file: &File,
) -> BTreeMap<ConnectorName, BTreeSet<FactName>> {
    let mut handed = BTreeMap::new();
    for (name, component) in file.component.iter() {
        let place = Place::of(["component", name.as_str(), "attributes"]);
        for (index, fact) in component.attributes.iter().enumerate() {
            let place = place.index(index);
            check.fact(fact.as_str(), |check, error| check.value(&place, error));
        }
        handed.insert(name.clone(), component.attributes.iter().cloned().collect());
    }
    handed
}

/// `run`: a component that is in the file, and what it is given.
pub(super) fn run(
    check: &mut Check<'_, '_>,
    place: &Place,
    component: &ConnectorName,
    step: &Step,
) -> Action<String> {
    check.component(&place.key("run"), component);
    let mut with = BTreeMap::new();
    for (key, texts) in step.with.iter() {
        let place = place.key("with").key(key);
        // A text has no first element.
        let list = texts.0.is_empty() || check.report.document.has(&place.index(0));
        let given = match texts.0.as_slice() {
            [text] if !list => {
                check.template(&place, text, &OWN);
                Given::One(text.clone())
            }
            texts => {
                for (index, text) in texts.iter().enumerate() {
                    check.template(&place.index(index), text, &OWN);
                }
                Given::Several(texts.to_vec())
            }
        };
        with.insert(key.clone(), given);
    }
    Action::Run { component: component.clone(), with }
}

impl Check<'_, '_> {
    /// Is it a component?  If not, that is reported.
    fn component(&mut self, place: &Place, name: &ConnectorName) {
        let components = self.names("component");
        if components.iter().any(|component| component == name.as_str()) {
            return;
        }
        let error = ConfigError::new(format!("unknown component `{name}`"))
            .label(format!("no `[component.{name}]` in this file"))
            .nearest(name.as_str(), components.iter().map(String::as_str));
        self.at(place, Part::Value, error);
    }
}
