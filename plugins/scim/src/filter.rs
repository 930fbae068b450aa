//! Filters of RFC 7644 §3.4.2.2.

/// `path eq "value"`, the value as a JSON string.
pub(crate) fn equals(path: &str, value: &str) -> String {
    format!("{path} eq {}", quoted(value))
}

pub(crate) fn both(first: &str, second: &str) -> String {
    format!("{first} and {second}")
}

pub(crate) fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}
