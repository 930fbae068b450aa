//! One sequence of bytes for each document, whoever writes it down.

use serde::Serialize;
use serde_json::Value;

/// What is signed: what kind of document it is, so that none is taken for
/// another, and its JSON with the keys of every object in order and nothing
/// between.
pub(super) fn bytes<T: Serialize>(
    purpose: &str,
    document: &T,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = format!("lanyard {purpose} 1\n").into_bytes();
    write(&serde_json::to_value(document)?, &mut bytes)?;
    Ok(bytes)
}

fn write(value: &Value, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(item, bytes)?;
            }
            bytes.push(b']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            bytes.push(b'{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                serde_json::to_writer(&mut *bytes, key)?;
                bytes.push(b':');
                write(item, bytes)?;
            }
            bytes.push(b'}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_json::to_writer(&mut *bytes, value)?;
        }
    }
    Ok(())
}
