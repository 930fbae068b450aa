//! When a workflow begins: `"departed"`, `"14d before start"`, `"demand"`,
//! `{ changed = ["department"] }`, or `{ unused = "90d" }`.

use std::{borrow::Cow, fmt};

use jiff::SignedDuration;
use lanyard_core::{
    id::{ConnectorName, FactName},
    lifecycle::LifecycleState,
    workflow::{Offset, On, Unused},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::duration::Duration;

const EXPECTING: &str = "a lifecycle state like \"departed\", an offset like \"14d before start\" \
                         or \"7d after end\", \"demand\", `{ changed = [\"department\"] }`, or `{ unused = \"90d\" }`";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Begins(pub(in crate::config) On);

/// One of the two that are tables.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    changed: Option<Vec<FactName>>,
    unused: Option<Duration>,
    targets: Option<Vec<ConnectorName>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenUnused {
    /// An account that was not used for so long begins it, and one that is
    /// used again ends it.
    unused: Duration,
    /// Only accounts there; without it every target that tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    targets: Option<Vec<ConnectorName>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Changed {
    /// Facts any of which begins it when it changes.
    #[schemars(with = "Vec<String>")]
    changed: Vec<FactName>,
}

impl Begins {
    fn parse(text: &str) -> Option<On> {
        if text == "demand" {
            return Some(On::Demand);
        }
        if let Some(state) = LifecycleState::ALL.into_iter().find(|state| state.word() == text) {
            return Some(On::State(state));
        }
        let mut words = text.split_whitespace();
        let (by, side, fact) = (words.next()?, words.next()?, words.next()?);
        let Duration(by) = by.parse().ok()?;
        let by = match side {
            "before" => SignedDuration::ZERO.checked_sub(by)?,
            "after" => by,
            _ => return None,
        };
        let fact = FactName::new(fact).ok()?;
        words.next().is_none().then_some(On::Offset(Offset { by, fact }))
    }
}

impl Table {
    fn begins(self) -> Result<Begins, &'static str> {
        match self {
            Self { changed: Some(changed), unused: None, targets: None } => {
                if changed.is_empty() {
                    return Err("needs at least one fact in `changed`");
                }
                Ok(Begins(On::Changed(changed.into_iter().collect())))
            }
            Self { changed: None, unused: Some(Duration(after)), targets } => {
                if after.is_zero() {
                    return Err("needs some time in `unused`");
                }
                if targets.as_ref().is_some_and(Vec::is_empty) {
                    return Err("needs at least one target in `targets`");
                }
                let targets = targets.map(|targets| targets.into_iter().collect());
                Ok(Begins(On::Unused(Unused { after, targets })))
            }
            _ => Err("needs `changed`, or `unused` with or without `targets`"),
        }
    }
}

impl fmt::Display for Begins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            On::State(state) => f.write_str(state.word()),
            On::Demand => f.write_str("demand"),
            On::Offset(Offset { by, fact }) => {
                let side = if by.is_negative() { "before" } else { "after" };
                write!(f, "{} {side} {fact}", Duration(by.abs()))
            }
            On::Unused(unused) => write!(f, "unused {}", Duration(unused.after)),
            On::Changed(facts) => {
                let facts: Vec<&str> = facts.iter().map(FactName::as_str).collect();
                write!(f, "changed {}", facts.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Begins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Begins;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTING)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Begins, E> {
                Begins::parse(text)
                    .map(Begins)
                    .ok_or_else(|| E::custom(format!("needs {EXPECTING}")))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Begins, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                table.begins().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Begins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            On::Changed(facts) => {
                Changed { changed: facts.iter().cloned().collect() }.serialize(serializer)
            }
            On::Unused(Unused { after, targets }) => {
                let targets = targets.as_ref().map(|it| it.iter().cloned().collect());
                WrittenUnused { unused: Duration(*after), targets }.serialize(serializer)
            }
            _ => serializer.collect_str(self),
        }
    }
}

impl JsonSchema for Begins {
    fn schema_name() -> Cow<'static, str> {
        "Begins".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let changed = generator.subschema_for::<Changed>();
        let unused = generator.subschema_for::<WrittenUnused>();
        json_schema!({
            "description": EXPECTING,
            "anyOf": [{ "type": "string" }, changed, unused]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_workflow_is_written_back_as_it_was() {
        for text in ["departed", "on-leave", "demand", "14d before start", "7d after end"] {
            assert_eq!(Begins(Begins::parse(text).unwrap()).to_string(), text);
        }
    }

    #[test]
    fn anything_else_begins_nothing() {
        for text in ["", "leaver", "14d start", "14 before start", "14d before", "1d after end day"]
        {
            assert_eq!(Begins::parse(text), None, "{text}");
        }
    }
}
