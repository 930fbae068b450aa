//! A source: people from a CSV file.
//!
//! A file that is missing, broken or empty is an error and never an empty
//! company; so is every row that cannot be read for certain.

mod people;
mod rows;

use lanyard_sdk::{directory, fingerprint, prelude::*};
use serde::Deserialize;

use people::People;

/// The one type of record.
const PERSON: &str = "person";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// Path inside the permitted directory `data`.
    file: String,
    /// Column that identifies a person for good.
    key: String,
    #[serde(default = "comma")]
    delimiter: char,
    /// Column shown as the name of a record; the key unless set.
    name: Option<String>,
}

fn comma() -> char {
    ','
}

const CONFIG_SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["file", "key"],
  "additionalProperties": false,
  "properties": {
    "file": { "type": "string", "minLength": 1, "description": "CSV file (UTF-8) inside the directory `data`" },
    "key": { "type": "string", "minLength": 1, "description": "column that identifies a person for good" },
    "delimiter": { "type": "string", "minLength": 1, "maxLength": 1, "default": ",", "description": "one ASCII character" },
    "name": { "type": "string", "minLength": 1, "description": "column shown as the name of a record" }
  }
}"#;

impl Connector for Csv {
    fn describe() -> Description {
        Description::new("dev.lanyard.csv", env!("CARGO_PKG_VERSION"), "CSV file")
            .config_schema(CONFIG_SCHEMA)
            .directory("data", "reads the file")
    }

    fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Error> {
        let people = self.read()?.0;
        let (rows, columns) = (people.rows.len(), people.header.len());
        let rows = if rows == 1 { "1 person".to_owned() } else { format!("{rows} people") };
        let columns =
            if columns == 1 { "1 column".to_owned() } else { format!("{columns} columns") };
        let detail = format!("{rows}, {columns}");
        Ok(CheckReport::of([CheckFinding::ok(format!("file `{}`", self.file), detail)]))
    }

    /// Every column is an attribute; nothing else is known of the file.
    fn discover(&self) -> Result<Schema, Error> {
        let people = self.read()?.0;
        let mut person = ObjectDef::account(PERSON, self.name_column())
            .anchor(&self.key)
            .can([Capability::FullList, Capability::FindBy(self.key.clone())]);
        if self.name_column() != self.key {
            person = person.can([Capability::FindBy(self.name_column().to_owned())]);
        }
        for column in &people.header {
            let text = AttributeDef::text(column).read_only().personal();
            person =
                person.attribute(if *column == self.key { text.required().unique() } else { text });
        }
        Ok(Schema::of(vec![person]))
    }
}

impl Directory for Csv {
    fn list(&self, object_type: &str, request: &PageRequest) -> Result<Page, Error> {
        known_type(object_type)?;
        if !matches!(request.selector, Selector::Everything) {
            return Err(Error::unsupported("reading a part of a CSV file"));
        }
        let (people, version) = self.read()?;
        let from = match &request.cursor {
            None => 0,
            Some(cursor) => offset(cursor, version)?,
        };
        let limit = usize::try_from(request.limit.max(1)).unwrap_or(usize::MAX);
        let until = from.saturating_add(limit).min(people.rows.len());
        let rows = people.rows.get(from..until).ok_or_else(stale)?;
        let accounts = rows.iter().map(|row| self.account(&people, row)).collect();
        let next = (until < people.rows.len()).then(|| format!("{until}@{version:016x}"));
        let mut page = Page::new(accounts, next, Coverage::exhaustive());
        page.total_hint = u64::try_from(people.rows.len()).ok();
        Ok(page)
    }

    fn get(&self, account: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        known_type(&account.type_)?;
        let (people, _) = self.read()?;
        people
            .rows
            .iter()
            .find(|row| people.key(row) == account.uid)
            .map(|row| self.account(&people, row))
            .ok_or_else(|| Error::not_found(format!("no row has the key `{}`", account.uid)))
    }

    fn find(
        &self,
        object_type: &str,
        by: &Lookup,
        _want: &Projection,
    ) -> Result<Vec<Account>, Error> {
        known_type(object_type)?;
        let (people, _) = self.read()?;
        let (column, wanted) = match by {
            Lookup::Anchor(text) => (self.key.as_str(), text.clone()),
            Lookup::Name(text) => (self.name_column(), text.clone()),
            Lookup::Attribute(by) => {
                let text = by.value.as_text().ok_or_else(|| Error::unsupported("bytes"))?;
                (by.name.as_str(), text.into_owned())
            }
            Lookup::IdempotencyKey(_) | Lookup::Named(_) => {
                return Err(Error::unsupported("this way to look into a CSV file"));
            }
        };
        let at = people
            .column(column)
            .ok_or_else(|| Error::invalid_value(column, people.missing("lookup", column)))?;
        Ok(people
            .rows
            .iter()
            .filter(|row| row.get(at).is_some_and(|cell| *cell == wanted))
            .map(|row| self.account(&people, row))
            .collect())
    }
}

impl Csv {
    fn name_column(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.key)
    }

    /// The people, and a number that changes with the file.
    fn read(&self) -> Result<(People, u64), Error> {
        let delimiter = u8::try_from(self.delimiter)
            .ok()
            .filter(|d| d.is_ascii() && !matches!(d, b'"' | b'\r' | b'\n' | 0))
            .ok_or_else(|| {
                Error::misconfigured("config, `delimiter`: must be one ASCII character, no quote")
            })?;
        if self.file.split(['/', '\\']).any(|part| part == "..") || self.file.starts_with('/') {
            let why = "must be a path inside the directory `data`";
            return Err(Error::misconfigured(format!("config, `file`: {why}")));
        }
        let bytes = std::fs::read(directory::path("data").join(&self.file)).map_err(|error| {
            let file = &self.file;
            match error.kind() {
                std::io::ErrorKind::NotFound => Error::misconfigured(format!(
                    "`{file}` is not in the directory `data`: put it there, or mend `file`"
                )),
                kind => Error::unavailable(format!("`{file}` cannot be read: {kind}")),
            }
        })?;
        let people = People::read(&bytes, delimiter, &self.key, self.name.as_deref())
            .map_err(|problem| Error::misconfigured(format!("`{}`: {problem}", self.file)))?;
        Ok((people, fingerprint(&bytes)))
    }

    /// The name and the key are not repeated among the attributes.
    fn account(&self, people: &People, row: &[String]) -> Account {
        let key = people.key(row);
        let cell = |column: &str| people.column(column).and_then(|at| row.get(at));
        let name = cell(self.name_column()).map_or(key, String::as_str);
        let mut account = Account::new(ObjectRef::new(PERSON, key), name);
        account.anchor = Some(key.to_owned());
        account.attributes = people
            .header
            .iter()
            .zip(row)
            .filter(|(column, _)| **column != self.key && *column != self.name_column())
            .map(|(column, cell)| {
                let values = (!cell.is_empty()).then(|| Value::text(cell.as_str()));
                Attribute::many(column.as_str(), values)
            })
            .collect();
        account
    }
}

fn known_type(object_type: &str) -> Result<(), Error> {
    if object_type == PERSON {
        return Ok(());
    }
    Err(Error::unsupported(format!("the type `{object_type}`: a CSV file holds `{PERSON}`")))
}

fn stale() -> Error {
    Error::stale_cursor("the file changed while it was read: begin again")
}

fn offset(cursor: &str, version: u64) -> Result<usize, Error> {
    let (offset, read_from) = cursor.split_once('@').ok_or_else(stale)?;
    if read_from != format!("{version:016x}") {
        return Err(stale());
    }
    offset.parse().map_err(|_| stale())
}

lanyard_sdk::export!(Csv: meta, directory);

#[cfg(test)]
mod tests;
