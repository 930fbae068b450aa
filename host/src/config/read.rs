//! From text to the written shape, with every mistake and not only the first.
//!
//! Serde stops at the first error.  So the entry it complains about is taken
//! out of the document, and the rest is read again, until nothing is wrong.

use std::{ops::Range, path::Path};

use serde::Deserialize;

use super::{
    document::{Document, Part, Place},
    mask,
    report::{ConfigError, Snippet, nearest},
    shape::Mistake,
    tables::lists_for_tables,
    written::File,
};

/// More mistakes than anybody corrects in one go; also bounds the work.
const MOST_ERRORS: usize = 100;
/// One broken quote can make every line after it wrong.
const MOST_SYNTAX_ERRORS: usize = 5;

/// The file being read, with what was found wrong so far.
pub(super) struct Report<'i> {
    path: &'i Path,
    text: &'i str,
    pub(super) document: Document<'i>,
    masks: Vec<Range<usize>>,
    errors: Vec<ConfigError>,
    /// What is missing of one connector or of what signs alone, and not wrong
    /// in the file.
    absent: Vec<ConfigError>,
    /// What was taken out of the document.
    taken: Vec<Place>,
}

impl<'i> Report<'i> {
    /// The written shape, as far as it is sound; none when the text is no
    /// TOML at all.
    pub(super) fn read(path: &'i Path, text: &'i str) -> (Self, Option<File>) {
        let (document, syntax) = Document::parse(text);
        let masks = mask::masks(document.whole());
        let mut report = Self {
            path,
            text,
            document,
            masks,
            errors: Vec::new(),
            absent: Vec::new(),
            taken: Vec::new(),
        };
        if !syntax.is_empty() {
            for error in &syntax {
                report.syntax(error);
            }
            report.first_of_each_line();
            return (report, None);
        }
        for place in lists_for_tables(report.document.whole()) {
            let key = place.last_key().unwrap_or_default();
            let error = ConfigError::new(format!("wrong type for `{key}`"));
            report.at(&place, Part::Value, error.label("expected a table"));
            report.document.take_out(&place);
            report.taken.push(place);
        }
        for _ in 0..MOST_ERRORS {
            match File::deserialize(toml::de::Deserializer::from(report.document.sound())) {
                Ok(file) => return (report, Some(file)),
                Err(error) => {
                    if !report.take_out(&error) {
                        return (report, None);
                    }
                }
            }
        }
        (report, None)
    }

    fn syntax(&mut self, error: &toml::de::Error) {
        let range = error.span().unwrap_or_default();
        self.masks.extend(mask::words(self.text, range.start));
        self.errors.push(ConfigError {
            snippet: Some(self.snippet(&range)),
            ..ConfigError::new("this is not TOML").label(error.message())
        });
    }

    /// After a syntax error the parser guesses on; what it says of the rest
    /// of the line helps nobody.
    fn first_of_each_line(&mut self) {
        self.errors.dedup_by_key(|error| error.snippet.as_ref().map(|snippet| snippet.line));
        self.errors.truncate(MOST_SYNTAX_ERRORS);
    }

    /// Reports an error of serde, and removes what it is about.
    fn take_out(&mut self, error: &toml::de::Error) -> bool {
        let range = error.span().unwrap_or_default();
        let Some((place, part)) = self.document.at(&range) else {
            self.nowhere(ConfigError::new("the file cannot be read").label(error.message()));
            return false;
        };
        if error.message().starts_with("unknown field ") {
            // Nobody knows what it was meant to be; perhaps a secret.
            self.masks.extend(self.document.values(&place));
        }
        if !self.follows(error.message(), &place, part) {
            let described = self.describe(error.message(), &place, part);
            let missing = error.message().starts_with("missing field ");
            self.at(&place, if missing { Part::Key } else { part }, described);
        }
        self.taken.push(place.clone());
        self.document.take_out(&place)
    }

    /// Is this only so because something was reported and taken out before?
    fn follows(&self, message: &str, place: &Place, part: Part) -> bool {
        let mut within = self.taken.iter().filter(|taken| taken.parent() == *place);
        match message.strip_prefix("missing field ") {
            Some(field) => {
                let field = field.trim_matches('`');
                self.document.has(&place.key(field))
                    || within
                        .any(|taken| nearest(taken.last_key().unwrap_or(""), [field]).is_some())
            }
            None => part == Part::Value && within.next().is_some(),
        }
    }

    fn describe(&self, message: &str, place: &Place, part: Part) -> ConfigError {
        let key = place.last_key().unwrap_or_default();
        let (what, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
        let choices: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        if what.starts_with("unknown field") {
            let label = match place.parent() {
                top if top.is_root() => "the file has no such key at its top".to_owned(),
                parent => format!("`{parent}` has no such key"),
            };
            let error = ConfigError::new(format!("unknown key `{key}`")).label(label);
            return with_choices(error, key, &choices, "keys here");
        }
        if what.starts_with("unknown variant") {
            let written = self.text_at(place).unwrap_or_default();
            let error = ConfigError::new(format!("unknown choice for `{key}`"))
                .label(format!("expected {expected}"));
            return match nearest_choice(&written, &choices) {
                Some(hint) => error.hint(hint),
                None => error,
            };
        }
        if let Some(missing) = what.strip_prefix("missing field ") {
            return ConfigError::new(format!("`{place}` has no {missing}"))
                .label(format!("{missing} is needed here"));
        }
        if what.starts_with("invalid ") && !expected.is_empty() {
            return ConfigError::new(format!("wrong type for `{key}`"))
                .label(format!("expected {}", plain(expected)));
        }
        match part {
            Part::Key => ConfigError::new(format!("bad name `{key}`")).label(message),
            Part::Value => ConfigError::new(format!("bad value for `{key}`")).label(message),
        }
    }

    fn text_at(&self, place: &Place) -> Option<String> {
        let range = self.document.range(place, Part::Value)?;
        self.text.get(range).map(|raw| raw.trim_matches(['"', '\'']).to_owned())
    }

    /// Reports an error about the key or value at `place`.
    pub(super) fn at(&mut self, place: &Place, part: Part, error: ConfigError) {
        let snippet = self.document.range(place, part).map(|range| self.snippet(&range));
        self.errors.push(ConfigError { snippet, ..error });
    }

    /// Reports something that is not there; what a connector needs stops that
    /// one alone, and the key that signs what is signed.
    pub(super) fn absent(&mut self, place: &Place, error: ConfigError) {
        let snippet = self.document.range(place, Part::Value).map(|range| self.snippet(&range));
        let error = ConfigError { snippet, ..error };
        if place.is_of_one_alone() { &mut self.absent } else { &mut self.errors }.push(error);
    }

    /// Reports what connectors' schemas do not allow; what is not written at
    /// all, at what it is missing from.
    pub(super) fn mistakes(&mut self, mistakes: Vec<Mistake>) {
        // First, for several may stand in one line.
        for hidden in mistakes.iter().filter(|mistake| mistake.hide) {
            self.masks.extend(self.document.values(&hidden.place));
        }
        for Mistake { mut place, mut part, error, hide: _ } in mistakes {
            while !self.document.has(&place) && !place.is_root() {
                (place, part) = (place.parent(), Part::Key);
            }
            self.at(&place, part, error);
        }
    }

    /// Reports an error about the bytes `range` of the string `content` that
    /// is written at `place`; about all of it when it is written with escapes.
    pub(super) fn within(
        &mut self,
        place: &Place,
        content: &str,
        range: Option<Range<usize>>,
        error: ConfigError,
    ) {
        let Some(whole) = self.document.range(place, Part::Value) else {
            return self.at(place, Part::Value, error);
        };
        let start = self
            .text
            .get(whole.clone())
            .and_then(|raw| raw.find(content))
            .map(|offset| whole.start + offset);
        let marked = match (start, range) {
            (Some(start), Some(range)) => start + range.start..start + range.end,
            _ => whole,
        };
        self.errors.push(ConfigError { snippet: Some(self.snippet(&marked)), ..error });
    }

    /// Reports an error that belongs to no line.
    pub(super) fn nowhere(&mut self, error: ConfigError) {
        self.errors.push(error);
    }

    /// Line in the file of the key at `place`, from 1.
    pub(super) fn line(&self, place: &Place) -> u32 {
        let start = self.document.range(place, Part::Key).map_or(0, |range| range.start);
        let newlines = self.text.get(..start).map_or(0, |before| before.matches('\n').count());
        u32::try_from(newlines + 1).unwrap_or(u32::MAX)
    }

    /// Whether something of this table at the top of the file was taken out, or
    /// what may have been meant for it.
    pub(super) fn took_out_of(&self, table: &str) -> bool {
        let meant = |place: &Place| {
            place.parent().is_root() && nearest(place.last_key().unwrap_or(""), [table]).is_some()
        };
        self.taken.iter().any(|place| place.is_in(table) || meant(place))
    }

    /// How many mistakes were found so far.
    pub(super) fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Every mistake, in the order of the file.
    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        let (errors, absent) = self.into_parts();
        if errors.is_empty() { absent } else { in_order([errors, absent].concat()) }
    }

    /// The mistakes of the file, and what one alone lacks; each in the order
    /// of the file.
    pub(super) fn into_parts(self) -> (Vec<ConfigError>, Vec<ConfigError>) {
        (in_order(self.errors), in_order(self.absent))
    }

    fn snippet(&self, range: &Range<usize>) -> Snippet {
        Snippet::new(self.path, self.text, range, &self.masks)
    }
}

pub(super) fn in_order(mut errors: Vec<ConfigError>) -> Vec<ConfigError> {
    errors
        .sort_by_key(|error| error.snippet.as_ref().map(|snippet| (snippet.line, snippet.column)));
    errors.dedup();
    errors
}

fn nearest_choice(written: &str, choices: &[&str]) -> Option<String> {
    nearest(written, choices.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

fn with_choices(error: ConfigError, wrong: &str, choices: &[&str], title: &str) -> ConfigError {
    match nearest_choice(wrong, choices) {
        Some(hint) => error.hint(hint),
        None if choices.is_empty() => error,
        None => error.hint(format!("{title}: {}", choices.join(", "))),
    }
}

/// Serde's words for types, in an operator's.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "`true` or `false`",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "i64" => "a whole number",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("enum ") => "one of its choices",
        other => other,
    }
}
