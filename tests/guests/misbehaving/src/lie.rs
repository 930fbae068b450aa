//! Answering what the contract does not allow.

use std::sync::atomic::{AtomicU64, Ordering};

use lanyard_sdk::prelude::*;

use crate::USER;

pub(crate) fn account(uid: &str, name: &str) -> Account {
    Account::new(ObjectRef::new(USER, uid), name)
}

pub(crate) fn page(accounts: Vec<Account>, next: Option<String>) -> Page {
    Page::new(accounts, next, Coverage::exhaustive())
}

fn numbered(count: u32) -> Vec<Account> {
    (0..count).map(|number| account(&number.to_string(), "ada")).collect()
}

pub(crate) fn too_much(mebibytes: usize) -> Page {
    page(vec![account("1", &"a".repeat(mebibytes << 20))], None)
}

pub(crate) fn larger_page(limit: u32) -> Page {
    page(numbered(limit.saturating_add(1)), None)
}

/// Cursors count up, so that no two are the same.
pub(crate) fn endless(cursor: Option<&str>) -> Page {
    let number: u64 = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    page(vec![account(&number.to_string(), "ada")], Some((number + 1).to_string()))
}

pub(crate) fn invalid_date() -> Page {
    let mut ada = account("1", "ada");
    ada.attributes = vec![Attribute::one("born", Value::Date("2026-02-31".to_owned()))];
    page(vec![ada], None)
}

pub(crate) fn control_characters() -> Error {
    Error::unavailable("\u{1b}[2Jall is well\r\nok: nothing failed\u{7}")
}

/// Larger than what any one cell of the memory could hide in.
static CALLS: [AtomicU64; 1_024] = [const { AtomicU64::new(0) }; 1_024];

/// One account, whose key is how many calls its memory has seen.
pub(crate) fn remember() -> Page {
    let mut most = 0;
    for cell in &CALLS {
        most = most.max(cell.fetch_add(1, Ordering::Relaxed) + 1);
    }
    page(vec![account(&most.to_string(), "ada")], None)
}

/// Far more than anybody reads.
pub(crate) fn endless_lines(mebibytes: usize) -> Vec<String> {
    vec!["\u{1b}[2J".repeat(mebibytes << 8); 1 << 10]
}
