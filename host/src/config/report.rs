//! Errors of the file, and the one place that renders them.

use std::{fmt::Write as _, ops::Range, path::Path};

/// One mistake in the operator's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, as a lower-case fragment.
    pub title: String,
    /// Where; none when it belongs to no line.
    pub snippet: Option<Snippet>,
    /// What the marked text breaks.
    pub label: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// A marked piece of one line, ready to be shown: secrets are masked and
/// control characters replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The file as the operator named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub text: String,
    /// Characters of `text` before the mark.
    mark_start: usize,
    /// Characters marked; at least one.
    mark_length: usize,
}

/// Every mistake that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration in `{file}` cannot be used")]
pub struct ConfigErrors {
    pub file: String,
    /// In the order of the file; never empty.
    pub errors: Vec<ConfigError>,
}

impl ConfigErrors {
    /// All of them, as an operator reads them.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (position, error) in self.errors.iter().enumerate() {
            if position > 0 {
                out.push('\n');
            }
            error.render(&mut out);
        }
        out
    }
}

impl ConfigError {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), snippet: None, label: String::new(), hints: Vec::new() }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Proposes the nearest of `known`, when one is near.
    pub(super) fn nearest<'n>(self, wrong: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        match nearest(wrong, known) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    // Writing to a String cannot fail, so the results are dropped.
    fn render(&self, out: &mut String) {
        let _infallible = writeln!(out, "error: {}", visible(&self.title));
        let Some(snippet) = &self.snippet else {
            if !self.label.is_empty() {
                let _infallible = writeln!(out, "  = {}", visible(&self.label));
            }
            for hint in &self.hints {
                let _infallible = writeln!(out, "  = hint: {}", visible(hint));
            }
            return;
        };
        let number = snippet.line.to_string();
        let gutter = " ".repeat(number.len());
        let marks = "^".repeat(snippet.mark_length);
        let before = " ".repeat(snippet.mark_start);
        let marked = format!("{before}{marks} {}", visible(&self.label));
        let Snippet { file, line, column, text, .. } = snippet;
        let _infallible = writeln!(out, "{gutter}--> {}:{line}:{column}", visible(file));
        let _infallible = writeln!(out, "{gutter} |");
        let _infallible = writeln!(out, "{}", format!("{number} | {text}").trim_end());
        let _infallible = writeln!(out, "{gutter} | {}", marked.trim_end());
        if !self.hints.is_empty() {
            let _infallible = writeln!(out, "{gutter} |");
        }
        for hint in &self.hints {
            let _infallible = writeln!(out, "{gutter} = hint: {}", visible(hint));
        }
    }
}

/// What a person wrote may carry terminal control sequences.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The name of `known` that `wrong` was probably meant to be.
pub(crate) fn nearest<'n>(
    wrong: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let lower = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        // A third of the letters may be wrong; names this short are guessed
        // from one letter.
        .filter(|(distance, name)| *distance <= (name.chars().count().max(3)) / 3)
        .min()
        .map(|(_, name)| name)
}

/// What replaces a value that may be a secret.
const MASK: &str = "***";
/// Columns a tab is shown as.
const TAB: &str = "    ";
/// Longest piece of a line that is shown, in characters.
const WIDTH: usize = 160;

impl Snippet {
    /// Marks `range` of `text`, or what of it is on its first line.
    pub(super) fn new(
        file: &Path,
        text: &str,
        range: &Range<usize>,
        masks: &[Range<usize>],
    ) -> Self {
        let start = floor_char(text, range.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(line_start..).unwrap_or_default();
        let content = rest.split('\n').next().unwrap_or_default();
        let content = without_comment(content.strip_suffix('\r').unwrap_or(content));
        let line_end = line_start + content.len();
        let shown = Shown::line(content, line_start, masks);
        let from = shown.column(start);
        let to = shown.column(range.end.min(line_end));
        let (text, cut) = window(&shown.text, from);
        let mark_start = from.saturating_sub(cut);
        let room = text.chars().count().saturating_sub(mark_start);
        Self {
            file: file.display().to_string(),
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .unwrap_or_default()
                .chars()
                .filter(|c| *c != BYTE_ORDER_MARK)
                .count()
                + 1,
            mark_length: to.saturating_sub(from).min(room).max(1),
            text,
            mark_start,
        }
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A line as shown, with where each of its bytes went.
struct Shown {
    text: String,
    /// Byte in the file, column in `text`.
    columns: Vec<(usize, usize)>,
    width: usize,
}

impl Shown {
    fn line(content: &str, line_start: usize, masks: &[Range<usize>]) -> Self {
        let mut shown = Self { text: String::new(), columns: Vec::new(), width: 0 };
        let mut masked_until = 0;
        for (offset, character) in content.char_indices() {
            let byte = line_start + offset;
            shown.columns.push((byte, shown.width));
            if byte < masked_until {
                // Stands behind the mask, which is shown as one piece.
                if let Some(last) = shown.columns.last_mut() {
                    last.1 = shown.width.saturating_sub(MASK.len());
                }
                continue;
            }
            if let Some(mask) = masks.iter().find(|mask| mask.contains(&byte)) {
                masked_until = mask.end;
                shown.push(MASK);
                continue;
            }
            match character {
                '\t' => shown.push(TAB),
                BYTE_ORDER_MARK => {}
                other if other.is_control() => shown.push("\u{fffd}"),
                other => shown.push(other.encode_utf8(&mut [0; 4])),
            }
        }
        shown
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.width += text.chars().count();
    }

    fn column(&self, byte: usize) -> usize {
        self.columns.iter().find(|(at, _)| *at >= byte).map_or(self.width, |(_, column)| *column)
    }
}

/// A comment says nothing of a mistake, and may hold what was there before: a
/// secret, say.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (offset, character) in line.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') => return line.get(..offset).unwrap_or(line),
            _ => {}
        }
    }
    line
}

/// The piece of a long line around column `from`, and how many characters
/// were left off before it.
fn window(text: &str, from: usize) -> (String, usize) {
    let length = text.chars().count();
    if length <= WIDTH {
        return (text.to_owned(), 0);
    }
    let cut = from.saturating_sub(WIDTH / 4).min(length - WIDTH);
    (text.chars().skip(cut).take(WIDTH).collect(), cut)
}

fn floor_char(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}
