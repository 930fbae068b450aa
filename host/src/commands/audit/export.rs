//! `lanyard audit export`.

use std::collections::BTreeMap;

use crate::{
    archive::SealedRow,
    args::AuditForm,
    commands::{output::Output, sheet},
    errors::{AppError, Exit},
    store::{AuditEntry, AuditFilter, AuditRow, Paged, Store, each_row},
};

/// Columns of a table before those of [`DETAILS`].
const HEADING: [&str; 9] =
    ["number", "at", "actor", "action", "identity", "target", "account", "result", "verification"];
/// Details that have a column of their own; the others are in one together.
const DETAILS: [&str; 12] = [
    "verified by",
    "because",
    "approval",
    "event",
    "entitlement",
    "before",
    "after",
    "run",
    "operation",
    "request",
    "plugin",
    "permission",
];

/// Row by row: nothing of it is kept in memory.
pub(super) async fn export(
    store: &dyn Store,
    filter: &AuditFilter,
    form: AuditForm,
    output: &mut Output,
) -> Result<(), AppError> {
    if form == AuditForm::Csv {
        output
            .text(&sheet::row(HEADING.iter().chain(&DETAILS).chain(&["more", "chain"]).copied()))?;
    }
    let part = AuditFilter::default() != *filter;
    if form == AuditForm::Sealed && part {
        return Err(AppError::new(
            Exit::Usage,
            "a sealed record is whole, so that its chain holds",
        )
        .hint("`--format jsonl` and `csv` give a part of it"));
    }
    let shown = each_row(store, filter, |row| match form {
        AuditForm::Jsonl => output.json_line(&row),
        AuditForm::Csv => output.text(&table(row)),
        AuditForm::Sealed => match SealedRow::of(row) {
            Ok(row) => output.json_line(&row),
            Err(error) => Err(AppError::new(Exit::Bug, error)),
        },
    });
    shown.await.map_err(|error| match error {
        Paged::Store(error) => error.into(),
        Paged::Refused(error) => error,
    })
}

fn table(row: AuditRow) -> String {
    let AuditRow { sequence, entry, chain, .. } = row;
    let AuditEntry { at, actor, action, identity, target, account, result, verification, detail } =
        entry;
    let mut detail: BTreeMap<String, String> = detail;
    let or_nothing = Option::unwrap_or_default;
    let mut cells = vec![
        sequence.to_string(),
        at.to_string(),
        actor,
        action,
        or_nothing(identity.map(|it| it.to_string())),
        or_nothing(target.map(|it| it.to_string())),
        or_nothing(account.map(|it| it.uid)),
        result,
        or_nothing(verification),
    ];
    cells.extend(DETAILS.iter().map(|name| detail.remove(*name).unwrap_or_default()));
    let more: Vec<String> = detail.iter().map(|(name, it)| format!("{name}: {it}")).collect();
    cells.extend([more.join("; "), chain.to_string()]);
    sheet::row(cells.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use lanyard_core::id::Digest;

    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column_and_none_is_a_formula() {
        let row = AuditRow {
            sequence: 7,
            entry: AuditEntry {
                at: "2026-06-01T08:00:00Z".parse().unwrap(),
                actor: "=cmd()".to_owned(),
                action: "grant".to_owned(),
                identity: None,
                target: None,
                account: None,
                result: "done".to_owned(),
                verification: None,
                detail: BTreeMap::from([
                    ("entitlement".to_owned(), "@all".to_owned()),
                    ("run".to_owned(), "3".to_owned()),
                    ("reason".to_owned(), "a, b".to_owned()),
                    ("fault".to_owned(), "conflict".to_owned()),
                ]),
            },
            personal: Digest::of("part"),
            salt: None,
            chain: Digest::of("chain"),
        };
        let text = table(row);
        assert!(text.starts_with("7,2026-06-01T08:00:00Z,\"'=cmd()\",grant,,,,done,,"), "{text}");
        assert!(text.contains(",\"'@all\","), "{text}");
        assert!(text.contains(",\"fault: conflict; reason: a, b\","), "{text}");
        let columns = HEADING.len() + DETAILS.len() + 2;
        assert_eq!(text.replace("a, b", "").matches(',').count() + 1, columns);
    }
}
