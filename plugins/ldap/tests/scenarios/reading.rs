//! Lists and lookups.

use lanyard_sdk::{prelude::*, testing};

use super::connector;
use crate::world::World;

pub(crate) fn a_name_that_looks_like_a_query_stays_a_name(world: &World) {
    let _host = world.host();
    world.person("ada");
    let lookup = |name: &str| {
        connector().find("user", &Lookup::Name(name.into()), &Projection::Default).unwrap()
    };
    assert!(lookup("*").is_empty());
    assert!(lookup("ada)(uid=*").is_empty());
}

/// All accounts page by page, with the number of pages.
pub(crate) fn everybody(limit: u32) -> (Vec<Account>, usize, CoverageKind) {
    let (mut accounts, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = connector().list("user", &testing::page(cursor.as_deref(), limit)).unwrap();
        assert!(page.accounts.len() <= limit as usize);
        accounts.extend(page.accounts);
        (cursor, pages) = (page.next, pages + 1);
        if cursor.is_none() {
            return (accounts, pages, page.coverage.kind);
        }
    }
}

pub(crate) fn pages_hold_everybody_once(world: &World) {
    let _host = world.host();
    for number in 0..7 {
        world.person(&format!("p{number}"));
    }
    for (limit, expected) in [(2, 4), (7, 1), (100, 1)] {
        let (accounts, pages, coverage) = everybody(limit);
        let mut names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"], "limit {limit}");
        assert_eq!((pages, coverage), (expected, CoverageKind::Exhaustive), "limit {limit}");
    }
    let native = PageRequest {
        selector: Selector::Native("(|(uid=p1)(uid=p2))".into()),
        ..testing::page(None, 10)
    };
    assert_eq!(connector().list("user", &native).unwrap().accounts.len(), 2);
    let error = connector().list("user", &testing::page(Some("p1"), 2)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::StaleCursor);
}

pub(crate) fn a_list_the_server_cuts_short_proves_no_absence(world: &World) {
    let _host = world.host();
    for number in 0..7 {
        world.person(&format!("p{number}"));
    }
    for limit in [2, 100] {
        let (accounts, _, coverage) = everybody(limit);
        assert_eq!(coverage, CoverageKind::Truncated, "limit {limit}");
        assert!(accounts.len() <= 5, "{}", accounts.len());
    }
    let page = connector().list("user", &testing::page(None, 100)).unwrap();
    assert!(page.coverage.skipped[0].why.contains("result 4"), "{:?}", page.coverage);
    assert_eq!(page.total_hint, None);
}
