//! What happens when, as people read it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};

use super::{Happening, HeldBack, Inquiry, Moment};
use crate::{
    diff::{Page, counted, person},
    guard::FindingKind,
    operation::{Event, OperationKind},
};

/// What the calendar takes for so of questions.
const UNANSWERED: &str = "nobody answers in a simulation: an approval is a no when its time is over, \
                          and a review what its `silence` says";

/// Days with what happens on them, in the order of time, and a line of
/// numbers; times are those of the time zone.
pub fn calendar(moments: &[Moment], timezone: &TimeZone) -> String {
    let mut page = Page::default();
    let mut last: Option<Date> = None;
    for Moment { at, people, held_back, inquiries } in moments {
        let at = at.to_zoned(timezone.clone());
        if last != Some(at.date()) {
            if last.is_some() {
                page.gap();
            }
            page.line(0, &at.strftime("%Y-%m-%d %A").to_string());
            last = Some(at.date());
        }
        let time = at.strftime("%H:%M").to_string();
        for happening in people {
            happening_lines(happening, &time, &mut page);
        }
        for HeldBack { kind, target, operations } in held_back {
            let at = target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
            let count = match kind {
                FindingKind::MassErase => counted(*operations, "person", "people"),
                FindingKind::MassPassword => counted(*operations, "password", "passwords"),
                _ => counted(*operations, "operation", "operations"),
            };
            let then = if *kind == FindingKind::MassEject {
                "waits for its turn, or until somebody releases it"
            } else if kind.releasable() {
                "waits until somebody releases it; shown as if released"
            } else {
                "is not done"
            };
            page.line(1, &format!("{time} held back ({}){at}: {count}, which {then}", kind.word()));
        }
        for Inquiry { kind, name, people: _, lines } in inquiries {
            page.line(1, &format!("{time} {} `{name}`", kind.word()));
            for line in lines {
                page.line(3, line);
            }
        }
    }
    if last.is_some() {
        page.gap();
    }
    if moments.iter().any(|moment| !moment.inquiries.is_empty()) {
        page.line(0, UNANSWERED);
    }
    page.line(0, &summary(moments, timezone));
    page.text
}

fn happening_lines(happening: &Happening, time: &str, page: &mut Page) {
    let Happening { identity, label, state, events, operations: _, lines, news, notes } = happening;
    let who = person(&BTreeMap::from([(*identity, label.clone())]), *identity);
    let events: Vec<&str> = events.iter().copied().map(Event::word).collect();
    let events =
        if events.is_empty() { String::new() } else { format!(" — {}", events.join(", ")) };
    page.line(1, &format!("{time} {who}, {}{events}", state.word()));
    for line in lines.iter().chain(news) {
        page.line(3, line);
    }
    for note in notes {
        let at = note.target.as_ref().map(|target| format!(", {target}")).unwrap_or_default();
        page.line(3, &format!("{}{at}: {}", note.kind.word(), note.text));
    }
}

fn summary(moments: &[Moment], timezone: &TimeZone) -> String {
    let days: BTreeSet<Date> =
        moments.iter().map(|moment| moment.at.to_zoned(timezone.clone()).date()).collect();
    let happenings = || moments.iter().flat_map(|moment| &moment.people);
    let people: BTreeSet<_> = happenings().map(|it| it.identity).collect();
    let mut kinds: BTreeMap<OperationKind, usize> = BTreeMap::new();
    for operation in happenings().flat_map(|it| &it.operations) {
        *kinds.entry(operation.change.kind()).or_default() += 1;
    }
    let count: usize = kinds.values().sum();
    if days.is_empty() {
        return "nothing happens".to_owned();
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    format!(
        "{}{kinds} for {} on {}",
        counted(count, "operation", "operations"),
        counted(people.len(), "person", "people"),
        counted(days.len(), "day", "days")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{named, noon};

    #[test]
    fn passwords_that_are_held_back_are_told_as_passwords() {
        let kind = FindingKind::MassPassword;
        let held = HeldBack { kind, target: Some(named("crm")), operations: 2 };
        let moment =
            Moment { at: noon(), people: Vec::new(), held_back: vec![held], inquiries: Vec::new() };
        let text = calendar(&[moment], &TimeZone::UTC);
        assert!(text.contains(" at crm: 2 passwords, which waits"), "{text}");
    }
}
