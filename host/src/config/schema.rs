//! The JSON Schema of the file, for editors.

use super::written::File;

/// JSON Schema (2020-12) of the operator's file, made from the types that
/// read it; `host/lanyard.schema.json` is a copy.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(File);
    let mut text = format!("{:#}", schema.as_value());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_stored_schema_is_the_one_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/lanyard.schema.json");
        if std::env::var_os("LANYARD_BLESS").is_some() {
            std::fs::write(path, json_schema()).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        // As values: the order of keys may differ between builds.
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert!(
            value(&stored) == value(&json_schema()),
            "host/lanyard.schema.json is old; refresh it with \
             `LANYARD_BLESS=1 cargo test -p lanyard schema`"
        );
    }

    /// Keys without a description, of `schema` and everything below.
    fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
        let described = |it: &Value| it.get("description").is_some_and(Value::is_string);
        match schema {
            Value::Object(table) => {
                for (key, inner) in table {
                    let path = format!("{path}/{key}");
                    if let ("properties", Some(keys)) = (key.as_str(), inner.as_object()) {
                        for (name, property) in keys {
                            // A choice is described as a whole.
                            let choice = keys.len() == 1 && described(schema);
                            if !choice && !described(property) {
                                found.push(format!("{path}/{name}"));
                            }
                        }
                    }
                    undescribed(inner, &path, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| undescribed(item, path, found)),
            _ => {}
        }
    }

    #[test]
    fn every_key_of_the_file_has_a_description() {
        let mut found = Vec::new();
        undescribed(&serde_json::from_str(&json_schema()).unwrap(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
