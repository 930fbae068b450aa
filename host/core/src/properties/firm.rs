//! Invented firms: who works there, as sources have them one version after
//! the other, and what the file says.

use jiff::Timestamp;
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    account::{Account, Coverage},
    example::{named, worker},
    fact::Reading,
};

/// A person as HR has them for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub given: &'static str,
    pub department: &'static str,
    pub job: &'static str,
    pub status: &'static str,
    pub start: &'static str,
    pub end: &'static str,
    /// `x` makes an expression fail.
    pub level: &'static str,
    /// Whose key stands in `manager`.
    pub manager: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    /// One after the other; the last one stays.
    pub rows: Vec<Row>,
    /// The second source knows them as well.
    pub shared: bool,
    /// 0 nobody's, 1 an account of their name is there that is not ours, 2
    /// they hold a group by somebody's hand.
    pub found: u8,
}

/// Which parts the file has.
#[expect(clippy::struct_excessive_bools, reason = "each part is there or not")]
#[derive(Debug, Clone)]
pub(super) struct File {
    pub after: bool,
    pub roles: bool,
    pub references: bool,
    pub overlap: bool,
    pub leaves: bool,
    pub shared_names: bool,
    pub unmanaged: u8,
    pub last_of: bool,
    pub protected: bool,
    /// Leaver, joiner, mover, and one that holds a group while active.
    pub workflows: [bool; 4],
    pub delete_at_once: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Firm {
    pub people: Vec<Person>,
    pub file: File,
}

fn row() -> impl Strategy<Value = Row> {
    let who = (select(vec!["Ada", "ada", "Bo", "Ödön"]), select(vec!["Sales", "Ops", "Legal"]));
    let job = select(vec!["none", "payer", "approver", "both", "admin"]);
    let status = select(vec!["Active", "Active", "Active", "Leave", "Gone", "Withdrawn"]);
    let start = select(vec!["2025-01-01", "2025-01-01", "2026-06-04", "2026-12-01"]);
    let end = select(vec!["", "", "2026-05-31", "2026-06-20", "2027-01-31"]);
    let level = select(vec!["1", "3", "3", "5", "x"]);
    (who, job, (status, start, end), level, 0..6_usize).prop_map(
        |((given, department), job, (status, start, end), level, manager)| Row {
            given,
            department,
            job,
            status,
            start,
            end,
            level,
            manager,
        },
    )
}

fn file() -> impl Strategy<Value = File> {
    let half = any::<bool>;
    (
        (half(), half(), half(), half(), half()),
        (half(), 0..3_u8, half(), half(), half()),
        prop::array::uniform4(any::<bool>()),
    )
        .prop_map(|(first, second, workflows)| File {
            after: first.0,
            roles: first.1,
            references: first.2,
            overlap: first.3,
            leaves: first.4,
            shared_names: second.0,
            unmanaged: second.1,
            last_of: second.2,
            protected: second.3,
            delete_at_once: second.4,
            workflows,
        })
}

pub(super) fn firm() -> impl Strategy<Value = Firm> {
    let found = prop_oneof![4 => Just(0_u8), 1 => Just(1), 1 => Just(2)];
    let person = (vec(row(), 1..4), prop::bool::weighted(0.3), found)
        .prop_map(|(rows, shared, found)| Person { rows, shared, found });
    (vec(person, 1..6), file()).prop_map(|(people, file)| Firm { people, file })
}

impl Person {
    pub(super) fn row(&self, version: usize) -> &Row {
        &self.rows[version.min(self.rows.len() - 1)]
    }
}

impl Firm {
    /// How many versions there are until nothing changes any more.
    pub(super) fn versions(&self) -> usize {
        self.people.iter().map(|person| person.rows.len()).max().unwrap_or(1)
    }

    /// Both sources as they are in a version.
    pub(super) fn readings(&self, version: usize, at: Timestamp) -> Vec<Reading> {
        let here: Vec<(usize, &Row)> =
            self.people.iter().map(|it| it.row(version)).enumerate().collect();
        let also = here.iter().filter(|(number, _)| self.people[*number].shared);
        let also = also.map(|(number, _)| crate::example::record(&key(*number), &[("phone", "1")]));
        let hr = here.iter().map(|(number, row)| record(*number, row)).collect();
        vec![reading("hr", hr, at), reading("more", also.collect(), at)]
    }
}

pub(super) fn reading(source: &str, records: Vec<Account>, at: Timestamp) -> Reading {
    Reading { source: named(source), records, coverage: Coverage::exhaustive(), read_at: at }
}

pub(super) fn key(number: usize) -> String {
    (number + 1).to_string()
}

pub(super) fn record(number: usize, row: &Row) -> Account {
    let manager = key(row.manager);
    let mail = format!("{}@example.org", key(number));
    let mut cells = vec![
        ("department", row.department),
        ("job", row.job),
        ("status", row.status),
        ("start", row.start),
        ("level", row.level),
        ("manager", manager.as_str()),
        ("mail", mail.as_str()),
    ];
    if !row.end.is_empty() {
        cells.push(("end", row.end));
    }
    worker(&key(number), (row.given, "Example"), &cells)
}
