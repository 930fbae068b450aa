//! Which entitlement of a target a text of the file means.

use std::collections::BTreeMap;

use crate::{account::Entitlement, matching::normal, schema::Matching};

/// Why a text means no entitlement.
#[derive(Debug)]
pub(crate) struct Unresolved {
    /// False when it may mean one that was not read.
    pub(crate) certain: bool,
    /// A sentence.
    pub(crate) text: String,
}

/// What a target has, by the ways in which it may be named.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    uids: BTreeMap<&'a str, Vec<&'a Entitlement>>,
    names: BTreeMap<&'a str, Vec<&'a Entitlement>>,
    folded_names: BTreeMap<String, Vec<&'a Entitlement>>,
    whole: bool,
}

impl<'a> Index<'a> {
    /// `whole`: `known` are certainly all there are.
    pub(crate) fn new(known: &'a [Entitlement], whole: bool) -> Self {
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

    /// The only one that is meant, without saying why there is none.
    pub(crate) fn only(
        &self,
        aliases: &BTreeMap<String, String>,
        text: &str,
    ) -> Option<&'a Entitlement> {
        match self.called(aliases.get(text).map_or(text, String::as_str)) {
            Some([one]) => Some(one),
            Some(_) | None => None,
        }
    }

    /// Whether anything there is called so.
    pub(crate) fn is_called(&self, aliases: &BTreeMap<String, String>, text: &str) -> bool {
        self.called(aliases.get(text).map_or(text, String::as_str)).is_some()
    }

    /// By id, by name, and by name in another case.
    fn called(&self, meant: &str) -> Option<&[&'a Entitlement]> {
        let found = self
            .uids
            .get(meant)
            .or_else(|| self.names.get(meant))
            .or_else(|| self.folded_names.get(&folded(meant)));
        found.map(Vec::as_slice)
    }

    /// By alias, then by id, by name, and by name in another case.
    ///
    /// # Errors
    /// When it means none, or could mean several.
    pub(crate) fn resolve(
        &self,
        aliases: &BTreeMap<String, String>,
        text: &str,
    ) -> Result<&'a Entitlement, Unresolved> {
        let unable = |text| Unresolved { certain: true, text };
        let meant = aliases.get(text).map_or(text, String::as_str);
        match self.called(meant) {
            Some([one]) => Ok(one),
            Some(several) => Err(unable(format!(
                "{} entitlements are called `{meant}`; name the one that is meant by its id",
                several.len()
            ))),
            // Nobody is told to mend a name that may be right.
            None if !self.whole => Err(Unresolved {
                certain: false,
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
    use crate::value::ObjectRef;

    #[test]
    fn distance_counts_edits() {
        for (left, right, edits) in [
            ("", "", 0),
            ("", "ab", 2),
            ("staff", "staff", 0),
            ("staf", "staff", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }

    fn group(uid: &str, name: &str) -> Entitlement {
        Entitlement {
            reference: ObjectRef { object_type: "group".to_owned(), uid: uid.to_owned() },
            name: name.to_owned(),
            description: String::new(),
            grantable: true,
            privileged: false,
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_certainly_wrong_only_when_all_were_read() {
        let groups = [group("g1", "Staff")];
        for whole in [true, false] {
            let index = Index::new(&groups, whole);
            let wrong = index.resolve(&BTreeMap::new(), "staf").unwrap_err();
            assert_eq!(wrong.certain, whole);
            assert_eq!(wrong.text.contains("the nearest name there is `Staff`"), whole);
        }
    }

    #[test]
    fn the_id_comes_before_the_name_and_the_name_before_another_case_of_it() {
        let groups = [group("g1", "Staff"), group("g2", "staff"), group("Staff", "admins")];
        let index = Index::new(&groups, true);
        let aliases = BTreeMap::from([("everybody".to_owned(), "staff".to_owned())]);
        let found = |text| index.resolve(&aliases, text).map(|it| it.reference.uid.as_str());
        assert_eq!(found("Staff").ok(), Some("Staff"));
        assert_eq!(found("staff").ok(), Some("g2"));
        assert_eq!(found("everybody").ok(), Some("g2"));
        assert_eq!(found("ADMINS").ok(), Some("Staff"));
        let several = found("STAFF").unwrap_err();
        assert!(several.certain && several.text.starts_with("2 entitlements"), "{}", several.text);
    }
}
