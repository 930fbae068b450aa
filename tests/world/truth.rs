//! What HR says of people, and what should follow from it: told once more, in
//! few words and without the engine.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use lanyard_core::account::AccountState;

use crate::schedule::{Person, What};

pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Accounts are made, disabled, so long before the first day.
pub(crate) const PREHIRE: SignedDuration = SignedDuration::from_hours(48);
/// Deleted so long after they were lost.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_hours(72);
/// So many accounts of one target may lose something within a day.
pub(crate) const LIMIT: usize = 2;

/// Midnight of a day of the world.
pub(crate) fn midnight(day: i32) -> Timestamp {
    let first: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    first.checked_add(DAY.saturating_mul(day)).unwrap()
}

/// A person as HR has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) name: &'static str,
    pub(crate) department: &'static str,
    pub(crate) gone: bool,
    pub(crate) start: i32,
    pub(crate) end: Option<i32>,
}

/// What somebody should have at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) account: Option<AccountState>,
    pub(crate) groups: Vec<&'static str>,
}

/// As HR has somebody on a day; none: they are not there yet.
pub(crate) fn row(person: &Person, day: u32) -> Option<Row> {
    let mut row: Option<Row> = None;
    for news in person.news.iter().filter(|news| news.day <= day) {
        let today = i32::try_from(news.day).unwrap();
        if let What::Joins(department, later) = news.what {
            let start = today + i32::try_from(later).unwrap();
            row = Some(Row {
                key: person.key.clone(),
                name: person.name,
                department,
                gone: false,
                start,
                end: None,
            });
        }
        let Some(row) = row.as_mut() else { continue };
        match news.what {
            What::Joins(..) => {}
            What::Moves(department) => row.department = department,
            What::Leaves => row.gone = true,
            What::Ends(days) => row.end = Some(today + days),
            What::Stays => row.end = None,
            What::Returns(department) => {
                (row.gone, row.end, row.department) = (false, None, department);
            }
            What::Renamed(name) => row.name = name,
        }
    }
    row
}

impl Row {
    /// They had gone by then.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.gone || self.end.is_some_and(|end| now >= midnight(end + 1))
    }

    /// The last day is before the first: nobody is asked to make sense of it.
    pub(crate) fn is_no_life(&self) -> bool {
        self.end.is_some_and(|end| end < self.start)
    }

    pub(crate) fn wanted(&self, target: &str, now: Timestamp) -> Wanted {
        let nothing = Wanted { account: None, groups: Vec::new() };
        let start = midnight(self.start);
        if self.is_over(now) || now < start.checked_sub(PREHIRE).unwrap() {
            return nothing;
        }
        let state = if now < start { AccountState::Disabled } else { AccountState::Active };
        let sales = self.department == "Sales";
        let groups = match (target, sales) {
            ("directory", true) => vec!["sales", "staff"],
            ("directory", false) => vec!["staff"],
            ("crm", true) => vec!["sales"],
            ("crm", false) => return nothing,
            _ => Vec::new(),
        };
        Wanted { account: Some(state), groups }
    }
}

/// The operator's file for so many targets.
pub(crate) fn file(targets: &[&str]) -> String {
    let mut file = String::from(
        r#"[source.hr]
plugin = "hr"
shrink-limit = 10

[lifecycle]
prehire = "48h"
clock-jump = "10d"
status = { active = ["Active"], departed = ["Gone"] }

[leaver]
delete-after = "72h"

[limits]
removals = { percent = 1, floor = 2, window = "24h" }
ejects = { max = 2, window = "1h" }

[workflow.leaver]
on = "departed"
steps = [{ id = "tell", do = "notify", to = ["mail:it@example.org"], template = "left" }]

[message.left]
subject = { en = "{{ given_name }} has left" }
body = { en = "That is all." }

[notify]
from = "lanyard@example.org"
smtp = { host = "mail.example.org" }

[rule.everyone]
accounts = ["directory"]
grants = { directory = ["staff"] }

[rule.sales]
when = { department = ["Sales"] }
accounts = ["crm"]
grants = { directory = ["sales"], crm = ["sales"] }
"#,
    );
    if targets.contains(&"wiki") {
        file.push_str("\n[rule.wiki]\naccounts = [\"wiki\"]\n");
    }
    for target in targets {
        // Writing to a String cannot fail.
        let _infallible = write!(
            file,
            "\n[target.{target}]\nplugin = \"{target}\"\n[target.{target}.account]\nname = \"{{{{ \
             given_name | lower }}}}\"\nattributes = {{ title = \"{{{{ department }}}}\" }}\n",
        );
    }
    file
}
