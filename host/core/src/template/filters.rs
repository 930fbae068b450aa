//! The filters people need besides MiniJinja's own.

use jiff::civil::Date;
use minijinja::{Environment, Error, ErrorKind, Output, State, Value, value::ValueKind};

use super::ascii::{self, Language};

/// Filters that may be written, ours and MiniJinja's.
pub(super) const FILTERS: &str = "\
    abs ascii attr batch bool capitalize chain count d date default dictsort first float \
    format groupby indent int items join last length lines list lower map max min number \
    reject rejectattr replace reverse round select selectattr slice slug sort split string sum \
    title transliterate trim truncate unique upper zip";

/// Tests that may be written after `is`.  Comparisons have operators, which
/// read text as numbers where a number is compared; tests would not.
pub(super) const TESTS: &str = "\
    boolean defined divisibleby endingwith even false float in int integer iterable lower \
    mapping none number odd sequence startingwith string true undefined upper";

/// Why a filter has no result; names no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error(
        "has a character that `{filter}` cannot write in ASCII (U+{code:04X}); \
         give a fact for it (such as `login_name`) and use that instead, or `transliterate`, \
         which writes every script"
    )]
    NoFolding { filter: &'static str, code: u32 },
    #[error("has a character that nobody can write in ASCII (U+{0:04X}); give a fact for it")]
    NoWriting(u32),
    #[error("asks for the letters of `{0}`, which are not known; `de`, `da`, `no`, `sv`, `fi` are")]
    Language(String),
    #[error("has text that is not a date of the format `{0}`")]
    Date(String),
    #[error("compares something with a number that is no number")]
    Number,
    #[error("has several values where one is needed; add `| first` or `| join(', ')`")]
    Several,
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        Self::new(ErrorKind::InvalidOperation, "unfit value").with_source(unfit)
    }
}

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("ascii", |value: &Value, code: Option<&str>| {
        let text = text(value)?;
        fold(&text, "ascii", language(code)?)
    });
    environment.add_filter("transliterate", |value: &Value, code: Option<&str>| {
        let text = text(value)?;
        ascii::transliterate(&text, language(code)?)
            .map_err(|character| Error::from(Unfit::NoWriting(u32::from(character))))
    });
    environment.add_filter("slug", |value: &Value| {
        let text = text(value)?;
        fold(&text, "slug", Language::default()).map(|folded| slug(&folded))
    });
    environment.add_filter("date", |value: &Value, format: &str| {
        let text = text(value)?;
        date(&text, format)
    });
    environment.add_filter("truncate", |value: &Value, characters: usize| {
        text(value).map(|text| text.chars().take(characters).collect::<String>())
    });
    environment.add_filter("number", |value: &Value| number(value));
    environment.set_formatter(print);
}

/// Prints one value; a list would come out with brackets and quotes.
fn print(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Ok(());
    }
    let text = text(value)?;
    out.write_str(&text).map_err(|_| ErrorKind::WriteFailure.into())
}

fn text(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        // MiniJinja writes `True`, as Python does; files and people do not.
        None if value.kind() == ValueKind::Bool => Ok(value.is_true().to_string()),
        None if value.as_object().is_some() => Err(Unfit::Several.into()),
        None => Ok(value.to_string()),
    }
}

fn language(code: Option<&str>) -> Result<Language, Error> {
    let Some(code) = code else { return Ok(Language::default()) };
    Language::of(code).ok_or_else(|| Unfit::Language(code.to_owned()).into())
}

fn fold(text: &str, filter: &'static str, language: Language) -> Result<String, Error> {
    ascii::fold(text, language)
        .map_err(|character| Unfit::NoFolding { filter, code: u32::from(character) }.into())
}

/// Lower-case words joined by `-`.
fn slug(ascii: &str) -> String {
    ascii
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
        .to_ascii_lowercase()
}

/// An ISO date; empty text, which is no date, stays empty.
fn date(text: &str, format: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    Date::strptime(format, text)
        .map(|date| date.to_string())
        .map_err(|_| Unfit::Date(format.to_owned()).into())
}

fn number(value: &Value) -> Result<Value, Error> {
    if value.is_number() {
        return Ok(value.clone());
    }
    let text = text(value)?;
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::from(number)),
        _ => Err(Unfit::Number.into()),
    }
}
