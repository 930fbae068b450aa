//! `when = { department = ["Sales"], type = { not = ["contractor"] } }`

use std::{borrow::Cow, fmt};

use lanyard_core::id::FactName;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
    ser::SerializeMap,
};

use super::text::Texts;

/// The key of `when` that is an expression and no fact.
pub(in crate::config) const EXPRESSION: &str = "expr";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::config) struct When {
    pub(in crate::config) tests: Vec<(FactName, FactTest)>,
    pub(in crate::config) expression: Option<String>,
}

/// What a fact is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum FactTest {
    OneOf(Texts),
    Not(Texts),
    Present(bool),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tests;
        impl<'de> Visitor<'de> for Tests {
            type Value = When;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of facts and the values they may have")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<When, A::Error> {
                let mut when = When::default();
                while let Some(key) = map.next_key::<FactName>()? {
                    if key.as_str() == EXPRESSION {
                        when.expression = Some(map.next_value()?);
                    } else {
                        when.tests.push((key, map.next_value()?));
                    }
                }
                Ok(when)
            }
        }
        deserializer.deserialize_map(Tests)
    }
}

impl<'de> Deserialize<'de> for FactTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactTestVisitor)
    }
}

struct FactTestVisitor;

impl<'de> Visitor<'de> for FactTestVisitor {
    type Value = FactTest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list of values, `{ not = […] }` or `{ present = true }`")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<FactTest, E> {
        Ok(FactTest::OneOf(Texts(vec![text.to_owned()])))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<FactTest, E> {
        self.visit_str(&number.to_string())
    }
    fn visit_bool<E: Error>(self, truth: bool) -> Result<FactTest, E> {
        self.visit_str(if truth { "true" } else { "false" })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<FactTest, A::Error> {
        Texts::deserialize(SeqAccessDeserializer::new(items)).map(FactTest::OneOf)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FactTest, A::Error> {
        let Asked { not, present } = Asked::deserialize(MapAccessDeserializer::new(map))?;
        match (not, present) {
            (Some(texts), None) => Ok(FactTest::Not(texts)),
            (None, Some(present)) => Ok(FactTest::Present(present)),
            _ => Err(A::Error::custom("needs either `not` or `present`")),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// None of its values is one of these; also when it has none.
    not: Option<Texts>,
    /// Whether it has a value at all.
    present: Option<bool>,
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (fact, test) in &self.tests {
            map.serialize_entry(fact, test)?;
        }
        if let Some(expression) = &self.expression {
            map.serialize_entry(EXPRESSION, expression)?;
        }
        map.end()
    }
}

impl Serialize for FactTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = match self {
            Self::OneOf(texts) => return texts.serialize(serializer),
            Self::Not(_) | Self::Present(_) => serializer.serialize_map(Some(1))?,
        };
        match self {
            Self::OneOf(texts) | Self::Not(texts) => map.serialize_entry("not", texts)?,
            Self::Present(present) => map.serialize_entry("present", present)?,
        }
        map.end()
    }
}

impl JsonSchema for When {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let texts = generator.subschema_for::<Texts>();
        let asked = generator.subschema_for::<Asked>();
        json_schema!({
            "type": "object",
            "properties": { EXPRESSION: {
                "type": "string",
                "description": "A condition like `level >= 3 and country == 'DE'`."
            } },
            "additionalProperties": { "anyOf": [texts, asked] }
        })
    }
}
