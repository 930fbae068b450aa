//! Distinguished names as text (RFC 4514): building, comparing, climbing.

/// `value` as it stands in a distinguished name after `attribute=`.
pub(crate) fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (place, character) in value.chars().enumerate() {
        match character {
            '\0' => escaped.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '#' if place == 0 => escaped.push_str("\\#"),
            ' ' if place == 0 || place == last => escaped.push_str("\\ "),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `attribute=value`, the first part of a name.
pub(crate) fn rdn(attribute: &str, value: &str) -> String {
    format!("{attribute}={}", escape(value))
}

/// A form that is equal for names the server holds equal: attribute types and
/// values without case, without the spaces that do not count, and with one
/// way of escaping.
pub(crate) fn normal(name: &str) -> String {
    let mut levels = Vec::new();
    for level in split(name, &[',', ';']) {
        let mut pairs: Vec<String> = split(level, &['+']).into_iter().map(normal_pair).collect();
        pairs.sort_unstable();
        levels.push(pairs.join("+"));
    }
    levels.join(",")
}

/// The name one level up; none at the top.
pub(crate) fn parent(name: &str) -> Option<&str> {
    let first = split(name, &[',', ';']).into_iter().next()?;
    name.get(first.len() + 1..).map(str::trim_start)
}

fn normal_pair(pair: &str) -> String {
    let Some((attribute, value)) = pair.split_once('=') else {
        return fold(pair);
    };
    format!("{}={}", attribute.trim().to_lowercase(), escape(&fold(&unescape(value))))
}

/// Without case, and with runs of spaces as one.
fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The value behind the escapes; bytes that are not UTF-8 become U+FFFD,
/// which is good enough to compare by.
fn unescape(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.trim().bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some(next) = rest.next() else { break };
        let low = rest.peek().copied().and_then(hex);
        match (hex(next), low) {
            (Some(high), Some(low)) => {
                rest.next();
                bytes.push(high << 4 | low);
            }
            _ => bytes.push(next),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Parts of `text` between separators that no backslash and no quotation
/// marks hide.
fn split<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let (mut escaped, mut quoted) = (false, false);
    text.split(|character| {
        let hidden = escaped || quoted;
        if !escaped && character == '"' {
            quoted = !quoted;
        }
        escaped = !escaped && character == '\\';
        !hidden && separators.contains(&character)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_with_a_meaning_is_escaped() {
        assert_eq!(rdn("uid", "#a,b+c=\"d\" "), "uid=\\#a\\,b\\+c\\=\\\"d\\\"\\ ");
        assert_eq!(rdn("uid", "a\0b"), "uid=a\\00b");
        assert_eq!(rdn("uid", "zoë"), "uid=zoë");
        assert_eq!(rdn("uid", " "), "uid=\\ ");
    }

    #[test]
    fn names_differ_only_where_the_server_says_so() {
        assert_eq!(
            normal("UID=Ada , ou=People,dc=Example"),
            normal("uid=ada,OU=people, DC=example")
        );
        assert_eq!(normal("cn=a\\2cb,dc=x"), normal("cn=a\\,b,dc=x"));
        assert_eq!(normal("uid=ada+cn=x,dc=y"), normal("cn=x+uid=ada,dc=y"));
        assert_eq!(normal("uid=zo\\C3\\AB"), normal("uid=zoë"));
        assert_ne!(normal("uid=a,dc=x"), normal("uid=b,dc=x"));
        assert_ne!(normal("cn=a\\,b,dc=x"), normal("cn=a,cn=b,dc=x"));
    }

    #[test]
    fn the_parent_begins_after_the_first_comma_that_counts() {
        assert_eq!(parent("cn=a\\,b,ou=c,dc=d"), Some("ou=c,dc=d"));
        assert_eq!(parent("uid=a, ou=c"), Some("ou=c"));
        assert_eq!(parent("dc=d"), None);
        assert_eq!(parent(""), None);
    }

    #[test]
    fn broken_names_are_compared_without_panicking() {
        for name in ["", "\\", ",", "=", "+", "a\\", "a=\\4", "\"", "a=\"b,c", "\\,,\\"] {
            assert_eq!(normal(name), normal(name));
            let _: Option<&str> = parent(name);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_value_survives_escaping(value in "\\PC*") {
            proptest::prop_assert_eq!(
                normal(&format!("{},dc=x", rdn("uid", &value))),
                format!("uid={},dc=x", escape(&fold(&value)))
            );
        }
    }
}
