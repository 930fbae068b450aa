//! A text, or one per language: `"…"` or `{ en = "…", de = "…" }`.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::entries::Entries;

const EXPECTING: &str = "a text, or one per language: `{ en = \"…\", de = \"…\" }`";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum Localised {
    One(String),
    Each(Entries<String, String>),
}

impl<'de> Deserialize<'de> for Localised {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Localised;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTING)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Localised, E> {
                Ok(Localised::One(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Localised, A::Error> {
                Entries::deserialize(MapAccessDeserializer::new(map)).map(Localised::Each)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Localised {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(text) => text.serialize(serializer),
            Self::Each(texts) => texts.serialize(serializer),
        }
    }
}

impl JsonSchema for Localised {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Localised".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "object", "additionalProperties": { "type": "string" } }
            ]
        })
    }
}
