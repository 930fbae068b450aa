//! `{ env = "CRM_TOKEN" }` or `{ file = "secrets/token" }`: where a secret is.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Secret {
    Env(String),
    File(String),
}

const EXPECTED: &str = "the place of a secret, `{ env = \"NAME\" }` or `{ file = \"path\" }`";
/// What an operator is told who wrote the secret itself; never its value.
const WRITTEN_OUT: &str =
    "a secret is named here, never written: needs `{ env = \"NAME\" }` or `{ file = \"path\" }`";

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_i128<E: Error>(self, _: i128) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_u128<E: Error>(self, _: u128) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(WRITTEN_OUT))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(A::Error::custom(WRITTEN_OUT))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        let Place { env, file } = Place::deserialize(MapAccessDeserializer::new(map))?;
        match (env, file) {
            (Some(variable), None) => Ok(Secret::Env(variable)),
            (None, Some(path)) => Ok(Secret::File(path)),
            _ => Err(A::Error::custom("a secret has one place, either `env` or `file`")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    env: Option<String>,
    file: Option<String>,
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": EXPECTED,
            "oneOf": [
                {
                    "type": "object",
                    "properties": { "env": {
                        "type": "string",
                        "description": "The environment variable that holds it."
                    } },
                    "required": ["env"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": { "file": {
                        "type": "string",
                        "description": "The file that holds it; relative to this file."
                    } },
                    "required": ["file"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
