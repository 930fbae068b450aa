//! What an account should look like.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AccountContent, mapping,
    person::{Facts, Wanted, fact_causes},
    references::Referred,
    typed,
};
use crate::{
    id::{ConnectorName, FactName},
    operation::Cause,
    policy::{Policy, TargetPolicy},
    schema::{AttributeDef, ObjectDef},
    template::{Expressions, Scope, Template},
    value::Value,
};

/// A target whose schema is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub name: &'a ConnectorName,
    pub policy: &'a TargetPolicy,
    pub object: &'a ObjectDef,
}

type Attributes = BTreeMap<String, (Vec<Value>, Vec<Cause>)>;

impl Site<'_> {
    pub(super) fn shares_names(&self, other: &ConnectorName) -> bool {
        self.policy.unique_with.contains(other)
    }

    /// The content of one account; `scope` has `login` already.
    ///
    /// # Errors
    /// A sentence for every attribute that cannot be computed.
    pub(super) fn content(
        &self,
        policy: &Policy,
        (facts, scope): (&Facts<'_>, &Scope),
        (login, anchor): (&str, String),
        wanted: &Wanted,
        (ever_known, referred): (&BTreeSet<&FactName>, &Referred),
    ) -> Result<AccountContent, Vec<String>> {
        let mut failed = Vec::new();
        let mut waits = Vec::new();
        let mut found = if self.policy.attributes.is_empty() {
            self.suggested(facts, ever_known, &mut failed)
        } else {
            let about = (facts, scope, referred);
            self.mapped(&policy.expressions, about, &mut waits, &mut failed)
        };
        found.retain(|name, _| !self.policy.theirs.contains(name));
        if !failed.is_empty() {
            return Err(failed);
        }
        let name_reads = self.policy.name.reads().iter().map(String::as_str);
        let mut attribute_causes =
            BTreeMap::from([(self.object.name_attribute.clone(), fact_causes(facts, name_reads))]);
        let mut attributes = BTreeMap::new();
        let mut initial = BTreeMap::new();
        for (name, (values, causes)) in found {
            let first = self.policy.initial.contains(&name);
            let kept = if first { &mut initial } else { &mut attributes };
            attribute_causes.insert(name.clone(), causes);
            kept.insert(name, values);
        }
        Ok(AccountContent {
            object_type: self.object.object_type.clone(),
            name: login.to_owned(),
            anchor,
            attributes,
            initial,
            waits,
            grants: wanted.grants.clone(),
            attribute_causes,
        })
    }

    /// By the templates of the file.
    fn mapped(
        &self,
        expressions: &Expressions,
        (facts, scope, referred): (&Facts<'_>, &Scope, &Referred),
        waits: &mut Vec<String>,
        failed: &mut Vec<String>,
    ) -> Attributes {
        let mut found = Attributes::new();
        for (name, templates) in &self.policy.attributes {
            if *name == self.object.name_attribute {
                failed.push(self.sentence(name, "carries the account's name; set it with `name`"));
                continue;
            }
            if self.object.anchor_attribute.as_ref() == Some(name) {
                failed.push(self.sentence(name, "carries the identity's id; leave it out"));
                continue;
            }
            if let Some(why) = waits_for(templates, referred) {
                waits.push(format!("`{name}` is left as it is: {why}"));
                continue;
            }
            let def = self.object.attribute(name);
            let mut values = Vec::new();
            let mut reads = BTreeSet::new();
            for template in templates {
                reads.extend(template.reads().iter().map(String::as_str));
                let references = template.references();
                for template in references.iter().filter_map(|it| self.policy.references.get(it)) {
                    reads.extend(template.reads().iter().map(String::as_str));
                }
                if !references.is_disjoint(&referred.nobody) {
                    continue;
                }
                match expressions.render(template, scope) {
                    Ok(text) if text.trim().is_empty() => {}
                    Ok(text) => self.push(name, def, text.trim(), &mut values, failed),
                    Err(error) => failed.push(self.sentence(name, &error.to_string())),
                }
            }
            if reads.contains("login") {
                reads.extend(self.policy.name.reads().iter().map(String::as_str));
            }
            found.insert(name.clone(), (values, fact_causes(facts, reads.into_iter())));
        }
        found
    }

    /// By the schema's SCIM paths.  A fact nobody ever had manages nothing; a
    /// fact that only this identity lacks clears.
    fn suggested(
        &self,
        facts: &Facts<'_>,
        ever_known: &BTreeSet<&FactName>,
        failed: &mut Vec<String>,
    ) -> Attributes {
        let mut found = Attributes::new();
        for def in &self.object.attributes {
            // What the target makes itself is not ours to write.
            if self.policy.provides.values().any(|made| *made == def.name) {
                continue;
            }
            let Some(name) = mapping::fact_for(self.object, def) else { continue };
            let mut values = Vec::new();
            let (texts, reads) = texts(facts, &name);
            for text in &texts {
                self.push(&def.name, Some(def), text, &mut values, failed);
            }
            if !def.multi {
                values.truncate(1);
            }
            if values.is_empty() && def.required && texts.is_empty() {
                let problem = format!("is required, and there is no fact `{name}`");
                failed.push(self.sentence(&def.name, &problem));
            } else if !values.is_empty() || ever_known.contains(&name) {
                found.insert(def.name.clone(), (values, fact_causes(facts, reads.into_iter())));
            }
        }
        found
    }

    fn push(
        &self,
        name: &str,
        def: Option<&AttributeDef>,
        text: &str,
        values: &mut Vec<Value>,
        failed: &mut Vec<String>,
    ) {
        match typed::value(def, &self.object.object_type, text.to_owned()) {
            Ok(value) if values.contains(&value) => {}
            Ok(_) if !values.is_empty() && def.is_some_and(|def| !def.multi) => {}
            Ok(value) => values.push(value),
            Err(expected) => {
                failed.push(self.sentence(name, &format!("takes {expected}")));
            }
        }
    }

    fn sentence(&self, attribute: &str, problem: &str) -> String {
        format!("target `{}`, attribute `{attribute}`: {problem}", self.name)
    }
}

/// Why an attribute cannot be made yet, for somebody it speaks of.
fn waits_for<'r>(templates: &[Template], referred: &'r Referred) -> Option<&'r str> {
    let mut names =
        templates.iter().flat_map(|it| it.references().into_iter().map(move |n| (it, n)));
    names.find_map(|(template, name)| {
        let reads_key = || template.source().contains(&format!("reference.{name}.id"));
        let planned = || referred.planned.get(&name).filter(|_| reads_key());
        referred.waits.get(&name).or_else(planned).map(String::as_str)
    })
}

/// The texts of a fact, and the facts they are from; a display name is made
/// of its parts when it is not a fact itself.
pub(super) fn texts<'a>(facts: &Facts<'_>, name: &'a FactName) -> (Vec<String>, Vec<&'a str>) {
    let of = |name: &str| -> Vec<String> {
        facts
            .get(name)
            .map(|fact| fact.values.iter().map(ToString::to_string).collect())
            .unwrap_or_default()
    };
    let own = of(name.as_str());
    if own.is_empty() && name.as_str() == "display_name" {
        let parts: Vec<String> = [of("given_name"), of("family_name")].concat();
        if !parts.is_empty() {
            return (vec![parts.join(" ")], vec!["given_name", "family_name"]);
        }
    }
    (own, vec![name.as_str()])
}
