//! One sentence, and what stands behind it.

use serde::Serialize;

use crate::diff::Page;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What there is to say, in one sentence.
    pub sentence: String,
    pub details: Vec<Detail>,
}

/// A line, and the lines it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    pub text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Self>,
}

impl Detail {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), details: Vec::new() }
    }

    pub(crate) fn with(text: impl Into<String>, details: Vec<Self>) -> Self {
        Self { text: text.into(), details }
    }

    fn lines(&self, depth: usize, page: &mut Page) {
        page.line(depth, &self.text);
        for detail in &self.details {
            detail.lines(depth + 1, page);
        }
    }
}

impl Answer {
    /// As text; control characters are escaped.
    pub fn render(&self) -> String {
        let mut page = Page::default();
        page.line(0, &self.sentence);
        for detail in &self.details {
            detail.lines(1, &mut page);
        }
        page.text
    }
}
