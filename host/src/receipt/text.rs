//! As plain text.

use std::fmt::Write as _;

use lanyard_core::diff::one_line;

use super::{Document, Item, Row, Signed, Stands};

/// What stands, account by account; nothing is signed.
pub fn ticks(document: &Document) -> String {
    let mut text = String::new();
    let Document { who, identity, state, since, accounts, .. } = document;
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "{} ({identity}), {state}{since}", one_line(who));
    if accounts.is_empty() {
        text.push_str("\nno account of theirs is known\n");
    }
    for account in accounts {
        let login = one_line(&account.login).into_owned();
        let _infallible = writeln!(text, "\n{} `{login}`", account.target);
        for item in &account.items {
            let _infallible = writeln!(text, "  {}", of_item(item));
        }
    }
    text
}

pub(super) fn mark(stands: Stands) -> &'static str {
    match stands {
        Stands::Done => "[x]",
        Stands::Open => "[!]",
        Stands::Later => "[ ]",
    }
}

fn of_item(item: &Item) -> String {
    let Item { what, stands, since, at, how } = item;
    let since = since.map(|since| format!(", due since {since:.0}")).unwrap_or_default();
    let at = at.map(|at| format!("{at:.0}, ")).unwrap_or_default();
    let line = format!("{} {what}{since}: {at}{how}", mark(*stands));
    one_line(&line).into_owned()
}

pub(super) fn of_row(row: &Row) -> String {
    let Row { number, at, what, by, run, plan, operation, plugin, permission, chain } = row;
    let mut line = format!("{number}  {at:.0}  {what}, by {by}");
    let short = |digest: &String| digest.chars().take(12).collect::<String>();
    let parts = [
        ("run", run.clone()),
        ("plan", plan.as_ref().map(short)),
        ("operation", operation.clone()),
        ("connector", plugin.as_ref().map(short)),
        ("permissions", permission.as_ref().map(short)),
        ("chain", Some(chain.short().to_owned())),
    ];
    for (name, value) in parts.into_iter().filter_map(|(name, it)| Some((name, it?))) {
        // Writing to a String cannot fail.
        let _infallible = write!(line, ", {name} {value}");
    }
    one_line(&line).into_owned()
}

/// A whole file; `block` carries the document.
pub(super) fn whole(signed: &Signed, block: &str) -> String {
    let Signed { document, seal } = signed;
    let Document { made, by, program, config, rows, audit, .. } = document;
    let mut text = format!("{}\n\n", document.title());
    for (account, item) in document.open_items() {
        let login = one_line(&account.login).into_owned();
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "open at {} `{login}`: {}", account.target, of_item(item));
    }
    if document.open > 0 {
        text.push('\n');
    }
    text.push_str(&ticks(document));
    text.push_str("\nWhat was done, as the audit has it\n");
    for row in rows {
        let _infallible = writeln!(text, "  {}", of_row(row));
    }
    if let Some(head) = audit {
        let _infallible = writeln!(text, "  the audit had {} rows, to {}", head.rows, head.digest);
    }
    let _infallible = writeln!(
        text,
        "\nMade {made:.0} by {by} with {program}, by the file {}.\n\
         Signed by the key {}.\n\
         `lanyard leaver verify FILE --key KEY` tells whether anything of it was changed.\n\n\
         {block}",
        config.short(),
        seal.public_key
    );
    text
}
