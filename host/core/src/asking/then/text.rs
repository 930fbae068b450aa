//! Who had something, as text.

use super::{Had, HadThen};
use crate::diff::{Page, counted};

impl HadThen {
    /// A sentence, then each of them.
    pub fn render(&self) -> String {
        let mut page = Page::default();
        let rests = match self.begins {
            Some(begins) => format!(
                "by {} of the record, which begins {begins:.0}",
                counted(usize::try_from(self.rows).unwrap_or(usize::MAX), "row", "rows")
            ),
            None => "and the record says nothing of it".to_owned(),
        };
        page.line(
            0,
            &format!("{}, as of {:.0}: {} had it, {rests}", self.what, self.at, self.had.len()),
        );
        if self.emptied > 0 {
            page.line(
                0,
                &format!("{} more, of people who were erased, may be about it", self.emptied),
            );
        }
        if !self.had.is_empty() {
            page.gap();
        }
        for had in &self.had {
            had.lines(&mut page);
        }
        page.text
    }
}

impl Had {
    fn lines(&self, page: &mut Page) {
        let key = if self.key.is_empty() { String::new() } else { format!(" ({})", self.key) };
        let uid = self.uid.as_deref().map(|uid| format!("`{uid}`, ")).unwrap_or_default();
        let until = self.until.map(|at| format!(" until {at:.0}")).unwrap_or_default();
        page.line(
            1,
            &format!(
                "{}{key} — {uid}{} — {} {:.0}{until} by {}, row {}",
                self.label, self.state, self.how, self.since, self.by, self.row
            ),
        );
        if let Some(because) = &self.because {
            page.line(2, &format!("because {because}"));
        }
        if let Some((verb, since)) = self.due {
            page.line(2, &format!("to {verb} since {since:.0}, and not seen to be done"));
        }
        if let Some(doubt) = self.doubt {
            page.line(2, doubt);
        }
    }
}
