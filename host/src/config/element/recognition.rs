//! By what an account is recognised: `["mail"]`, or lists of attributes in
//! `{ sure = [["employeeNumber"]], ask = [["mail"], ["sn", "givenName"]] }`.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum Match {
    /// Each makes a person look.
    Attributes(Vec<String>),
    Lists(Lists),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Lists {
    /// Lists of attributes, the strongest first: the only account that is
    /// equal in all of one is theirs.
    pub(in crate::config) sure: Vec<Vec<String>>,
    /// Lists that make a person look.
    pub(in crate::config) ask: Vec<Vec<String>>,
}

impl Default for Match {
    fn default() -> Self {
        Self::Attributes(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Match {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Match;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of attributes, or `{ sure = [[…]], ask = [[…]] }`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Match, A::Error> {
                let mut attributes = Vec::new();
                while let Some(attribute) = items.next_element()? {
                    attributes.push(attribute);
                }
                Ok(Match::Attributes(attributes))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Match, A::Error> {
                let lists = Lists::deserialize(MapAccessDeserializer::new(map))?;
                if lists == Lists::default() {
                    return Err(A::Error::custom("needs `sure` or `ask`"));
                }
                Ok(Match::Lists(lists))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Match {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Attributes(attributes) => attributes.serialize(serializer),
            Self::Lists(lists) => lists.serialize(serializer),
        }
    }
}

impl JsonSchema for Match {
    fn schema_name() -> Cow<'static, str> {
        "Match".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let lists = generator.subschema_for::<Lists>();
        json_schema!({
            "anyOf": [{ "type": "array", "items": { "type": "string" } }, lists]
        })
    }
}
