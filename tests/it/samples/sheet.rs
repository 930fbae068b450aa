//! A table of cells in a file, with names in its first row.

use std::{collections::BTreeMap, fs, path::Path};

/// Cells by the name of their column.
pub(super) type Row = BTreeMap<String, String>;

pub(super) fn sheet(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("`{}` cannot be read: {error}", path.display()));
    let mut rows = rows(&text).into_iter();
    let names = rows.next().unwrap_or_default();
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), names.len(), "{cells:?}");
        names.iter().cloned().zip(cells).collect()
    };
    rows.map(row).collect()
}

/// As in RFC 4180; no cell has a line break.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let mut cells = vec![String::new()];
            let mut quoted = false;
            let mut characters = line.trim_end_matches('\r').chars().peekable();
            while let Some(character) = characters.next() {
                match character {
                    '"' if quoted && characters.next_if_eq(&'"').is_some() => {
                        cells.last_mut().unwrap().push('"');
                    }
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    other => cells.last_mut().unwrap().push(other),
                }
            }
            cells
        })
        .collect()
}
