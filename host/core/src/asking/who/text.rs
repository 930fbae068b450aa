//! Who has something, as text.

use super::{Holder, Who};
use crate::diff::Page;

impl Who {
    /// As text: a sentence, then who has it, who should and does not, and
    /// accounts of nobody.
    pub fn render(&self) -> String {
        let mut page = Page::default();
        let count =
            |test: &dyn Fn(&Holder) -> bool| self.holders.iter().filter(|it| test(it)).count();
        let mine = |it: &Holder| it.has && it.identity.is_some();
        let missing = |it: &Holder| !it.has;
        let strange = |it: &Holder| it.has && it.identity.is_none();
        let read = match (self.read_at, self.whole) {
            (Some(at), Some(false)) => format!(", read {at:.0}, and not wholly: there may be more"),
            (Some(at), _) => format!(", read {at:.0}"),
            (None, _) => String::new(),
        };
        page.line(
            0,
            &format!(
                "{}: {} have it, {} should and do not, {} accounts of nobody{read}",
                self.what,
                count(&mine),
                count(&missing),
                count(&strange),
            ),
        );
        section("have it", self.holders.iter().filter(|it| mine(it)), &mut page);
        let without = self.holders.iter().filter(|it| missing(it));
        section("should have it, and do not", without, &mut page);
        section("nobody's", self.holders.iter().filter(|it| strange(it)), &mut page);
        page.text
    }
}

fn section<'a>(heading: &str, holders: impl Iterator<Item = &'a Holder>, page: &mut Page) {
    let mut holders = holders.peekable();
    if holders.peek().is_some() {
        page.gap();
        page.line(0, heading);
    }
    for holder in holders {
        holder.lines(page);
    }
}

impl Holder {
    fn lines(&self, page: &mut Page) {
        let mut parts = Vec::new();
        if self.identity.is_some() {
            parts.push(format!("{} ({}, {})", self.label, self.key, self.state));
        }
        if !self.account.is_empty() || !self.uid.is_empty() {
            let name = if self.account.is_empty() { &self.uid } else { &self.account };
            let state = Some(self.account_state).filter(|it| !it.is_empty());
            let state = state.map(|it| format!(", {it}")).unwrap_or_default();
            parts.push(format!("`{name}`{state}"));
        }
        let since = self.since.map(|at| format!(" {at:.0}")).unwrap_or_default();
        parts.push(format!("{}{since}", self.how));
        if !self.held.is_empty() {
            parts.push("held, so nobody can tell whether anything gives it".to_owned());
        } else if self.has && !self.should && self.identity.is_some() {
            parts.push("nothing gives it".to_owned());
        }
        page.line(1, &parts.join(" — "));
        for why in self.why.iter().chain(&self.held) {
            page.line(2, &format!("because {why}"));
        }
    }
}
