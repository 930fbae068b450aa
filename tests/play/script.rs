//! A scenario as text: statements at the left edge, what belongs to them
//! indented below.
//!
//! Whoever knows personnel work and no Rust should be able to read one.  What
//! follows `plan:` and its like is the expected answer; everything else is
//! told to the stage.

use std::fmt::Write as _;

/// One statement with what is indented below it.
pub(crate) struct Statement {
    /// Line in the file, from 1.
    pub(crate) line: usize,
    /// Without the colon that ends it.
    pub(crate) text: String,
    /// Without the indentation and without blank lines at its end.
    pub(crate) block: String,
}

/// What a file consists of.
enum Part {
    /// A remark or a blank line, kept as it is.
    Prose(String),
    Statement(Statement),
}

pub(crate) struct Script {
    parts: Vec<Part>,
}

const INDENT: &str = "    ";

impl Script {
    /// # Errors
    /// A line that belongs to nothing, with its number.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        // Blank lines belong to a block only when more of it follows.
        let mut blanks = 0;
        for (line, content) in (1..).zip(text.lines()) {
            if content.trim().is_empty() {
                blanks += 1;
                continue;
            }
            if let Some(indented) = content.strip_prefix(INDENT) {
                let Some(Part::Statement(statement)) = parts.last_mut() else {
                    return Err(format!("line {line} is indented below no statement"));
                };
                let gap = if statement.block.is_empty() { 0 } else { blanks };
                statement.block.extend(std::iter::repeat_n('\n', gap));
                statement.block.push_str(indented);
                statement.block.push('\n');
                blanks = 0;
                continue;
            }
            parts.extend((0..blanks).map(|_| Part::Prose(String::new())));
            blanks = 0;
            parts.push(if content.starts_with('#') {
                Part::Prose(content.to_owned())
            } else {
                let text = content.trim_end();
                Part::Statement(Statement {
                    line,
                    text: text.strip_suffix(':').unwrap_or(text).to_owned(),
                    block: String::new(),
                })
            });
        }
        Ok(Self { parts })
    }

    pub(crate) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.parts.iter().filter_map(|part| match part {
            Part::Statement(statement) => Some(statement),
            Part::Prose(_) => None,
        })
    }

    /// The file with the answers given, in the order of the statements; none
    /// for those that are not answered.
    pub(crate) fn with_answers(&self, answers: &[Option<String>]) -> String {
        let mut text = String::new();
        let mut answers = answers.iter();
        for part in &self.parts {
            match part {
                Part::Prose(prose) => {
                    text.push_str(prose);
                    text.push('\n');
                }
                Part::Statement(statement) => {
                    let answer = answers.next().and_then(Option::as_ref);
                    let block = answer.unwrap_or(&statement.block);
                    let colon = if block.is_empty() && answer.is_none() { "" } else { ":" };
                    // Writing to a String cannot fail.
                    let _infallible = writeln!(text, "{}{colon}", statement.text);
                    for line in block.lines() {
                        let line =
                            if line.is_empty() { String::new() } else { format!("{INDENT}{line}") };
                        let _infallible = writeln!(text, "{line}");
                    }
                }
            }
        }
        text
    }
}

/// A table: names of columns in its first line, cells between bars.
///
/// # Errors
/// A row that has another number of cells than there are columns.
pub(crate) fn table(block: &str) -> Result<Vec<Vec<(String, String)>>, String> {
    let cells = |line: &str| -> Vec<String> {
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = block.lines().filter(|line| !line.trim().is_empty());
    let columns = cells(lines.next().unwrap_or_default());
    lines
        .map(|line| {
            let row = cells(line);
            if row.len() != columns.len() {
                return Err(format!("`{line}` has {} cells, not {}", row.len(), columns.len()));
            }
            Ok(columns.iter().cloned().zip(row).collect())
        })
        .collect()
}
