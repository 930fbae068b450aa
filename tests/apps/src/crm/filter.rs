//! SCIM filters: `userName eq "ada" and (active eq true or title pr)`.

use serde_json::{Map, Value};

use super::answer::Problem;

#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Present(String),
    Compare { path: String, how: Comparison, value: Value },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let filter = any(&mut tokens, text, 0)?;
        match tokens.next() {
            None => Ok(filter),
            Some(_) => Err(invalid(text)),
        }
    }

    pub(super) fn matches(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::And(left, right) => left.matches(resource) && right.matches(resource),
            Self::Or(left, right) => left.matches(resource) || right.matches(resource),
            Self::Not(inner) => !inner.matches(resource),
            Self::Present(path) => !values(resource, path).is_empty(),
            Self::Compare { path, how, value } => {
                let exact = matches!(path.to_ascii_lowercase().as_str(), "id" | "externalid");
                let found = values(resource, path);
                match how {
                    Comparison::NotEqual => {
                        !found.iter().any(|v| compare(v, Comparison::Equal, value, exact))
                    }
                    how => found.iter().any(|v| compare(v, *how, value, exact)),
                }
            }
        }
    }
}

fn compare(found: &Value, how: Comparison, wanted: &Value, exact: bool) -> bool {
    let (Value::String(found), Value::String(wanted)) = (found, wanted) else {
        return how == Comparison::Equal && found == wanted;
    };
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    let (found, wanted) = (fold(found), fold(wanted));
    match how {
        Comparison::Equal => found == wanted,
        Comparison::NotEqual => found != wanted,
        Comparison::Contains => found.contains(&wanted),
        Comparison::StartsWith => found.starts_with(&wanted),
        Comparison::EndsWith => found.ends_with(&wanted),
    }
}

/// The values at a path, through lists; names match ignoring case, and a
/// complex value counts by its `value`.
pub(super) fn values<'a>(resource: &'a Map<String, Value>, path: &str) -> Vec<&'a Value> {
    let (extension, rest) = match path.rsplit_once(':') {
        Some((urn, rest)) if !urn.to_ascii_lowercase().contains(":core:") => (Some(urn), rest),
        Some((_, rest)) => (None, rest),
        None => (None, path),
    };
    let mut found: Vec<&Value> = match extension {
        Some(urn) => get(resource, urn).into_iter().collect(),
        None => Vec::new(),
    };
    for (depth, name) in rest.split('.').enumerate() {
        found = if depth == 0 && extension.is_none() {
            get(resource, name).into_iter().collect()
        } else {
            found
                .iter()
                .filter_map(|value| value.as_object())
                .filter_map(|o| get(o, name))
                .collect()
        };
        found = found.into_iter().flat_map(flat).collect();
    }
    found
        .into_iter()
        .filter_map(|value| match value {
            Value::Object(object) => get(object, "value"),
            Value::Null => None,
            other => Some(other),
        })
        .collect()
}

fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[derive(Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Word(String),
    Text(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '(' => {
                tokens.push(Token::Open);
                1
            }
            ')' => {
                tokens.push(Token::Close);
                1
            }
            '"' => {
                let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                match stream.next() {
                    Some(Ok(value)) => tokens.push(Token::Text(value)),
                    _ => return Err(invalid(text)),
                }
                stream.byte_offset()
            }
            _ => {
                let end = rest.find([' ', '(', ')', '"']).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..end).unwrap_or_default().to_owned()));
                end
            }
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

/// A filter nested deeper than this is refused.
const DEPTH_MAX: u32 = 16;

fn any(tokens: &mut Tokens, text: &str, depth: u32) -> Result<Filter, Problem> {
    let mut left = all(tokens, text, depth)?;
    while next_word(tokens, "or") {
        left = Filter::Or(Box::new(left), Box::new(all(tokens, text, depth)?));
    }
    Ok(left)
}

fn all(tokens: &mut Tokens, text: &str, depth: u32) -> Result<Filter, Problem> {
    let mut left = one(tokens, text, depth)?;
    while next_word(tokens, "and") {
        left = Filter::And(Box::new(left), Box::new(one(tokens, text, depth)?));
    }
    Ok(left)
}

fn one(tokens: &mut Tokens, text: &str, depth: u32) -> Result<Filter, Problem> {
    if depth > DEPTH_MAX {
        return Err(invalid(text));
    }
    match tokens.next() {
        Some(Token::Open) => {
            let inner = any(tokens, text, depth + 1)?;
            match tokens.next() {
                Some(Token::Close) => Ok(inner),
                _ => Err(invalid(text)),
            }
        }
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("not") => {
            Ok(Filter::Not(Box::new(one(tokens, text, depth + 1)?)))
        }
        Some(Token::Word(path)) => comparison(path, tokens, text),
        _ => Err(invalid(text)),
    }
}

fn comparison(path: String, tokens: &mut Tokens, text: &str) -> Result<Filter, Problem> {
    let Some(Token::Word(operator)) = tokens.next() else { return Err(invalid(text)) };
    let how = match operator.to_ascii_lowercase().as_str() {
        "pr" => return Ok(Filter::Present(path)),
        "eq" => Comparison::Equal,
        "ne" => Comparison::NotEqual,
        "co" => Comparison::Contains,
        "sw" => Comparison::StartsWith,
        "ew" => Comparison::EndsWith,
        _ => return Err(invalid(text)),
    };
    let value = match tokens.next() {
        Some(Token::Text(value)) => Value::String(value),
        Some(Token::Word(word)) => serde_json::from_str(&word).map_err(|_| invalid(text))?,
        _ => return Err(invalid(text)),
    };
    Ok(Filter::Compare { path, how, value })
}

fn next_word(tokens: &mut Tokens, word: &str) -> bool {
    tokens
        .next_if(|token| matches!(token, Token::Word(w) if w.eq_ignore_ascii_case(word)))
        .is_some()
}

fn invalid(text: &str) -> Problem {
    Problem::bad("invalidFilter", format!("cannot read the filter `{text}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(filter: &str) -> bool {
        let resource = json!({
            "userName": "Ada.Example", "externalId": "E1", "active": true,
            "emails": [{"value": "ada@example.org", "type": "work"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales"},
        });
        Filter::parse(filter).unwrap().matches(resource.as_object().unwrap())
    }

    #[test]
    fn names_ignore_case_and_external_ids_do_not() {
        assert!(matches(r#"username eq "ada.EXAMPLE""#));
        assert!(matches(r#"externalId eq "E1""#));
        assert!(!matches(r#"externalId eq "e1""#));
    }

    #[test]
    fn lists_and_extensions_are_searched() {
        assert!(matches(r#"emails.value eq "ada@example.org""#));
        assert!(matches(r#"emails eq "ada@example.org""#));
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert!(matches(&format!(r#"{urn}:department sw "sal""#)));
    }

    #[test]
    fn words_bind_as_the_standard_says() {
        assert!(matches(r#"title pr or active eq true and userName co "exam""#));
        assert!(!matches("(title pr or active eq true) and not (emails pr)"));
    }

    #[test]
    fn what_is_not_a_filter_is_refused() {
        for text in
            ["", "userName", "userName eq", r#"userName eq "ada"#, "a xx 1", "(a pr", "a pr b"]
        {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
        assert!(Filter::parse(&"(".repeat(10_000)).is_err());
    }
}
