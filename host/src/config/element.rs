//! Values of single keys: one file each, with its text form and its tests.

pub(super) mod duration;
pub(super) mod entries;
pub(super) mod hours;
pub(super) mod localised;
pub(super) mod on;
pub(super) mod origin;
pub(super) mod percent;
pub(super) mod range;
pub(super) mod rate;
pub(super) mod recognition;
pub(super) mod retention;
pub(super) mod secret;
pub(super) mod size;
pub(super) mod text;
pub(super) mod wait;
pub(super) mod when;
pub(super) mod whom;

/// Gives a type with `FromStr` and `Display` its place in the file: a string,
/// with `$expecting` as what an operator is told.
macro_rules! text_element {
    ($type:ty, $name:literal, $expecting:literal, $pattern:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $expecting,
                    "pattern": $pattern
                })
            }
        }
    };
}
pub(super) use text_element;
