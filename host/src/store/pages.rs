//! The record, row by row, however long it is.

use super::{AuditFilter, AuditRow, Store, StoreError};

/// Rows that are in memory at once.
const AT_ONCE: u32 = 1000;

/// Why not all rows were shown.
#[derive(Debug, thiserror::Error)]
pub enum Paged<E> {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a row was refused")]
    Refused(E),
}

/// Shows each row that fits, the oldest first, until one is refused; what is
/// appended meanwhile is shown with them.
///
/// # Errors
/// When the store fails, or a row is refused.
pub async fn each_row<E>(
    store: &dyn Store,
    filter: &AuditFilter,
    mut show: impl FnMut(AuditRow) -> Result<(), E>,
) -> Result<(), Paged<E>> {
    let mut page = AuditFilter { first: Some(AT_ONCE), last: None, ..filter.clone() };
    loop {
        let rows = store.audit(&page).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        page.after = Some(last.sequence);
        rows.into_iter().try_for_each(&mut show).map_err(Paged::Refused)?;
    }
}
