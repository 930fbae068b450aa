//! What a step waits for: `"30d"`, `{ until = "{{ exit_date }}" }`,
//! `{ facts = { returned = ["yes"] } }`.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{duration::Duration, when::When};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum Wait {
    For(Duration),
    Until(String),
    Facts(When),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A date or an instant, as a template.
    until: Option<String>,
    /// Facts and the values they must have.
    facts: Option<When>,
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Wait;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration like \"30d\", `{ until = \"…\" }` or `{ facts = { … } }`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Wait, E> {
                text.parse().map(Wait::For).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wait, A::Error> {
                let Asked { until, facts } = Asked::deserialize(MapAccessDeserializer::new(map))?;
                match (until, facts) {
                    (Some(until), None) => Ok(Wait::Until(until)),
                    (None, Some(facts)) => Ok(Wait::Facts(facts)),
                    _ => Err(A::Error::custom("needs either `until` or `facts`")),
                }
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Wait {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::For(duration) => duration.serialize(serializer),
            Self::Until(until) => serializer.collect_map([("until", until)]),
            Self::Facts(facts) => serializer.collect_map([("facts", facts)]),
        }
    }
}

impl JsonSchema for Wait {
    fn schema_name() -> Cow<'static, str> {
        "Wait".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (duration, asked) =
            (generator.subschema_for::<Duration>(), generator.subschema_for::<Asked>());
        json_schema!({ "anyOf": [duration, asked] })
    }
}
