//! Lists, by index (RFC 7644 §3.4.2.4) and by cursor (RFC 9865).
//!
//! Our own cursor says which style goes on and how much was seen, because
//! only the count tells a whole list from one that broke off.

use lanyard_sdk::{http::Request, prelude::*};
use serde_json::Value as Json;

use crate::{Scim, api};

pub(crate) struct Listed {
    pub(crate) resources: Vec<Json>,
    pub(crate) next: Option<String>,
    pub(crate) coverage: Coverage,
    pub(crate) total: Option<u64>,
}

/// Where a list stands: `i:NEXT:SEEN` or `c:SEEN:CURSOR`.
enum Place<'a> {
    Index { next: u64, seen: u64 },
    Cursor { seen: u64, cursor: &'a str },
}

impl<'a> Place<'a> {
    fn parse(cursor: Option<&'a str>) -> Result<Self, Error> {
        let Some(cursor) = cursor else { return Ok(Self::Index { next: 1, seen: 0 }) };
        let stale = || Error::stale_cursor("this cursor is not one of ours");
        let mut parts = cursor.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("i"), Some(next), Some(seen)) => Ok(Self::Index {
                next: next.parse().map_err(|_| stale())?,
                seen: seen.parse().map_err(|_| stale())?,
            }),
            (Some("c"), Some(seen), Some(cursor)) => {
                Ok(Self::Cursor { seen: seen.parse().map_err(|_| stale())?, cursor })
            }
            _ => Err(stale()),
        }
    }

    fn seen(&self) -> u64 {
        match self {
            Self::Index { seen, .. } | Self::Cursor { seen, .. } => *seen,
        }
    }
}

/// One page of `/Users` or `/Groups`.
pub(crate) fn page(
    scim: &Scim,
    endpoint: &str,
    query: &[(&str, &str)],
    cursor: Option<&str>,
    limit: u32,
) -> Result<Listed, Error> {
    let place = Place::parse(cursor)?;
    let count = scim.page_size.map_or(limit, |size| size.min(limit)).max(1);
    let mut request = Request::get(scim.at(&[endpoint])).query("count", &count.to_string());
    request = match &place {
        // Without a start index a service that pages by cursor may begin one.
        Place::Index { next: 1, .. } => request,
        Place::Index { next, .. } => request.query("startIndex", &next.to_string()),
        Place::Cursor { cursor, .. } => request.query("cursor", cursor),
    };
    for (name, value) in query {
        request = request.query(name, value);
    }
    let mut answer = api::read(request)?;
    let total = answer.get("totalResults").and_then(Json::as_u64);
    let resources = match answer.get_mut("Resources").map(Json::take) {
        Some(Json::Array(resources)) => resources,
        None | Some(Json::Null) if total == Some(0) || place.seen() > 0 => Vec::new(),
        _ => return Err(Error::unavailable(format!("/{endpoint} answered with no list"))),
    };
    Ok(judge(&answer, &place, resources, total))
}

/// What follows this page, and what the list proves.
fn judge(answer: &Json, place: &Place<'_>, resources: Vec<Json>, total: Option<u64>) -> Listed {
    let here = resources.len() as u64;
    let seen = place.seen() + here;
    let done = |coverage| Listed { resources: Vec::new(), next: None, coverage, total };
    let next_cursor = api::text(answer, "nextCursor").filter(|c| !c.is_empty());
    let listed = match (place, next_cursor) {
        (_, Some(cursor)) => {
            let next = Some(format!("c:{seen}:{cursor}"));
            Listed { next, ..done(Coverage::exhaustive()) }
        }
        // RFC 9865: the last page is the one without a cursor.
        (Place::Cursor { .. }, None) if total.is_none() => done(Coverage::exhaustive()),
        (Place::Cursor { .. }, None) => done(whole(seen, total)),
        (Place::Index { next, .. }, None) => match total {
            Some(all) if seen < all && here > 0 => {
                // The service's own first index counts: it may start at 1 whatever was asked.
                let start = answer.get("startIndex").and_then(Json::as_u64).unwrap_or(*next);
                if start == *next {
                    let next = Some(format!("i:{}:{seen}", next + here));
                    Listed { next, ..done(Coverage::exhaustive()) }
                } else {
                    done(Coverage::unstable("list", format!("asked for index {next}, got {start}")))
                }
            }
            all => done(whole(seen, all)),
        },
    };
    Listed { resources, ..listed }
}

fn whole(seen: u64, total: Option<u64>) -> Coverage {
    match total {
        Some(all) if seen < all => {
            Coverage::truncated("list", format!("ended after {seen} of {all}"))
        }
        Some(all) if seen > all => {
            Coverage::unstable("list", format!("{seen} came where {all} were announced"))
        }
        Some(_) => Coverage::exhaustive(),
        None => Coverage::truncated("list", "the service does not say how many there are"),
    }
}
