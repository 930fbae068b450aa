//! Which entitlement of the target a text of the file means.

use std::collections::{BTreeMap, BTreeSet};

use super::NoteKind;
use crate::{account::Entitlement, matching::normal, schema::Matching};

/// Why a text means no entitlement.
pub(super) struct Unresolved {
    pub(super) kind: NoteKind,
    /// A sentence.
    pub(super) text: String,
}

/// Every entitlement text in use, resolved once.
pub(super) struct Catalogue<'a> {
    resolved: BTreeMap<&'a str, Result<&'a Entitlement, Unresolved>>,
    names: BTreeMap<&'a crate::value::ObjectRef, &'a str>,
}

impl<'a> Catalogue<'a> {
    /// `whole`: `known` are certainly all there are.
    pub(super) fn new(
        known: &'a [Entitlement],
        whole: bool,
        aliases: &BTreeMap<String, String>,
        texts: &BTreeSet<&'a str>,
    ) -> Self {
        let index = Index::new(known, whole);
        let resolve = |text: &&'a str| (*text, index.resolve(aliases, text));
        let names = known.iter().map(|it| (&it.reference, it.name.as_str())).collect();
        Self { resolved: texts.iter().map(resolve).collect(), names }
    }

    pub(super) fn get(&self, text: &str) -> Option<&Result<&'a Entitlement, Unresolved>> {
        self.resolved.get(text)
    }

    /// How people call an entitlement.
    pub(super) fn label(&self, entitlement: &crate::value::ObjectRef) -> String {
        (*self.names.get(entitlement).unwrap_or(&entitlement.uid.as_str())).to_owned()
    }
}

struct Index<'a> {
    uids: BTreeMap<&'a str, Vec<&'a Entitlement>>,
    names: BTreeMap<&'a str, Vec<&'a Entitlement>>,
    folded_names: BTreeMap<String, Vec<&'a Entitlement>>,
    whole: bool,
}

impl<'a> Index<'a> {
    fn new(known: &'a [Entitlement], whole: bool) -> Self {
        let mut index = Self {
            uids: BTreeMap::new(),
            names: BTreeMap::new(),
            folded_names: BTreeMap::new(),
            whole,
        };
        for entitlement in known {
            index.uids.entry(&entitlement.reference.uid).or_default().push(entitlement);
            index.names.entry(&entitlement.name).or_default().push(entitlement);
            index.folded_names.entry(folded(&entitlement.name)).or_default().push(entitlement);
        }
        index
    }

    /// By alias, then by id, by name, and by name in another case.
    fn resolve(
        &self,
        aliases: &BTreeMap<String, String>,
        text: &str,
    ) -> Result<&'a Entitlement, Unresolved> {
        let unable = |text| Unresolved { kind: NoteKind::Unable, text };
        let meant = aliases.get(text).map_or(text, String::as_str);
        let found = self
            .uids
            .get(meant)
            .or_else(|| self.names.get(meant))
            .or_else(|| self.folded_names.get(&folded(meant)));
        match found.map(Vec::as_slice) {
            Some([one]) => Ok(one),
            Some(several) => Err(unable(format!(
                "{} entitlements are called `{meant}`; name the one that is meant by its id",
                several.len()
            ))),
            // Nobody is told to mend a name that may be right.
            None if !self.whole => Err(Unresolved {
                kind: NoteKind::NotRead,
                text: format!(
                    "the entitlements were not read wholly, so it is not known whether `{meant}` \
                     exists; it is not granted"
                ),
            }),
            None => Err(unable(self.unknown(meant))),
        }
    }

    fn unknown(&self, meant: &str) -> String {
        let folded_meant = folded(meant);
        let nearest = self.names.keys().min_by_key(|name| (distance(&folded_meant, name), **name));
        match nearest {
            Some(name) => {
                format!("there is no entitlement `{meant}`; the nearest name there is `{name}`")
            }
            None => format!("there is no entitlement `{meant}`; none at all was read"),
        }
    }
}

fn folded(text: &str) -> String {
    normal(&Matching::IgnoreCaseTrimmed, text).into_owned()
}

/// Edits from one text to the other (Levenshtein), ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = folded(right).chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, l) in left.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (r, above) in right.iter().zip(row.iter().skip(1)) {
            before = (before + 1).min(above + 1).min(diagonal + usize::from(l != *r));
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (left, right, edits) in
            [("", "", 0), ("staff", "staff", 0), ("staf", "staff", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }
}
