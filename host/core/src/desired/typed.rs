//! Text of a template as a value of the kind the target's schema asks for.

use jiff::{Timestamp, civil::Date};

use crate::{
    schema::{AttributeDef, ValueKind},
    value::{ObjectRef, Value},
};

/// # Errors
/// What the text would have to be; does not repeat the text.
pub(super) fn value(
    def: Option<&AttributeDef>,
    object_type: &str,
    text: String,
) -> Result<Value, &'static str> {
    let Some(def) = def else { return Ok(Value::Text(text)) };
    match def.kind {
        ValueKind::Text => Ok(Value::Text(text)),
        ValueKind::Integer => text.parse().map(Value::Integer).map_err(|_| "a whole number"),
        ValueKind::Decimal if is_decimal(&text) => Ok(Value::Decimal(text)),
        ValueKind::Decimal => Err("a number"),
        ValueKind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err("`true` or `false`"),
        },
        ValueKind::Instant => text
            .parse::<Timestamp>()
            .map(Value::Instant)
            .map_err(|_| "an instant like 2026-03-31T12:00:00Z"),
        ValueKind::Date => {
            text.parse::<Date>().map(Value::Date).map_err(|_| "a date like 2026-03-31")
        }
        ValueKind::Bytes => Err("bytes, which no mapping can write"),
        ValueKind::Reference => {
            Ok(Value::Reference(ObjectRef { object_type: object_type.to_owned(), uid: text }))
        }
        ValueKind::Structured => match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Ok(Value::Structured(text)),
            Err(_) => Err("JSON"),
        },
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let some_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    some_digits(whole) && some_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_digits_with_at_most_one_point() {
        for text in ["0", "-12.50", "007"] {
            assert!(is_decimal(text), "{text}");
        }
        for text in ["", "-", ".5", "1.", "1.2.3", "1e3", "NaN", "٣"] {
            assert!(!is_decimal(text), "{text}");
        }
    }
}
