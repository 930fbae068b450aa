//! What the file says each person must have, worked out apart from the
//! product: straight from the columns, by the words of `hris.toml`.

use std::collections::{BTreeMap, BTreeSet};

/// One line of the file; every field is in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(Vec<String>);

const COLUMNS: [&str; 8] =
    ["empnum", "firstname", "surname", "emptype", "job", "status", "locality", "country"];

impl Row {
    pub(crate) fn new(fields: [&str; 8]) -> Self {
        Self(fields.map(str::to_owned).to_vec())
    }

    pub(crate) fn get(&self, column: &str) -> &str {
        &self.0[COLUMNS.iter().position(|name| *name == column).unwrap()]
    }

    pub(crate) fn set(&mut self, column: &str, value: &str) {
        value.clone_into(&mut self.0[COLUMNS.iter().position(|name| *name == column).unwrap()]);
    }

    pub(crate) fn title(&self) -> &str {
        self.get("job").rsplit('#').next().unwrap()
    }

    pub(crate) fn is(&self, status: &str) -> bool {
        self.get("status") == status
    }

    pub(crate) fn is_employee(&self) -> bool {
        self.get("emptype") == "FTE"
    }

    pub(crate) fn is_senior(&self) -> bool {
        self.is_employee() && ["Senior", "Director"].iter().any(|it| self.title().contains(it))
    }

    pub(crate) fn job_group(&self) -> String {
        let words = self.title().split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        format!("job-{}", words.join("-").to_ascii_lowercase())
    }

    fn full_name(&self) -> String {
        format!("{} {}", self.get("firstname"), self.get("surname"))
    }

    fn region(&self) -> String {
        let words = self.get("country").rsplit(':').next().unwrap().split(' ');
        let capital = |word: &str| {
            let (first, rest) = word.split_at(1);
            format!("{}{}", first.to_uppercase(), rest.to_lowercase())
        };
        words.map(capital).collect::<Vec<_>>().join(" ")
    }

    fn area(&self) -> String {
        let code = self.get("country").split(':').next().unwrap();
        code.replace('_', "").to_uppercase()
    }
}

pub(crate) fn parse(text: &str) -> Vec<Row> {
    let mut lines = text.lines().map(|line| {
        let fields = line.trim_start_matches('"').trim_end_matches('"').split("\",\"");
        Row(fields.map(str::to_owned).collect())
    });
    assert_eq!(lines.next().unwrap().0, COLUMNS);
    lines.collect()
}

pub(crate) fn write(rows: &[Row]) -> String {
    let line = |fields: &[String]| format!("\"{}\"\n", fields.join("\",\""));
    let header = line(&COLUMNS.map(str::to_owned));
    rows.iter().fold(header, |text, row| text + &line(&row.0))
}

/// An account as everybody can see it; sorted and compared whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) attributes: BTreeMap<&'static str, String>,
    pub(crate) groups: BTreeSet<String>,
}

/// What each system must hold.
#[derive(Debug, Default, Clone)]
pub(crate) struct Expected {
    /// By the key of the record, because people may look the same.
    directory: BTreeMap<String, Seen>,
    crm: BTreeMap<String, Seen>,
}

impl Expected {
    /// After the next version of the file.  Whoever left keeps what they had,
    /// locked and without groups.
    pub(crate) fn next(&self, rows: &[Row]) -> Self {
        let mut next = self.clone();
        for seen in next.directory.values_mut().chain(next.crm.values_mut()) {
            seen.enabled = false;
            seen.groups.clear();
        }
        for row in rows.iter().filter(|row| !row.is("Former employee")) {
            let key = row.get("empnum").to_owned();
            next.directory.insert(key.clone(), in_directory(row));
            if row.is_employee() {
                next.crm.insert(key, in_crm(row));
            }
        }
        next
    }

    pub(crate) fn directory(&self) -> Vec<Seen> {
        sorted(self.directory.values())
    }

    pub(crate) fn crm(&self) -> Vec<Seen> {
        sorted(self.crm.values())
    }
}

fn sorted<'a>(seen: impl Iterator<Item = &'a Seen>) -> Vec<Seen> {
    let mut seen: Vec<Seen> = seen.cloned().collect();
    seen.sort();
    seen
}

fn in_directory(row: &Row) -> Seen {
    let mut groups = BTreeSet::from(["staff".to_owned(), row.job_group()]);
    if !row.is_employee() {
        groups.insert("contractors".to_owned());
    }
    if row.is_senior() {
        groups.insert("seniors".to_owned());
    }
    let attributes = BTreeMap::from([
        ("sn", row.get("surname").to_owned()),
        ("givenName", row.get("firstname").to_owned()),
        ("title", row.title().to_owned()),
        ("employeeType", row.get("emptype").to_lowercase()),
        ("ou", row.get("locality").to_owned()),
        ("description", format!("{} {}", row.area(), row.region())),
    ]);
    Seen { name: row.full_name(), enabled: row.is("Active"), attributes, groups }
}

fn in_crm(row: &Row) -> Seen {
    let groups = row.is_senior().then(|| "seniors".to_owned()).into_iter().collect();
    let attributes = BTreeMap::from([
        ("familyName", row.get("surname").to_owned()),
        ("givenName", row.get("firstname").to_owned()),
        ("title", row.title().to_owned()),
        ("userType", row.get("emptype").to_owned()),
        ("department", row.region()),
    ]);
    Seen { name: row.full_name(), enabled: row.is("Active"), attributes, groups }
}
