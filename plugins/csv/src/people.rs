//! What a file says about people, or why it cannot be believed.

use std::collections::BTreeMap;

use crate::rows;

/// Problems named in one message; the rest is counted.
const SHOWN: usize = 50;

/// Every row has as many cells as the header, and a key of its own that no
/// other one could be mistaken for.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    key_at: usize,
}

impl People {
    pub(crate) fn read(
        bytes: &[u8],
        delimiter: u8,
        key: &str,
        name: Option<&str>,
    ) -> Result<Self, String> {
        let text = rows::text(bytes)?;
        let mut rows = rows::rows(text, char::from(delimiter))?.into_iter();
        let Some(header) = rows.next() else {
            return Err("the file is empty: there is not even a header".to_owned());
        };
        let mut people =
            Self { header: header.cells.clone(), rows: Vec::new(), key_at: usize::MAX };
        people.check_header(header.line)?;
        people.key_at = people.column(key).ok_or_else(|| people.missing("key", key))?;
        if let Some(name) = name {
            people.column(name).ok_or_else(|| people.missing("name", name))?;
        }
        people.take(rows)?;
        if people.rows.is_empty() {
            return Err("0 people: an empty company is never read".to_owned());
        }
        Ok(people)
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    pub(crate) fn key<'a>(&self, row: &'a [String]) -> &'a str {
        row.get(self.key_at).map_or("", String::as_str)
    }

    /// "there is no column ..., the columns are ...".
    pub(crate) fn missing(&self, setting: &str, name: &str) -> String {
        let columns: Vec<_> = self.header.iter().map(|c| format!("`{c}`")).collect();
        format!("no column `{name}` ({setting}); the columns are {}", columns.join(", "))
    }

    fn check_header(&self, line: usize) -> Result<(), String> {
        for (at, column) in self.header.iter().enumerate() {
            if column.trim().is_empty() {
                return Err(format!("line {line}: column {} has no name", at + 1));
            }
            if self.column(column) != Some(at) {
                return Err(format!("line {line}: two columns are called `{column}`"));
            }
        }
        Ok(())
    }

    fn take(&mut self, rows: impl Iterator<Item = rows::Row>) -> Result<(), String> {
        let mut problems = Vec::new();
        let mut lines_of: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for row in rows {
            let (line, width, wanted) = (row.line, row.cells.len(), self.header.len());
            if width != wanted {
                problems.push(format!("line {line}: {width} cells where the header has {wanted}"));
                continue;
            }
            let key = self.key(&row.cells);
            if key.trim().is_empty() {
                problems.push(format!("line {line}: the key is empty"));
                continue;
            }
            if key != key.trim() {
                problems.push(format!("line {line}: the key `{key}` has space around it"));
            }
            let alike = key.trim().to_lowercase();
            lines_of.entry(alike).or_default().push((line, key.to_owned()));
            self.rows.push(row.cells);
        }
        problems.extend(lines_of.into_values().filter_map(same_key));
        if problems.is_empty() {
            return Ok(());
        }
        let more = problems.len().saturating_sub(SHOWN);
        problems.truncate(SHOWN);
        if more > 0 {
            problems.push(format!("and {more} more"));
        }
        Err(problems.join("; "))
    }
}

/// What is wrong with rows whose keys are alike, when there are several.
fn same_key(rows: Vec<(usize, String)>) -> Option<String> {
    let (lines, keys): (Vec<String>, Vec<String>) =
        rows.into_iter().map(|(line, key)| (line.to_string(), format!("`{key}`"))).unzip();
    let first = keys.first().filter(|_| keys.len() > 1)?;
    let lines = lines.join(", ");
    Some(if keys.iter().all(|key| key == first) {
        format!("lines {lines}: the same key {first}")
    } else {
        let keys = keys.join(", ");
        format!("lines {lines}: the keys {keys} differ only in case or in the space around them")
    })
}
