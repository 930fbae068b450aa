//! `lanyard audit open`: a sealed record, as far as the store still has the
//! keys.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use super::verify;
use crate::{
    archive::{Follower, SealedRow},
    commands::output::{Output, counted},
    errors::{AppError, Exit},
    store::{AuditFilter, AuditRow, Store, chain::AuditBreak},
};

/// Rows of the store that are in memory at once.
const AT_ONCE: u32 = 1000;

pub(super) async fn open(
    store: &dyn Store,
    file: &Path,
    (heads, key): (Option<&Path>, Option<&str>),
    output: &mut Output,
) -> Result<(), AppError> {
    let shown = file.display();
    let unreadable =
        |error| AppError::new(Exit::Usage, error).hint(format!("`{shown}` cannot be read"));
    let expected = verify::expected(key)?;
    let known = heads.map(|path| verify::known(path, expected.as_ref())).transpose()?;
    let mut follower = Follower::new(known.map(|known| known.heads).unwrap_or_default());
    let mut kept = Kept { store, rows: BTreeMap::new() };
    let (mut opened, mut closed) = (0_u64, 0_u64);
    for line in BufReader::new(File::open(file).map_err(unreadable)?).lines() {
        let line = line.map_err(unreadable)?;
        let row: SealedRow =
            serde_json::from_str(&line).map_err(|_| broken(follower.unreadable()))?;
        follower.follow(&row).map_err(broken)?;
        let here = kept.row(row.sequence).await?;
        if let Some(here) = here.filter(|here| here.chain != row.chain) {
            let why = "the store has another row under its number".to_owned();
            return Err(broken(AuditBreak { sequence: here.sequence, why }));
        }
        let salt = here.and_then(|here| here.salt.as_deref());
        let plain = row.opened(salt).map_err(|error| AppError::new(Exit::Store, error))?;
        *if plain.salt.is_some() { &mut opened } else { &mut closed } += 1;
        output.json_line(&plain)?;
    }
    let rows = follower.end().map_err(broken)?;
    output.error(&format!(
        "{}, unbroken: what {} of them say of people is open, and of {} it was erased\n",
        counted(rows, "row", "rows"),
        opened,
        closed
    ));
    Ok(())
}

fn broken(broken: AuditBreak) -> AppError {
    AppError::new(Exit::Store, broken).hint("the sealed record is not the one that was written")
}

/// Rows of the store, some at a time.
struct Kept<'a> {
    store: &'a dyn Store,
    rows: BTreeMap<i64, AuditRow>,
}

impl Kept<'_> {
    async fn row(&mut self, number: i64) -> Result<Option<&AuditRow>, AppError> {
        if !self.rows.contains_key(&number) {
            let page = AuditFilter {
                after: Some(number.saturating_sub(1)),
                first: Some(AT_ONCE),
                ..AuditFilter::default()
            };
            let rows = self.store.audit(&page).await?;
            self.rows = rows.into_iter().map(|row| (row.sequence, row)).collect();
        }
        Ok(self.rows.get(&number))
    }
}
