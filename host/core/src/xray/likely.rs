//! Whose an account may be where the file does not say by what accounts are
//! recognised.  It only ever makes a person look.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    account::Account,
    fact::Identity,
    matching::normal,
    observed::ObservedTarget,
    schema::{AttributeDef, Matching},
    value::{ObjectRef, Value},
};

/// What facts and attributes with these names mean; in small letters, without
/// anything else in them.
const MEANINGS: [(Meaning, &[&str]); 6] = [
    (Meaning::Mail, &["mail", "email", "emails", "mailaddress", "emailaddress"]),
    (
        Meaning::Number,
        &["number", "employeenumber", "employeeid", "personnelnumber", "empno", "externalid"],
    ),
    (Meaning::Given, &["givenname", "firstname", "forename"]),
    (Meaning::Family, &["familyname", "lastname", "surname", "sn"]),
    (Meaning::Full, &["displayname", "fullname", "cn"]),
    (Meaning::Login, &["login", "loginname", "username", "userid", "uid", "samaccountname"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Mail,
    Number,
    Given,
    Family,
    Full,
    Login,
    /// Our id, where we once wrote it.
    Id,
}

/// Attributes that stand for one person alone: names are shared, and logins
/// are given again.
pub(super) fn telling(there: &ObservedTarget) -> BTreeSet<String> {
    let defs = there.schema.objects.iter().flat_map(|object| &object.attributes);
    let tells =
        |def: &&AttributeDef| matches!(of_attribute(def), Some(Meaning::Mail | Meaning::Number));
    defs.filter(tells).map(|def| def.name.clone()).collect()
}

/// Accounts by what they say of their owner.
pub(super) struct Likely<'a> {
    /// With the words for it.
    marks: BTreeMap<(Meaning, String), BTreeMap<&'a ObjectRef, String>>,
    /// By given and family name.
    names: BTreeMap<(String, String), BTreeMap<&'a ObjectRef, String>>,
}

impl<'a> Likely<'a> {
    pub(super) fn new(there: &'a ObservedTarget) -> Self {
        let mut likely = Self { marks: BTreeMap::new(), names: BTreeMap::new() };
        let mut meanings = BTreeMap::new();
        for object in &there.schema.objects {
            for def in &object.attributes {
                if let Some(meaning) = of_attribute(def) {
                    meanings.insert((object.object_type.as_str(), def.name.as_str()), meaning);
                }
            }
        }
        for account in &there.accounts {
            likely.add(account, &meanings);
        }
        likely
    }

    fn add(&mut self, account: &'a Account, meanings: &BTreeMap<(&str, &str), Meaning>) {
        let reference = &account.reference;
        let mut parts: BTreeMap<Meaning, (BTreeSet<String>, &str)> = BTreeMap::new();
        for attribute in &account.attributes {
            let name = attribute.name.as_str();
            let Some(meaning) = meanings.get(&(reference.object_type.as_str(), name)) else {
                continue;
            };
            let values: BTreeSet<String> = attribute.values.iter().filter_map(plain).collect();
            for value in &values {
                let words = format!("attribute {name}");
                self.mark(*meaning, value.clone(), reference, words);
            }
            parts.insert(*meaning, (values, name));
        }
        if let (Some((given, one)), Some((family, other))) =
            (parts.get(&Meaning::Given), parts.get(&Meaning::Family))
        {
            for key in pairs(given, family) {
                let words = format!("attributes {one} and {other}");
                self.names.entry(key).or_default().insert(reference, words);
            }
        }
        if let Some(login) = plain_text(&account.name) {
            self.mark(Meaning::Login, login, reference, "name".to_owned());
        }
        if let Some(anchor) = account.anchor.as_deref().and_then(plain_text) {
            self.mark(Meaning::Id, anchor.clone(), reference, "anchor".to_owned());
            self.mark(Meaning::Number, anchor, reference, "anchor".to_owned());
        }
    }

    fn mark(&mut self, meaning: Meaning, value: String, account: &'a ObjectRef, words: String) {
        self.marks.entry((meaning, value)).or_default().entry(account).or_insert(words);
    }

    /// Accounts that are like somebody, each with the strongest reason;
    /// `login` is what theirs would be called, or empty.
    pub(super) fn like(&self, identity: &Identity, login: &str) -> Vec<(&'a ObjectRef, String)> {
        let mut facts: BTreeMap<Meaning, BTreeSet<String>> = BTreeMap::new();
        for (name, values) in &identity.facts {
            let Some(meaning) = meaning(name.as_str()) else { continue };
            let values = values.iter().flat_map(|fact| &fact.values).filter_map(plain);
            facts.entry(meaning).or_default().extend(values);
        }
        let keys = identity.records.iter().filter_map(|it| plain_text(&it.key));
        let keys: BTreeSet<String> = keys.collect();
        facts.entry(Meaning::Number).or_default().extend(keys.iter().cloned());
        facts.entry(Meaning::Id).or_default().insert(identity.id.to_string());
        let of = |meaning| facts.get(&meaning).cloned().unwrap_or_default();
        let (given, family) = (of(Meaning::Given), of(Meaning::Family));
        let full = pairs(&given, &family).into_iter().map(|(one, other)| format!("{one} {other}"));
        let full: BTreeSet<String> = full.chain(of(Meaning::Full)).collect();
        let mut logins = of(Meaning::Login);
        logins.extend(keys.into_iter().chain(of(Meaning::Mail)).chain(plain_text(login)));
        let mut found: BTreeMap<&ObjectRef, String> = BTreeMap::new();
        let mut add = |accounts: Option<&BTreeMap<&'a ObjectRef, String>>| {
            for (account, words) in accounts.into_iter().flatten() {
                found.entry(*account).or_insert_with(|| words.clone());
            }
        };
        for (meaning, values) in [
            (Meaning::Id, of(Meaning::Id)),
            (Meaning::Number, of(Meaning::Number)),
            (Meaning::Mail, of(Meaning::Mail)),
            (Meaning::Login, logins),
        ] {
            for value in values {
                add(self.marks.get(&(meaning, value)));
            }
        }
        for key in pairs(&given, &family) {
            add(self.names.get(&key));
        }
        for value in full {
            add(self.marks.get(&(Meaning::Full, value)));
        }
        found.into_iter().collect()
    }
}

fn pairs(given: &BTreeSet<String>, family: &BTreeSet<String>) -> Vec<(String, String)> {
    let pairs = given.iter().flat_map(|one| family.iter().map(move |it| (one.clone(), it.clone())));
    pairs.collect()
}

fn of_attribute(def: &AttributeDef) -> Option<Meaning> {
    let path = def.scim_path.as_deref().unwrap_or_default();
    let path = path.rsplit(':').next().unwrap_or(path);
    let path = path.strip_suffix(".value").unwrap_or(path);
    let last = path.rsplit('.').next().unwrap_or(path);
    meaning(&def.name).or_else(|| meaning(last))
}

fn meaning(name: &str) -> Option<Meaning> {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|it| it.to_ascii_lowercase()).collect();
    MEANINGS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(meaning, _)| *meaning)
}

fn plain(value: &Value) -> Option<String> {
    plain_text(&value.to_string())
}

/// Empty values recognise nobody.
fn plain_text(text: &str) -> Option<String> {
    let text = normal(&Matching::IgnoreCaseTrimmed, text).into_owned();
    (!text.is_empty()).then_some(text)
}
