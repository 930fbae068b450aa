//! Distinguished names: taken apart, and made comparable.

/// The levels of a name, the entry's own first; each is a list of attribute
/// and value as written, or `None` when the text is no name.
pub(super) fn parse(text: &str) -> Option<Vec<Vec<(String, String)>>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    split(text, ',').iter().map(|level| parse_level(level)).collect()
}

/// One level: `cn=Ada Example`, or several of those joined with `+`.
pub(super) fn parse_level(text: &str) -> Option<Vec<(String, String)>> {
    split(text, '+')
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim(), unescape(value.trim())?);
            (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value))
        })
        .collect()
}

/// The form in which equal names are equal texts.
pub(super) fn normal(text: &str) -> Option<String> {
    Some(parse(text)?.iter().map(|level| normal_level(level)).collect::<Vec<_>>().join(","))
}

fn normal_level(level: &[(String, String)]) -> String {
    let mut pairs: Vec<String> = level
        .iter()
        .map(|(name, value)| format!("{}={}", name.to_lowercase(), escape(&fold(value))))
        .collect();
    pairs.sort();
    pairs.join("+")
}

/// Text as directories compare it: case and runs of spaces do not count.
pub(super) fn fold(value: &str) -> String {
    value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name above, in normal form; `None` for the topmost.
pub(super) fn parent(normal: &str) -> Option<String> {
    let levels = split(normal, ',');
    (levels.len() > 1).then(|| levels.get(1..).unwrap_or_default().join(","))
}

/// Splits at a separator that is not escaped.
pub(super) fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in text.chars() {
        if character == separator && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = character == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let first = characters.next()?;
        match first.to_digit(16) {
            Some(high) => {
                let low = characters.next()?.to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            None => bytes.extend(first.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    String::from_utf8(bytes).ok()
}

fn escape(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        if matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' | '#') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_spaces_and_escapes_are_one() {
        let name = normal("CN=Example\\, Ada, ou=People,dc=example,dc=org");
        assert_eq!(name, normal("cn=example\\2C  ada,OU=people,DC=example,DC=org"));
        assert_eq!(name.as_deref(), Some("cn=example\\, ada,ou=people,dc=example,dc=org"));
    }

    #[test]
    fn the_parent_of_an_escaped_name_is_found() {
        assert_eq!(parent("cn=a\\,b,dc=org").as_deref(), Some("dc=org"));
        assert_eq!(parent("dc=org"), None);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["ada", "cn=", "=x", "cn=a,,dc=b", "cn=a\\", "cn=a\\4"] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
