use std::collections::BTreeSet;

use lanyard_core::{
    account::AccountState,
    id::IdentityId,
    xray::{NotRead, Owner, Person, Recognised, SourceXray},
};

use super::*;

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</details></table><h1>free</h1>",
    "\u{202e}gnp.exe\u{2066}",
    "&lt;script&gt;",
    "line\nbreak\0",
    "javascript:alert(1)",
];

fn account(name: &str) -> AccountXray {
    let identity = IdentityId::first_seen(&"hr".parse().unwrap(), name);
    let person = Person {
        identity,
        label: name.to_owned(),
        key: name.to_owned(),
        state: "departed".to_owned(),
    };
    AccountXray {
        name: name.to_owned(),
        uid: name.to_owned(),
        object_type: name.to_owned(),
        state: AccountState::Active,
        last_used: None,
        class: Class::Ask,
        owners: vec![Owner {
            person,
            matched: Some(name.to_owned()),
            doubt: Some(name.to_owned()),
            gone: true,
        }],
        adopted_next: false,
        flags: BTreeSet::from(Flag::ALL),
        privileged: vec![name.to_owned()],
    }
}

fn found(names: &[&str]) -> Xray {
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let accounts: Vec<AccountXray> = names.iter().map(|name| account(name)).collect();
    let all: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    Xray {
        at,
        dormant_after_seconds: 90 * 86_400,
        sources: vec![SourceXray {
            source: "hr".parse().unwrap(),
            records: 1,
            whole: false,
            left_out: all.clone(),
            read_at: at,
        }],
        without_account: accounts.iter().map(|it| it.owners[0].person.clone()).collect(),
        unseen: Vec::new(),
        targets: vec![TargetXray {
            target: "directory".parse().unwrap(),
            recognised: Recognised::Likeness,
            whole: false,
            left_out: all.clone(),
            read_at: at,
            accounts,
            telling: BTreeSet::new(),
        }],
        not_read: vec![NotRead {
            name: "crm".parse().unwrap(),
            is_source: false,
            why: all.join(", "),
        }],
    }
}

/// Names of elements with their attributes, in order; fails on what a browser
/// would have to mend.
fn elements(page: &str) -> Vec<String> {
    let page = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "`>` in text: {before}");
        assert!(!before.contains(['\u{202e}', '\u{2066}', '\0']), "{before:?}");
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closes what is not open");
            continue;
        }
        let name = tag.split_whitespace().next().unwrap().to_owned();
        let quotes = tag.matches('"').count();
        assert_eq!(quotes % 2, 0, "{tag}");
        let attributes = tag.split('"').step_by(2).map(str::trim).collect::<Vec<_>>().join(" ");
        found.push(attributes);
        if !["meta", "br"].contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    found
}

#[test]
fn whatever_accounts_are_called_the_page_is_made_of_the_same_elements() {
    let harmless = vec!["ada"; HOSTILE.len()];
    let hostile = page(&found(&HOSTILE));
    assert_eq!(elements(&hostile), elements(&page(&found(&harmless))));
    assert!(!hostile.contains("<script"));
    assert!(hostile.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(hostile.contains("&amp;lt;script&amp;gt;"));
}

#[test]
fn the_page_loads_and_runs_nothing() {
    let page = page(&found(&["ada"]));
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    assert!(page.contains(&format!("content=\"{policy}\"")));
    for name in ["src=", "href=", "url(", "@import", "<script", "<link", "http://", "https://"] {
        assert!(!page.contains(name), "{name}");
    }
    assert!(page.find("<table>").unwrap() < page.find("<details").unwrap(), "summary first");
    assert!(page.contains("at least 1"));
}
