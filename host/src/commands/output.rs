//! Standard output is data, standard error is for people.

use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
};

use lanyard_core::diff;
use serde::Serialize;

use crate::errors::{AppError, Exit};

/// Where a verb writes.
pub(super) struct Output {
    out: io::Stdout,
    err: io::Stderr,
}

impl Output {
    pub(super) fn standard() -> Self {
        Self { out: io::stdout(), err: io::stderr() }
    }

    /// Text that ends with a line break of its own.
    pub(super) fn text(&mut self, text: &str) -> Result<(), AppError> {
        let written = self.out.write_all(harmless(text).as_bytes());
        finished(written.and_then(|()| self.out.flush()))
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), AppError> {
        finished(writeln!(self.out, "{}", harmless(line)))
    }

    pub(super) fn json<T: Serialize>(&mut self, value: &T) -> Result<(), AppError> {
        let text = serde_json::to_string_pretty(value)?;
        finished(writeln!(self.out, "{text}"))
    }

    /// On one line.
    pub(super) fn json_line<T: Serialize>(&mut self, value: &T) -> Result<(), AppError> {
        let text = serde_json::to_string(value)?;
        finished(writeln!(self.out, "{text}"))
    }

    /// For people, beside the data; a closed standard error is no error.
    pub(super) fn error(&mut self, text: &str) {
        let _closed = self.err.write_all(harmless(text).as_bytes());
    }

    /// Asks a question that is answered with `y` or `yes`.
    ///
    /// # Errors
    /// Without a terminal there is nobody to ask.
    pub(super) fn ask(&mut self, question: &str) -> Result<bool, AppError> {
        if !io::stdin().is_terminal() {
            return Err(AppError::new(Exit::Usage, "there is no terminal to ask at")
                .hint("nothing was done; `--yes` goes on without asking"));
        }
        self.error(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}

/// Text that means nothing to a terminal: names come from outside.
fn harmless(text: &str) -> Cow<'_, str> {
    diff::escaped(text, &['\n', '\t'])
}

/// "1 account", "2 accounts".
pub(super) fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A reader that went away (`lanyard … | head`) is no error.
fn finished(written: io::Result<()>) -> Result<(), AppError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
