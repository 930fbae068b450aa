//! A plausible configuration, from what a JSON Schema requires.

use serde_json::{Map, Value, json};

/// The system that all samples point at; it does not exist (RFC 2606).
pub(super) const SYSTEM: &str = "https://system.test";

/// How deep an object may require objects.
const MAX_DEPTH: u8 = 8;

/// The required properties of a schema, each with a value it allows.
pub(super) fn config(schema: &Value) -> Value {
    object(schema, MAX_DEPTH)
}

fn object(schema: &Value, depth: u8) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut table = Map::new();
    for name in required.filter_map(Value::as_str) {
        let property = schema.get("properties").and_then(|all| all.get(name));
        table.insert(name.to_owned(), value(name, property.unwrap_or(&Value::Null), depth));
    }
    Value::Object(table)
}

fn value(name: &str, schema: &Value, depth: u8) -> Value {
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    let given = schema.get("const").or_else(|| schema.get("default"));
    if let Some(given) = given.or_else(|| first("examples")).or_else(|| first("enum")) {
        return given.clone();
    }
    let number = || schema.get("minimum").cloned().unwrap_or_else(|| json!(1));
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => number(),
        Some("boolean") => json!(false),
        Some("array") => array(name, schema, depth),
        Some("object") if depth > 0 => object(schema, depth - 1),
        Some("object") => json!({}),
        _ => text(name, schema),
    }
}

fn array(name: &str, schema: &Value, depth: u8) -> Value {
    let wanted = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
    match schema.get("items") {
        Some(items) if wanted > 0 && depth > 0 => json!([value(name, items, depth - 1)]),
        _ => json!([]),
    }
}

fn text(name: &str, schema: &Value) -> Value {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let address = matches!(format, "uri" | "url" | "iri")
        || ["url", "uri", "endpoint"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    if address {
        return json!(SYSTEM);
    }
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let text: String = "test".chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
    json!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_gets_a_value_and_the_rest_none() {
        let schema = json!({
            "type": "object",
            "required": ["url", "file", "mode", "nested", "list", "count"],
            "properties": {
                "url": { "type": "string", "format": "uri" },
                "file": { "type": "string" },
                "mode": { "enum": ["a", "b"] },
                "nested": { "type": "object", "required": ["on"],
                            "properties": { "on": { "type": "boolean" } } },
                "list": { "type": "array", "minItems": 1, "items": { "type": "string", "maxLength": 1 } },
                "count": { "type": "integer", "minimum": 3 },
                "other": { "type": "string" },
            }
        });
        let expected = json!({
            "count": 3, "file": "test", "list": ["t"], "mode": "a",
            "nested": { "on": false }, "url": "https://system.test",
        });
        assert_eq!(config(&schema), expected);
    }

    #[test]
    fn a_schema_that_is_none_requires_nothing() {
        assert_eq!(config(&json!("nonsense")), json!({}));
        assert_eq!(config(&json!({ "required": 5 })), json!({}));
    }
}
