//! Templates and conditions: that they compile, and read what there is.

use std::collections::BTreeSet;

use lanyard_core::template::{Expression, ExpressionError, Template};

use super::Check;
use crate::config::{
    document::{Document, Place},
    report::ConfigError,
    written::File,
};

/// What Lanyard knows of everybody, besides facts.
const KNOWN: [&str; 4] = ["id", "key", "state", "ejected"];
/// Facts with a meaning to the lifecycle, which a source need not give.
const STANDARD: [&str; 7] =
    ["start", "end", "status", "timezone", "leave", "leave_start", "leave_end"];

/// Every fact that can be there; none when a source passes on attributes
/// that only its connector knows.
pub(super) fn known_facts(file: &File, document: &Document<'_>) -> Option<Vec<String>> {
    let sources = document.keys(&Place::of(["source"]));
    let mut facts: Vec<String> = Vec::new();
    for source in &sources {
        let place = Place::of(["source", source]);
        if document.has(&place.key("table")) {
            let given = document.keys(&place.key("table").key("facts"));
            facts.extend(given.into_iter().map(str::to_owned));
            continue;
        }
        let written = document.keys(&place.key("facts"));
        if written.is_empty() {
            return None;
        }
        facts.extend(written.into_iter().map(str::to_owned));
    }
    let trees = file.source.iter().filter_map(|(_, source)| source.table.as_ref()?.within.as_ref());
    facts.extend(trees.map(ToString::to_string));
    for target in document.keys(&Place::of(["target"])) {
        let provided = document.keys(&Place::of(["target", target, "provides"]));
        facts.extend(provided.into_iter().map(str::to_owned));
    }
    if sources.is_empty() || file.source.is_empty() {
        return None;
    }
    facts.extend(STANDARD.map(str::to_owned));
    let steps = file.workflow.iter().flat_map(|(_, workflow)| &workflow.steps);
    facts.extend(steps.filter_map(|step| Some(step.fact.as_ref()?.to_string())));
    Some(facts)
}

impl Check<'_, '_> {
    /// A template over facts and the variables in `own`.
    pub(super) fn template(
        &mut self,
        place: &Place,
        source: &str,
        own: &[&str],
    ) -> Option<Template> {
        let template = self.record_template(place, source)?;
        self.reads(place, source, template.reads(), own);
        Some(template)
    }

    /// A template over a source's record, whose attributes only the connector
    /// knows.
    pub(super) fn record_template(&mut self, place: &Place, source: &str) -> Option<Template> {
        match self.expressions.template(source) {
            Ok(template) => Some(template),
            Err(error) => {
                self.bad_expression("template", place, source, error);
                None
            }
        }
    }

    pub(super) fn condition(&mut self, place: &Place, source: &str) -> Option<Expression> {
        match self.expressions.condition(source) {
            Ok(expression) => {
                self.reads(place, source, expression.reads(), &[]);
                Some(expression)
            }
            Err(error) => {
                self.bad_expression("expression", place, source, error);
                None
            }
        }
    }

    fn bad_expression(&mut self, what: &str, place: &Place, source: &str, error: ExpressionError) {
        let key = place.last_key().unwrap_or_default();
        let ExpressionError { message, range } = error;
        let title = ConfigError::new(format!("bad {what} in `{key}`")).label(message);
        self.report.within(place, source, range, title);
    }

    fn reads(&mut self, place: &Place, source: &str, reads: &BTreeSet<String>, own: &[&str]) {
        for name in reads {
            if !own.contains(&name.as_str()) && !KNOWN.contains(&name.as_str()) {
                self.fact(name, |check, error| {
                    check.report.within(place, source, word(source, name), error);
                });
            }
        }
    }

    /// Reports (by `at`) when no source gives the fact `name`.
    pub(super) fn fact(&mut self, name: &str, at: impl FnOnce(&mut Self, ConfigError)) {
        let Some(known) = &self.known_facts else { return };
        if known.iter().any(|fact| fact == name) {
            return;
        }
        let error = ConfigError::new(format!("unknown fact `{name}`"))
            .label("no source gives this fact")
            .nearest(name, known.iter().map(String::as_str))
            .hint(format!("facts come from `[source.….facts]`: add `{name}` there"));
        at(self, error);
    }
}

/// Where `name` stands in `source` as a word of its own.
fn word(source: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(name).map(|(start, _)| start..start + name.len()).find(|range| {
        let before = source.get(..range.start).and_then(|text| text.chars().next_back());
        let after = source.get(range.end..).and_then(|text| text.chars().next());
        !before.is_some_and(|c| part(c) || c == '.') && !after.is_some_and(part)
    })
}
