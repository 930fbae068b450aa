//! What was found, as one page for people who have no terminal: it loads
//! nothing, runs nothing, and everything from outside in it is text.

use std::fmt::{self, Write as _};

use lanyard_core::{
    diff::one_line,
    xray::{AccountXray, Class, Flag, TargetXray, UNSEEN, Xray},
};

/// Nothing but the page's own style is allowed to do anything.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Accounts</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; unicode-bidi: isolate; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.look td { background: #fff3e0; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
summary:focus-visible { outline: 3px solid #1a5fb4; }
.note { color: #555; }
@media print { body { margin: 0; max-width: none; } details::details-content { content-visibility: visible; display: block; height: auto; } tr { break-inside: avoid; } }
</style>
</head>
<body>
"#;

pub(super) fn page(found: &Xray) -> String {
    let mut page = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _infallible = write(found, &mut page);
    page
}

fn write(found: &Xray, page: &mut String) -> fmt::Result {
    writeln!(page, "<main>\n<h1>Accounts, and whose they are</h1>")?;
    let at = found.at;
    writeln!(
        page,
        "<p>Read at <time datetime=\"{at:.0}\">{at:.0}</time>. Nothing was changed anywhere, and \
         nothing of this was kept but this page.</p>"
    )?;
    summary(found, page)?;
    readings(found, page)?;
    for target in &found.targets {
        of_target(target, page)?;
    }
    without(found, page)?;
    meanings(found, page)?;
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

fn summary(found: &Xray, page: &mut String) -> fmt::Result {
    let flags = Flag::ALL.map(Flag::word);
    let classes = Class::ALL.map(Class::word);
    for (caption, words) in [("Whose they are", &classes), ("What stands out", &flags)] {
        write!(
            page,
            "<table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">target</th>"
        )?;
        write!(page, "<th scope=\"col\" class=\"number\">accounts</th>")?;
        for word in words {
            write!(page, "<th scope=\"col\" class=\"number\">{word}</th>")?;
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for target in &found.targets {
            let least = if target.whole { "" } else { "at least " };
            let counts: Vec<usize> = if *words == flags {
                Flag::ALL.iter().map(|flag| target.flagged(*flag).count()).collect()
            } else {
                Class::ALL.iter().map(|class| target.of(*class).count()).collect()
            };
            let name = text(target.target.as_str());
            write!(page, "<tr><th scope=\"row\">{name}</th>")?;
            for count in std::iter::once(target.accounts.len()).chain(counts) {
                write!(page, "<td class=\"number\">{least}{count}</td>")?;
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
    }
    Ok(())
}

fn readings(found: &Xray, page: &mut String) -> fmt::Result {
    page.push_str("<h2>What was read</h2>\n<ul>\n");
    for source in &found.sources {
        let how = how(source.whole, &source.left_out);
        let least = if source.whole { "" } else { "; an orphan may be of somebody it left out" };
        let (name, records) = (text(source.source.as_str()), source.records);
        writeln!(page, "<li>source {name}: {records} records, {how}{least}</li>")?;
    }
    for target in &found.targets {
        let how = how(target.whole, &target.left_out);
        let name = text(target.target.as_str());
        writeln!(page, "<li>target {name}: {} accounts, {how}</li>", target.accounts.len())?;
    }
    for unread in &found.not_read {
        let (name, why) = (text(unread.name.as_str()), text(&unread.why));
        writeln!(page, "<li><strong>{name} could not be read</strong>: {why}</li>")?;
    }
    page.push_str(
        "</ul>\n<p class=\"note\">“At least” stands where a target did not show all it has: there \
         may be more of each.</p>\n",
    );
    Ok(())
}

fn how(whole: bool, left_out: &[String]) -> String {
    if whole { "wholly".to_owned() } else { format!("not wholly: {}", text(&left_out.join("; "))) }
}

fn of_target(target: &TargetXray, page: &mut String) -> fmt::Result {
    writeln!(page, "<h2>{}</h2>", text(target.target.as_str()))?;
    for flag in Flag::ALL {
        let found: Vec<&AccountXray> = target.flagged(flag).collect();
        accounts((flag.word(), flag.meaning()), &found, true, page)?;
    }
    for class in Class::ALL {
        let found: Vec<&AccountXray> = target.of(class).collect();
        accounts((class.word(), class.meaning()), &found, false, page)?;
    }
    Ok(())
}

fn accounts(
    (word, meaning): (&str, &str),
    found: &[&AccountXray],
    open: bool,
    page: &mut String,
) -> fmt::Result {
    if found.is_empty() {
        return Ok(());
    }
    let open = if open { " open" } else { "" };
    writeln!(page, "<details{open}><summary>{word} ({}): {meaning}</summary>", found.len())?;
    page.push_str("<table>\n<thead><tr>");
    for heading in ["account", "state", "class", "whose", "last used", "holds", "stands out"] {
        write!(page, "<th scope=\"col\">{heading}</th>")?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for account in found {
        row(account, page)?;
    }
    page.push_str("</tbody>\n</table>\n</details>\n");
    Ok(())
}

fn row(account: &AccountXray, page: &mut String) -> fmt::Result {
    let look = if account.flags.is_empty() { "" } else { " class=\"look\"" };
    let (name, uid) = (text(&account.name), text(&account.uid));
    write!(page, "<tr{look}><th scope=\"row\" title=\"{uid}\">{name}</th>")?;
    let owners: Vec<String> = account.owners.iter().map(|it| text(&it.told())).collect();
    let flags: Vec<&str> = account.flags.iter().map(|it| it.word()).collect();
    let used = account.last_used.map_or_else(|| "not known".to_owned(), |at| format!("{at:.0}"));
    for cell in [
        account.state.word().to_owned(),
        account.class.word().to_owned(),
        owners.join("<br>"),
        used,
        text(&account.privileged.join(", ")),
        flags.join(", "),
    ] {
        write!(page, "<td>{cell}</td>")?;
    }
    page.push_str("</tr>\n");
    Ok(())
}

fn without(found: &Xray, page: &mut String) -> fmt::Result {
    if found.without_account.is_empty() && found.unseen.is_empty() {
        return Ok(());
    }
    page.push_str("<h2>People</h2>\n");
    if !found.unseen.is_empty() {
        let count = found.unseen.len();
        writeln!(page, "<details open><summary>{UNSEEN} ({count})</summary>\n<ul>")?;
        for unseen in &found.unseen {
            writeln!(page, "<li>{}</li>", text(&unseen.told()))?;
        }
        page.push_str("</ul>\n</details>\n");
    }
    if found.without_account.is_empty() {
        return Ok(());
    }
    let count = found.without_account.len();
    writeln!(
        page,
        "<details><summary>work here, without an account at any target that was read ({count})</summary>\n<ul>"
    )?;
    for person in &found.without_account {
        writeln!(page, "<li>{}</li>", text(&person.called()))?;
    }
    page.push_str("</ul>\n</details>\n");
    Ok(())
}

fn meanings(found: &Xray, page: &mut String) -> fmt::Result {
    page.push_str("<h2>Words</h2>\n<dl>\n");
    let classes = Class::ALL.map(|it| (it.word(), it.meaning()));
    let flags = Flag::ALL.map(|it| (it.word(), it.meaning()));
    for (word, meaning) in classes.into_iter().chain(flags) {
        writeln!(page, "<dt>{word}</dt><dd>{meaning}</dd>")?;
    }
    let days = found.dormant_after_seconds / 86_400;
    writeln!(
        page,
        "</dl>\n<p class=\"note\">Long is {days} days here. What never tells when it was used is \
         never dormant. Where the file does not say by what accounts are recognised, likeness only \
         asks: nothing is sure then.</p>"
    )
}

/// Text as it stands on a page, also between quotes: nothing in it is markup,
/// and nothing turns the direction of what follows.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
