//! Enumeration that proves what it claims.
//!
//! Each call runs in a fresh instance on a fresh connection, so the server's
//! paging cookies cannot continue.  A call therefore reads the keys of
//! everything anew, in the order of the keys, and returns the piece after the
//! last key it returned before: whatever is there all along is returned,
//! however much changes meanwhile.

use std::io::{Read, Write};

use lanyard_sdk::types::{Coverage, CoverageKind, Error, ErrorKind, Skipped};
use ldap3_proto::proto::{LdapFilter, LdapResultCode, LdapSearchScope};

use crate::{
    entry::Entry,
    fault,
    session::{ENTRY_UUID, Session, and, equal, names, no_base},
    wire::{Found, Search},
};

/// Keys asked for in one filter.
const KEYS: usize = 100;

/// A tree and what counts in it.
#[derive(Clone, Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) base: &'a str,
    pub(crate) filter: LdapFilter,
}

/// A piece of an enumeration, in the order of the keys.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) entries: Vec<Entry>,
    /// The key to go on after; none at the end.
    pub(crate) next: Option<String>,
    pub(crate) coverage: Coverage,
    /// How many there are, when all were seen.
    pub(crate) total: Option<u64>,
}

/// What was left out so far.
#[derive(Debug, Default)]
pub(crate) struct Gaps(Vec<Skipped>);

impl Gaps {
    /// Notes how a search ended; an error when it says nothing at all.
    pub(crate) fn note(&mut self, base: &str, found: &Found) -> Result<(), Error> {
        if found.references > 0 {
            let why = "parts are in another server, and referrals are not followed";
            self.add(base, why, Some(found.references));
        }
        if found.result.code == LdapResultCode::Success {
            return Ok(());
        }
        if found.result.code == LdapResultCode::NoSuchObject {
            return Err(no_base(base));
        }
        let Some(why) = fault::is_cut_short(&found.result.code) else {
            return Err(fault::from_result(&found.result, &[]));
        };
        self.add(base, why, None);
        Ok(())
    }

    pub(crate) fn add(&mut self, what: &str, why: &str, count: Option<u64>) {
        let skipped = Skipped { what: what.to_owned(), why: why.to_owned(), count };
        if !self.0.contains(&skipped) {
            self.0.push(skipped);
        }
    }

    pub(crate) fn coverage(self) -> Coverage {
        let kind =
            if self.0.is_empty() { CoverageKind::Exhaustive } else { CoverageKind::Truncated };
        Coverage { kind, skipped: self.0 }
    }
}

/// The key in the form keys are ordered by.
pub(crate) fn key(entry: &Entry) -> Option<String> {
    entry.text(ENTRY_UUID).map(str::to_ascii_lowercase)
}

/// A cursor of this connector: a key.
pub(crate) fn check_cursor(cursor: &str) -> Result<(), Error> {
    let digits = cursor.bytes().filter(u8::is_ascii_hexdigit).count();
    let dashes = cursor.bytes().filter(|byte| *byte == b'-').count();
    if digits == 32 && dashes == 4 && cursor.len() == 36 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::StaleCursor, "the cursor is none of this connector's"))
}

impl<S: Read + Write> Session<'_, S> {
    /// The next `limit` entries of `tree` after `cursor`.
    pub(crate) fn piece(
        &mut self,
        tree: &Tree<'_>,
        attributes: &[String],
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Piece, Error> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        if let Some(cursor) = cursor {
            check_cursor(cursor)?;
        } else if let Some(found) = self.first(tree, attributes.to_vec(), limit)? {
            let mut gaps = Gaps::default();
            gaps.note(tree.base, &found)?;
            return Ok(whole(sorted(found.entries, tree.base, &mut gaps), gaps, limit));
        }
        let mut gaps = Gaps::default();
        let keys = self.keys(tree, &mut gaps)?;
        let total = u64::try_from(keys.len()).ok().filter(|_| gaps.0.is_empty());
        let mut wanted: Vec<String> =
            keys.into_iter().filter(|key| cursor.is_none_or(|last| key.as_str() > last)).collect();
        let more = wanted.len() > limit;
        wanted.truncate(limit);
        let next = wanted.last().filter(|_| more).cloned();
        let entries = self.fetch(tree, attributes, &wanted, &mut gaps)?;
        Ok(Piece { entries, next, coverage: gaps.coverage(), total })
    }

    /// The entries with these keys, in their order; those that are gone by
    /// now are left out.
    pub(crate) fn fetch(
        &mut self,
        tree: &Tree<'_>,
        attributes: &[String],
        keys: &[String],
        gaps: &mut Gaps,
    ) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS) {
            let any = LdapFilter::Or(chunk.iter().map(|key| equal(ENTRY_UUID, key)).collect());
            let found = self.search(&Search {
                base: tree.base,
                scope: LdapSearchScope::Subtree,
                filter: and(tree.filter.clone(), any),
                attributes: attributes.to_vec(),
            })?;
            gaps.note(tree.base, &found)?;
            entries.extend(found.entries);
        }
        let sorted = sorted(entries, tree.base, gaps);
        Ok(sorted.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Everything with its attributes when it fits one page; none when it
    /// does not.
    fn first(
        &mut self,
        tree: &Tree<'_>,
        attributes: Vec<String>,
        limit: usize,
    ) -> Result<Option<Found>, Error> {
        let search = Search {
            base: tree.base,
            scope: LdapSearchScope::Subtree,
            filter: tree.filter.clone(),
            attributes,
        };
        let size = i64::try_from(limit).unwrap_or(i64::MAX).min(i64::from(i32::MAX));
        let page = self.wire.search_page(&search, size, Vec::new());
        let (found, cookie) = page.map_err(|failure| fault::while_reading(&failure))?;
        let more = found.result.code == LdapResultCode::Success && !cookie.is_empty();
        Ok(Some(found).filter(|_| !more))
    }

    /// The keys of everything, in order.
    pub(crate) fn keys(&mut self, tree: &Tree<'_>, gaps: &mut Gaps) -> Result<Vec<String>, Error> {
        let found = self.search(&Search {
            base: tree.base,
            scope: LdapSearchScope::Subtree,
            filter: tree.filter.clone(),
            attributes: names(&[ENTRY_UUID]),
        })?;
        gaps.note(tree.base, &found)?;
        let keyed = sorted(found.entries, tree.base, gaps);
        Ok(keyed.into_iter().map(|(key, _)| key).collect())
    }
}

/// One piece from everything there is.
fn whole(mut keyed: Vec<(String, Entry)>, gaps: Gaps, limit: usize) -> Piece {
    let total = u64::try_from(keyed.len()).ok().filter(|_| gaps.0.is_empty());
    let more = keyed.len() > limit;
    keyed.truncate(limit);
    let next = keyed.last().filter(|_| more).map(|(key, _)| key.clone());
    let entries = keyed.into_iter().map(|(_, entry)| entry).collect();
    Piece { entries, next, coverage: gaps.coverage(), total }
}

/// In the order of the keys, each once; an entry without a key is a gap.
fn sorted(entries: Vec<Entry>, base: &str, gaps: &mut Gaps) -> Vec<(String, Entry)> {
    let mut keyless = 0_u64;
    let mut keyed: Vec<(String, Entry)> = Vec::with_capacity(entries.len());
    for entry in entries {
        match key(&entry) {
            Some(key) => keyed.push((key, entry)),
            None => keyless = keyless.saturating_add(1),
        }
    }
    if keyless > 0 {
        let why = "the sign-in of the stream may not read `entryUUID` of these entries";
        gaps.add(base, why, Some(keyless));
    }
    keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
    keyed.dedup_by(|(left, _), (right, _)| left == right);
    keyed
}

#[cfg(test)]
mod tests {
    use ldap3_proto::proto::LdapResult;

    use super::*;

    fn found(code: LdapResultCode, references: u64) -> Found {
        let result =
            LdapResult { code, matcheddn: String::new(), message: String::new(), referral: vec![] };
        Found { entries: Vec::new(), references, result }
    }

    #[test]
    fn whatever_ends_a_search_early_leaves_a_gap() {
        for (code, references) in [
            (LdapResultCode::Success, 2),
            (LdapResultCode::TimeLimitExceeded, 0),
            (LdapResultCode::SizeLimitExceeded, 0),
            (LdapResultCode::AdminLimitExceeded, 0),
            (LdapResultCode::Referral, 0),
        ] {
            let mut gaps = Gaps::default();
            gaps.note("dc=x", &found(code.clone(), references)).unwrap();
            let coverage = gaps.coverage();
            assert_eq!(coverage.kind, CoverageKind::Truncated, "{code:?}");
            assert_eq!(coverage.skipped[0].what, "dc=x");
        }
        let mut gaps = Gaps::default();
        gaps.note("dc=x", &found(LdapResultCode::Success, 0)).unwrap();
        assert_eq!(gaps.coverage().kind, CoverageKind::Exhaustive);
        let mut gaps = Gaps::default();
        let missing = gaps.note("dc=x", &found(LdapResultCode::NoSuchObject, 0)).unwrap_err();
        assert!(
            matches!(missing.kind, ErrorKind::Misconfigured(_)),
            "a base that is gone is no leaver"
        );
    }

    #[test]
    fn an_entry_without_a_key_is_a_gap() {
        let mut gaps = Gaps::default();
        assert!(sorted(vec![Entry::default(), Entry::default()], "dc=x", &mut gaps).is_empty());
        assert_eq!(gaps.coverage().skipped[0].count, Some(2));
    }
}
