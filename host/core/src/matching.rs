//! Equality as the target sees it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use crate::{schema::Matching, value::Value};

/// The form of `text` that is equal for all texts `matching` holds equal.
pub fn normal<'a>(matching: &Matching, text: &'a str) -> Cow<'a, str> {
    match matching {
        Matching::Exact | Matching::Named(_) | Matching::Uri => Cow::Borrowed(text),
        Matching::IgnoreCase => Cow::Owned(fold(text)),
        Matching::IgnoreCaseTrimmed => {
            Cow::Owned(fold(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
        }
        // The local part is case-sensitive only on paper (RFC 5321 §2.4).
        Matching::Email => Cow::Owned(fold(text.trim())),
        Matching::DistinguishedName => Cow::Owned(distinguished_name(text)),
        Matching::Uuid => Cow::Owned(
            text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase(),
        ),
        Matching::Phone => Cow::Owned(phone(text)),
    }
}

/// Whether the target holds the two values equal.
pub fn equal(matching: &Matching, left: &Value, right: &Value) -> bool {
    match (left, right) {
        // What is the same is so in every form.
        _ if left == right => true,
        (Value::Text(left), Value::Text(right)) => {
            normal(matching, left) == normal(matching, right)
        }
        (Value::Reference(left), Value::Reference(right)) => {
            normal(matching, &left.uid) == normal(matching, &right.uid)
        }
        _ => false,
    }
}

/// Case folded and in composed normal form, so that both spellings of `é`
/// are one.
fn fold(text: &str) -> String {
    // Every ASCII text is in that form: most values cost one pass.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Spaces around `,`, `+` and `=` do not count, nor does case (RFC 4517
/// §4.2.15 with the matching rules of the usual naming attributes).
fn distinguished_name(text: &str) -> String {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in fold(text).chars() {
        let last = parts.len().saturating_sub(1);
        let Some(part) = parts.get_mut(last) else { continue };
        if !escaped && matches!(character, ',' | '+' | '=') {
            *part = part.trim().to_owned();
            part.push(character);
            parts.push(String::new());
        } else {
            part.push(character);
        }
        escaped = !escaped && character == '\\';
    }
    parts.iter().map(|part| part.trim()).collect()
}

/// Digits only; an international prefix `00` is the same as `+`.
fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ObjectRef;

    #[track_caller]
    fn same(matching: &Matching, left: &str, right: &str) {
        assert_eq!(normal(matching, left), normal(matching, right));
    }

    #[test]
    fn spellings_that_a_directory_holds_equal_are_equal() {
        same(&Matching::DistinguishedName, "cn=Ada Example, ou=People", "CN=ada example,OU=people");
        same(&Matching::DistinguishedName, "cn = a\\,b , ou=x", "cn=a\\,b,ou=x");
        same(&Matching::IgnoreCase, "JOSE\u{301}", "josé");
        same(&Matching::IgnoreCaseTrimmed, "  Ada   Example ", "ada example");
        same(&Matching::Email, "Ada@Example.org ", "ada@example.org");
        same(&Matching::Phone, "0049 (30) 12-34", "+49301234");
        same(
            &Matching::Uuid,
            "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}",
            "6f9619ff8b86d011b42d00cf4fc964ff",
        );
    }

    #[test]
    fn an_escaped_comma_does_not_part_a_name() {
        assert_ne!(
            normal(&Matching::DistinguishedName, "cn=a\\, b"),
            normal(&Matching::DistinguishedName, "cn=a\\,b")
        );
    }

    #[test]
    fn exact_is_exact() {
        assert_ne!(normal(&Matching::Exact, "Ada"), normal(&Matching::Exact, "ada"));
    }

    #[test]
    fn values_of_two_kinds_are_never_equal_and_text_is_as_the_attribute_says() {
        let text = |text: &str| Value::Text(text.to_owned());
        let group = |uid: &str| {
            Value::Reference(ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() })
        };
        let same = |left: &Value, right: &Value| equal(&Matching::IgnoreCase, left, right);
        assert!(same(&text("Ada"), &text("ada")));
        assert!(!same(&text("Ada"), &text("Ben")));
        assert!(same(&group("G1"), &group("g1")));
        assert!(!same(&group("G1"), &group("g2")));
        assert!(!same(&text("1"), &Value::Integer(1)));
        assert!(!same(&text("g1"), &group("g1")));
        assert!(!equal(&Matching::Exact, &text("Ada"), &text("ada")));
    }
}
