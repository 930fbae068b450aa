use std::path::PathBuf;

use lanyard_sdk::{
    config,
    testing::{Host, Installed, page},
};
use serde_json::json;

use super::*;

/// A directory of its own for each test, emptied at the end.
struct Data(PathBuf, Installed);

impl Drop for Data {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn csv(test: &str, bytes: &[u8]) -> (Csv, Data) {
    let dir = std::env::temp_dir().join(format!("lanyard-csv-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("people.csv"), bytes).unwrap();
    let host = Host::new()
        .config(&json!({ "file": "people.csv", "key": "id", "name": "full name" }))
        .directory("data", &dir)
        .install();
    (config::load().unwrap(), Data(dir, host))
}

fn refusal(test: &str, bytes: &[u8]) -> String {
    let (csv, _data) = csv(test, bytes);
    let error = csv.list(PERSON, &page(None, 10)).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Misconfigured(_)), "{error:?}");
    error.message
}

#[test]
fn a_quoted_file_with_a_byte_order_mark_is_read() {
    let file = "\u{feff}id,full name,note\r\n1,\"Example, Ada\",\"said \"\"hi\"\"\r\ntwice\"\r\n2,Bo Beispiel,";
    let (csv, _data) = csv("quoted", file.as_bytes());
    let people = csv.list(PERSON, &page(None, 10)).unwrap();
    assert_eq!(people.total_hint, Some(2));
    assert_eq!(people.next, None);
    assert_eq!(people.coverage.kind, CoverageKind::Exhaustive);
    let ada = &people.accounts[0];
    assert_eq!((ada.ref_.uid.as_str(), ada.name.as_str()), ("1", "Example, Ada"));
    assert_eq!(ada.text("note").as_deref(), Some("said \"hi\"\r\ntwice"));
    assert_eq!(people.accounts[1].attribute("note").unwrap().values, []);
}

#[test]
fn pages_follow_each_other_and_a_changed_file_ends_them() {
    let (csv, data) = csv("pages", b"id,full name\n1,A\n2,B\n3,C\n");
    let first = csv.list(PERSON, &page(None, 2)).unwrap();
    assert_eq!(first.accounts.len(), 2);
    let second = csv.list(PERSON, &page(first.next.as_deref(), 2)).unwrap();
    assert_eq!(second.accounts[0].ref_.uid, "3");
    assert_eq!(second.next, None);
    std::fs::write(data.0.join("people.csv"), b"id,full name\n1,A\n2,B\n").unwrap();
    let error = csv.list(PERSON, &page(first.next.as_deref(), 2)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::StaleCursor);
    assert!(csv.list(PERSON, &page(Some("nonsense"), 2)).is_err());
}

#[test]
fn a_person_is_found_by_key_name_and_column() {
    let (csv, _data) = csv("find", b"id,full name,city\n1,Ada Example,Ulm\n2,Bo Beispiel,Ulm\n");
    let found = |by| csv.find(PERSON, &by, &Projection::Default).unwrap().len();
    assert_eq!(found(Lookup::Anchor("2".into())), 1);
    assert_eq!(found(Lookup::Name("Ada Example".into())), 1);
    let city = AttributeLookup { name: "city".into(), value: "Ulm".into() };
    assert_eq!(found(Lookup::Attribute(city)), 2);
    assert_eq!(found(Lookup::Anchor("9".into())), 0);
    let missing = csv.get(&ObjectRef::new(PERSON, "9"), &Projection::Default).unwrap_err();
    assert!(missing.is_not_found());
}

#[test]
fn a_file_that_cannot_be_believed_is_refused_with_its_line() {
    let cases: [(&str, &[u8], &str); 19] = [
        ("empty", b"", "the file is empty: there is not even a header"),
        ("blank", b"\n\r\n", "the file is empty: there is not even a header"),
        ("header", b"id,full name\n", "0 people: an empty company is never read"),
        (
            "nokey",
            b"nr,full name\n1,A\n",
            "no column `id` (key); the columns are `nr`, `full name`",
        ),
        ("noname", b"id,n\n1,A\n", "no column `full name` (name); the columns are `id`, `n`"),
        ("twice", b"id,full name,id\n1,A,1\n", "line 1: two columns are called `id`"),
        ("nameless", b"id,full name,\n1,A,\n", "line 1: column 3 has no name"),
        ("short", b"id,full name\n1,A\n2", "line 3: 1 cells where the header has 2"),
        ("long", b"id,full name\n1,A,x\n", "line 2: 3 cells where the header has 2"),
        ("open", b"id,full name\n1,\"A\n2,B\n3,C\n", "line 2: a quote opens here and never closes"),
        (
            "torn",
            b"id,full name\n1,\"A\n2,\"B\"\n",
            "line 3: text after the end of a quoted cell that began on line 2",
        ),
        (
            "stray",
            b"id,full name\n1,A \"x\"\n",
            "line 2: a quote inside a cell that is not quoted: quote the whole cell and double the quote",
        ),
        ("latin", b"id,full name\n1,J\xf6rg\n", "line 2: not UTF-8: save the file as UTF-8"),
        ("nul", b"id,full name\n1,A\n2,\0\n", "line 3: a NUL byte: is this a CSV file?"),
        ("nokeyvalue", b"id,full name\n ,A\n", "line 2: the key is empty"),
        (
            "samekey",
            b"id,full name\n7,A\n8,B\n7,C\n8,D\n7,E\n",
            "lines 2, 4, 6: the same key `7`; lines 3, 5: the same key `8`",
        ),
        (
            "space",
            "id,full name\n7,A\n 8,B\n9\u{a0},C\n".as_bytes(),
            "line 3: the key ` 8` has space around it; line 4: the key `9\u{a0}` has space around it",
        ),
        (
            "case",
            "id,full name\nE1,A\n\u{c4}2,B\ne1,C\n\u{e4}2,D\n".as_bytes(),
            "lines 2, 4: the keys `E1`, `e1` differ only in case or in the space around them; \
             lines 3, 5: the keys `\u{c4}2`, `\u{e4}2` differ only in case or in the space around them",
        ),
        (
            "casespace",
            b"id,full name\nE1,A\ne1 ,B\n",
            "line 3: the key `e1 ` has space around it; lines 2, 3: the keys `E1`, `e1 ` differ \
             only in case or in the space around them",
        ),
    ];
    for (test, bytes, problem) in cases {
        assert_eq!(refusal(test, bytes), format!("`people.csv`: {problem}"), "{test}");
    }
}

#[test]
fn a_missing_file_is_an_error_and_so_is_a_way_out_of_the_directory() {
    let (mut csv, _data) = csv("missing", b"");
    csv.file = "elsewhere.csv".to_owned();
    let error = csv.list(PERSON, &page(None, 1)).unwrap_err().message;
    assert_eq!(
        error,
        "`elsewhere.csv` is not in the directory `data`: put it there, or mend `file`"
    );
    csv.file = "../people.csv".to_owned();
    assert!(csv.list(PERSON, &page(None, 1)).is_err());
}

#[test]
fn every_column_is_declared() {
    let (csv, _data) = csv("schema", b"id,full name,city\n1,A,Ulm\n");
    let schema = csv.discover().unwrap();
    let person = &schema.objects[0];
    let names: Vec<_> = person.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["id", "full name", "city"]);
    assert_eq!(person.name_attribute, "full name");
    assert_eq!(person.anchor_attribute.as_deref(), Some("id"));
}

#[test]
fn an_unknown_setting_is_refused() {
    let host = Host::new().config(&json!({ "file": "a", "key": "b", "sheet": 1 })).install();
    let error = config::load::<Csv>().unwrap_err().message;
    assert!(error.starts_with("config, `sheet`: unknown field `sheet`"), "{error}");
    drop(host);
}
