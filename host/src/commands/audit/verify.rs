//! `lanyard audit verify`: the record, held against what was kept elsewhere
//! of it.

use std::path::Path;

use crate::{
    commands::output::{Output, counted},
    config::Config,
    errors::{AppError, Exit},
    heads::{self, Heads, Unbelieved},
    signing::PublicKey,
    store::{Upkeep as _, any::AnyStore, chain::Head},
};

pub(super) async fn verify(
    (config, store): (&Config, &AnyStore),
    (file, key): (Option<&Path>, Option<&str>),
    output: &mut Output,
) -> Result<(), AppError> {
    let expected = expected(key)?;
    let written = config.audit.heads.as_deref();
    // Before the first run there is none.
    let named = file.or(written.filter(|path| path.exists()));
    let known = named.map(|path| known(path, expected.as_ref())).transpose()?;
    if known.is_none() && expected.is_some() {
        return Err(AppError::new(Exit::Usage, "there is no file of heads that `--key` is of")
            .hint("`--heads FILE`, or `[audit] heads` in the file"));
    }
    let heads = known.as_ref().map_or(&[][..], |known| &known.heads);
    let Head { rows, erased, digest } =
        store.verify_audit_beside(heads).await?.map_err(|broken| {
            AppError::new(Exit::Store, broken).hint(
                "the record was changed outside of Lanyard; keep the file and find out who did",
            )
        })?;
    let head = digest.map(|digest| format!("; head {digest}")).unwrap_or_default();
    let counted_rows = counted(rows, "row", "rows");
    let erased = match erased {
        0 => String::new(),
        erased => {
            format!(", {} emptied with people who were erased", counted(erased, "row", "rows"))
        }
    };
    output.line(&format!("{counted_rows}, unbroken{erased}{head}"))?;
    match (named, &known) {
        (Some(path), Some(known)) => beside((path, known), (rows, expected.is_some()), output)?,
        _ => output.error(
            "note: that its end was not cut off, and that not all of it was written anew, only a \
             head shows that was kept elsewhere: `--heads FILE`\n",
        ),
    }
    Ok(())
}

/// Whose signature it has to be.
pub(super) fn expected(key: Option<&str>) -> Result<Option<PublicKey>, AppError> {
    key.map(str::parse).transpose().map_err(|error| AppError::new(Exit::Usage, error))
}

pub(super) fn known(path: &Path, expected: Option<&PublicKey>) -> Result<Heads, AppError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        AppError::new(Exit::Usage, error).hint(format!("`{shown}` cannot be read"))
    })?;
    heads::read(&text, expected).map_err(|error| {
        let hint = match &error {
            Unbelieved::OtherKey { .. } => {
                "where the key was changed, each key has a file of its own"
            }
            _ => "`lanyard audit head --out FILE` writes one",
        };
        AppError::new(Exit::Failed, error)
            .hint(format!("`{shown}` is not to be believed"))
            .hint(hint)
    })
}

/// What the heads say, and what they do not.
fn beside(
    (path, known): (&Path, &Heads),
    (rows, is_expected): (u64, bool),
    output: &mut Output,
) -> Result<(), AppError> {
    let shown = path.display();
    let count = counted(known.heads.len(), "head", "heads");
    let last = known.heads.iter().max_by_key(|head| (head.rows, head.at));
    if let Some(last) = last {
        output.line(&format!(
            "{count} of `{shown}`, signed by {}: the last, of {:.0}, is of {}",
            known.key,
            last.at,
            counted(last.rows, "row", "rows")
        ))?;
        let after = rows.saturating_sub(last.rows);
        if after > 0 {
            output.line(&format!(
                "{} since then: no head is of them yet",
                counted(after, "row", "rows")
            ))?;
        }
    }
    for line in &known.unreadable {
        output.error(&format!("note: line {line} of `{shown}` is no head, and says nothing\n"));
    }
    if !is_expected {
        output.error(
            "note: whose key that is, the file cannot say; `--key KEY` asks for the one you were \
             given by `lanyard leaver key`\n",
        );
    }
    Ok(())
}
