//! Text, where a number, truth or date may be written without quotes; and
//! lists of it, where one value needs no brackets.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// One value, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Text(pub(in crate::config) String);

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Texts(pub(in crate::config) Vec<String>);

struct TextVisitor {
    list: bool,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.list { "a string or a list of strings" } else { "a string" })
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Texts, E> {
        Ok(Texts(vec![number.to_string()]))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Texts, E> {
        Ok(Texts(vec![number.to_string()]))
    }
    fn visit_bool<E: Error>(self, truth: bool) -> Result<Texts, E> {
        Ok(Texts(vec![truth.to_string()]))
    }
    /// A TOML date arrives as a map.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Texts, A::Error> {
        let expected = self.to_string();
        toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))
            .map(|date| Texts(vec![date.to_string()]))
            .map_err(|_| A::Error::custom(format!("invalid type: table, expected {expected}")))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
        if !self.list {
            return Err(A::Error::custom("invalid type: array, expected a string"));
        }
        let mut texts = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }
}

impl fmt::Display for TextVisitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expecting(f)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor { list: true })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Texts(texts) = deserializer.deserialize_any(TextVisitor { list: false })?;
        Ok(Self(texts.concat()))
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            many => serializer.collect_seq(many),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Text>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}
