//! Obligations as people read them.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};

use super::{Closed, Obligation, Spent};
use crate::{diff, id::ConnectorName};

/// One of a list, under its number.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    pub number: i64,
    /// How people call whose it is.
    pub who: &'a str,
    pub obligation: &'a Obligation,
}

/// Who still has what, for how long and why; and what came of the others.
pub fn rendered(listed: &[Listed<'_>], now: Timestamp) -> String {
    let mut text = String::new();
    for Listed { number, who, obligation } in listed {
        let who = diff::one_line(who);
        let Obligation { place, name, since, closed, .. } = obligation;
        let until = closed.as_ref().map_or(now, |closed| closed.at);
        let (what, took) = (obligation.what(), length(until.duration_since(*since)));
        let name = diff::one_line(name);
        let whether = if closed.is_some() { "after" } else { "open for" };
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{number}  {who}: {what} at {} (`{name}`), {whether} {took}",
            place.target
        );
        for line in details(obligation) {
            let _infallible = writeln!(text, "     {}", diff::one_line(&line));
        }
    }
    text
}

/// Why it is due, and what was tried; or how it was closed.
pub fn details(obligation: &Obligation) -> Vec<String> {
    let Obligation { since, causes, tries, last_try, last_error, next_try, why, closed, .. } =
        obligation;
    let mut lines = Vec::new();
    let because = causes.first().map(|cause| format!(": {cause}")).unwrap_or_default();
    lines.push(format!("due since {since:.0}{because}"));
    if let Some(Closed { at, by }) = closed {
        lines.push(format!("closed {at:.0}, {by}"));
        return lines;
    }
    lines.extend(why.clone());
    if let (Some(at), Some(error)) = (last_try, last_error) {
        let tries = if *tries == 1 { "once".to_owned() } else { format!("{tries} times") };
        lines.push(format!("tried {tries}, last {at:.0}: {error}"));
    }
    lines.push(match next_try {
        Some(at) => format!("tried by the next run, due {at:.0}"),
        None if why.is_some() => "looked at by every run".to_owned(),
        None => "tried by the next run".to_owned(),
    });
    lines
}

/// How long losses of access took, a line for each target.
pub fn times(spent: &BTreeMap<ConnectorName, Spent>) -> String {
    let mut text = String::new();
    let seconds = |seconds: i64| length(SignedDuration::from_secs(seconds));
    for (target, Spent { count, p50, p95, max, sum: _ }) in spent {
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{target}: {count} closed, half of them within {}, 95 % within {}, the longest {}",
            seconds(*p50),
            seconds(*p95),
            seconds(*max)
        );
    }
    text
}

/// "4d 6h", "3h 20min", "12min", "45s"; no more than two parts.
pub fn length(of: SignedDuration) -> String {
    let seconds = of.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |first: String, rest: i64, unit: &str| {
        if rest == 0 { first } else { format!("{first} {rest}{unit}") }
    };
    if days > 0 {
        two(format!("{days}d"), hours, "h")
    } else if hours > 0 {
        two(format!("{hours}h"), minutes, "min")
    } else if minutes > 0 {
        format!("{minutes}min")
    } else {
        format!("{seconds}s")
    }
}
