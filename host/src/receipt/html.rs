//! As one page that loads nothing and runs nothing.

use std::fmt::{self, Write as _};

use jiff::Timestamp;

use super::{
    AccountPart, Document, Item, Signed, Stands,
    text::{mark, of_row},
};

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Leaver receipt</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; unicode-bidi: isolate; }
tr.open td { background: #fff3e0; }
.open { border-left: 4px solid #b45309; padding-left: 1rem; }
pre { font-size: 11px; white-space: pre-wrap; overflow-wrap: anywhere; color: #555; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
"#;

/// Text that is nothing else on a page.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A whole page; `block` carries the document.
pub(super) fn page(signed: &Signed, block: &str) -> String {
    let mut page = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _infallible = write(signed, block, &mut page);
    page
}

fn write(signed: &Signed, block: &str, page: &mut String) -> fmt::Result {
    let Signed { document, seal } = signed;
    let Document { made, by, program, config, who, identity, state, since, .. } = document;
    writeln!(page, "<h1>{}</h1>", Plain(&document.title()))?;
    if document.open > 0 {
        page.push_str("<ul class=\"open\">\n");
        for (AccountPart { target, login, .. }, item) in document.open_items() {
            let (login, what, how) = (Plain(login), Plain(&item.what), Plain(&item.how));
            writeln!(page, "<li>{what} at {target} ({login}): {how}</li>")?;
        }
        page.push_str("</ul>\n");
    }
    write!(page, "<p>{}, {identity}: {}", Plain(who), Plain(state))?;
    if let Some(since) = since {
        write!(page, " since <time>{since:.0}</time>")?;
    }
    page.push_str("</p>\n");
    for account in &document.accounts {
        of_account(account, page)?;
    }
    page.push_str("<h2>What was done, as the audit has it</h2>\n<ul>\n");
    for row in &document.rows {
        writeln!(page, "<li>{}</li>", Plain(&of_row(row)))?;
    }
    page.push_str("</ul>\n");
    if let Some(head) = &document.audit {
        writeln!(page, "<p>The audit had {} rows, to {}.</p>", head.rows, head.digest)?;
    }
    let (by, program, key) = (Plain(by), Plain(program), Plain(&seal.public_key));
    let config = config.short();
    writeln!(
        page,
        "<p>Made <time>{made:.0}</time> by {by} with {program}, by the file {config}. Signed by \
         the key <code>{key}</code>.</p>\n<p><code>lanyard leaver verify FILE --key KEY</code> \
         tells whether anything of it was changed.</p>\n<pre>\n{block}\n</pre>\n</main>\n</body>\n\
         </html>"
    )
}

fn of_account(account: &AccountPart, page: &mut String) -> fmt::Result {
    let AccountPart { target, key: _, login, items } = account;
    writeln!(page, "<table>\n<caption>{target}, {}</caption>", Plain(login))?;
    page.push_str(
        "<thead><tr><th scope=\"col\"></th><th scope=\"col\">what</th><th scope=\"col\">due \
         since</th><th scope=\"col\">at</th><th scope=\"col\">how</th></tr></thead>\n<tbody>\n",
    );
    for Item { what, stands, since, at, how } in items {
        let class = if *stands == Stands::Open { " class=\"open\"" } else { "" };
        let time = |at: Option<Timestamp>| at.map(|at| format!("{at:.0}")).unwrap_or_default();
        writeln!(
            page,
            "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            mark(*stands),
            Plain(what),
            time(*since),
            time(*at),
            Plain(how)
        )?;
    }
    page.push_str("</tbody>\n</table>\n");
    Ok(())
}
