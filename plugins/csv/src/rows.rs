//! RFC 4180, strictly: a quote that is not where it belongs is an error,
//! because guessing would join or split people.

/// One row with the line it begins on, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) cells: Vec<String>,
}

/// Text of a file: UTF-8 without NUL, the byte order mark taken off.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, String> {
    let line_at =
        |end: usize| bytes.get(..end).map_or(1, |before| before.split(|b| *b == b'\n').count());
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err("this is UTF-16: save it as UTF-8".to_owned());
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(format!("line {}: a NUL byte: is this a CSV file?", line_at(at)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("line {}: not UTF-8: save the file as UTF-8", line_at(error.valid_up_to()))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

enum Place {
    CellStart,
    Plain,
    Quoted { opened: usize },
    AfterQuote { opened: usize },
}

/// All rows; blank lines are none.
pub(crate) fn rows(text: &str, delimiter: char) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let mut row = Row { line: 1, cells: Vec::new() };
    let mut cell = String::new();
    let mut place = Place::CellStart;
    let mut line = 1;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let newline = letter == '\n' || letter == '\r';
        if letter == '\r' && letters.peek() == Some(&'\n') && !matches!(place, Place::Quoted { .. })
        {
            continue;
        }
        place = match place {
            Place::Quoted { opened } if letter == '"' => Place::AfterQuote { opened },
            Place::Quoted { opened } => {
                cell.push(letter);
                Place::Quoted { opened }
            }
            Place::AfterQuote { opened } if letter == '"' => {
                cell.push('"');
                Place::Quoted { opened }
            }
            Place::CellStart if letter == '"' => Place::Quoted { opened: line },
            _ if letter == delimiter => {
                row.cells.push(std::mem::take(&mut cell));
                Place::CellStart
            }
            ref before if newline => {
                let blank = row.cells.is_empty() && matches!(before, Place::CellStart);
                row.cells.push(std::mem::take(&mut cell));
                let whole = std::mem::replace(&mut row, Row { line: line + 1, cells: Vec::new() });
                if !blank {
                    rows.push(whole);
                }
                Place::CellStart
            }
            Place::AfterQuote { opened } => return Err(after_quote(line, opened)),
            Place::CellStart | Place::Plain if letter == '"' => {
                return Err(format!(
                    "line {line}: a quote inside a cell that is not quoted: quote the whole cell and double the quote"
                ));
            }
            Place::CellStart | Place::Plain => {
                cell.push(letter);
                Place::Plain
            }
        };
        // A lone carriage return ends a row but not, to an editor, a line
        // inside quotes; counting both keeps the numbers close to what is seen.
        line += usize::from(letter == '\n' || (newline && letters.peek() != Some(&'\n')));
    }
    match place {
        Place::Quoted { opened } => {
            return Err(format!("line {opened}: a quote opens here and never closes"));
        }
        Place::CellStart if row.cells.is_empty() => {}
        Place::CellStart | Place::Plain | Place::AfterQuote { .. } => {
            row.cells.push(cell);
            rows.push(row);
        }
    }
    Ok(rows)
}

fn after_quote(line: usize, opened: usize) -> String {
    format!("line {line}: text after the end of a quoted cell that began on line {opened}")
}
