//! What MiniJinja leaves to run time, checked when the file is read: names of
//! filters and tests, and comparisons with numbers.
//!
//! Facts are text, and MiniJinja orders every text after every number, so
//! that `level >= 3` would hold for anybody.  A comparison with a number
//! therefore reads its other side as one; two facts are compared as text.

use std::{collections::BTreeSet, ops::Range};

use super::{
    ExpressionError,
    filters::{FILTERS, TESTS},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    Text,
    Compare,
    Pipe,
    Minus,
    Other,
}

#[derive(Debug, Clone)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    range: Range<usize>,
}

/// The parts of a template between `{{` and `}}` or `{%` and `%}`.
pub(super) fn code_parts(source: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..) {
        let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() else { break };
        let comment = rest.find("{#").filter(|comment| *comment < open);
        if let Some(comment) = comment {
            let Some(end) = rest.get(comment..).and_then(|rest| rest.find("#}")) else { break };
            at += comment + end + 2;
            continue;
        }
        let begin = at + open + 2;
        let close =
            if rest.get(open..).is_some_and(|rest| rest.starts_with("{{")) { "}}" } else { "%}" };
        let end = end_of_code(source, begin, close);
        parts.push(begin..end);
        at = end + 2;
    }
    parts
}

/// Where `close` stands outside of quotes.
fn end_of_code(source: &str, begin: usize, close: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (offset, character) in source.get(begin..).unwrap_or_default().char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if source.get(begin + offset..).is_some_and(|rest| rest.starts_with(close)) => {
                return begin + offset;
            }
            Some(_) | None => {}
        }
    }
    source.len()
}

/// The names after `object.` in a template's code.
pub(super) fn members(source: &str, object: &str) -> BTreeSet<String> {
    let parts = code_parts(source).into_iter().map(|part| tokens(source, part));
    parts
        .flat_map(|tokens| {
            let of_object = tokens.windows(3).filter_map(|three| match three {
                [it, dot, name] if it.text == object && dot.text == "." => Some(name.text),
                _ => None,
            });
            of_object.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The source with comparisons made safe.
///
/// # Errors
/// An unknown filter or test, or a number on the left of a comparison.
pub(super) fn checked(source: &str, parts: &[Range<usize>]) -> Result<String, ExpressionError> {
    let mut result = String::with_capacity(source.len());
    let mut copied = 0;
    for part in parts {
        let tokens = tokens(source, part.clone());
        if is_statement(source, part, &tokens, "raw") {
            return Err(ExpressionError {
                message: "`raw` is not needed in a mapping; write `{{ '{{' }}`".to_owned(),
                range: Some(part.clone()),
            });
        }
        check_names(&tokens)?;
        check_lists(&tokens)?;
        for place in number_comparisons(&tokens)? {
            result.push_str(source.get(copied..place).unwrap_or_default());
            result.push_str("|number ");
            copied = place;
        }
    }
    result.push_str(source.get(copied..).unwrap_or_default());
    Ok(result)
}

/// Whether a part is the statement `word`.
fn is_statement(source: &str, part: &Range<usize>, tokens: &[Token<'_>], word: &str) -> bool {
    let first = tokens.iter().find(|token| token.kind != Kind::Minus);
    source.get(..part.start).is_some_and(|before| before.ends_with("{%"))
        && first.is_some_and(|token| token.text == word)
}

fn check_names(tokens: &[Token<'_>]) -> Result<(), ExpressionError> {
    for (index, token) in tokens.iter().enumerate() {
        let before = |back: usize| index.checked_sub(back).and_then(|before| tokens.get(before));
        let is = |back: usize, word: &str| {
            before(back).is_some_and(|token| token.kind == Kind::Name && token.text == word)
        };
        if token.kind != Kind::Name {
            continue;
        }
        let (word, known) = if before(1).is_some_and(|token| token.kind == Kind::Pipe) {
            ("filter", FILTERS)
        } else if token.text != "not" && (is(1, "is") || (is(1, "not") && is(2, "is"))) {
            ("test", TESTS)
        } else {
            continue;
        };
        if known.split(' ').all(|known| known != token.text) {
            return Err(ExpressionError {
                message: format!("unknown {word} `{}`", token.text),
                range: Some(token.range.clone()),
            });
        }
    }
    Ok(())
}

/// Ends of the left sides of comparisons with a number.
fn number_comparisons(tokens: &[Token<'_>]) -> Result<Vec<usize>, ExpressionError> {
    let mut places = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind != Kind::Compare {
            continue;
        }
        let left = index.checked_sub(1).and_then(|before| tokens.get(before));
        let mut right = tokens.get(index + 1..).unwrap_or_default().iter();
        let right_is_number =
            right.find(|t| t.kind != Kind::Minus).map(|t| t.kind) == Some(Kind::Number);
        let Some(left) = left else { continue };
        if left.kind == Kind::Number && !right_is_number && begins_operand(tokens, index - 1) {
            return Err(ExpressionError {
                message: format!(
                    "a comparison has its number on the right: write `fact {} {}`",
                    mirrored(token.text),
                    left.text
                ),
                range: Some(left.range.start..token.range.end),
            });
        }
        if right_is_number && left.kind != Kind::Number {
            places.push(left.range.end);
        }
    }
    Ok(places)
}

/// Whether nothing but the token at `index` is the left side of what follows.
fn begins_operand(tokens: &[Token<'_>], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    before.is_none_or(|token| {
        matches!(token.text, "(" | "[" | "," | "and" | "or" | "not" | "if" | "elif")
    })
}

/// A list of numbers, which no text is in.
///
/// # Errors
/// Where one stands after `in`.
fn check_lists(tokens: &[Token<'_>]) -> Result<(), ExpressionError> {
    let is_loop = tokens.iter().find(|token| token.kind != Kind::Minus).map(|token| token.text)
        == Some("for");
    for three in tokens.windows(3) {
        let [word, open, first] = three else { continue };
        let is_in = word.kind == Kind::Name && word.text == "in" && !is_loop;
        if is_in && matches!(open.text, "[" | "(") && first.kind == Kind::Number {
            return Err(ExpressionError {
                message: format!("facts are text: write `'{}'` in the list", first.text),
                range: Some(first.range.clone()),
            });
        }
    }
    Ok(())
}

fn mirrored(comparison: &str) -> &str {
    match comparison {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

fn tokens(source: &str, part: Range<usize>) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = part.start;
    while let Some(rest) = source.get(at..part.end) {
        let Some(first) = rest.chars().next() else { break };
        let second = rest.chars().nth(1);
        let (kind, length) = match first {
            '"' | '\'' => (Kind::Text, quoted(rest, first)),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Name, run(rest, |c| c.is_alphanumeric() || c == '_'))
            }
            c if c.is_ascii_digit() => {
                (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))
            }
            '=' | '!' | '<' | '>' if second == Some('=') => (Kind::Compare, 2),
            '<' | '>' => (Kind::Compare, 1),
            '|' => (Kind::Pipe, 1),
            '-' => (Kind::Minus, 1),
            other => (Kind::Other, other.len_utf8()),
        };
        if !first.is_whitespace() {
            let text = rest.get(..length).unwrap_or_default();
            found.push(Token { kind, text, range: at..at + length });
        }
        at += length.max(1);
    }
    found
}

fn run(rest: &str, part_of: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !part_of(c)).unwrap_or(rest.len())
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (offset, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            end if end == quote => return offset + 1,
            _ => {}
        }
    }
    rest.len()
}
