//! Sample data of others, read where it lies, and of our own in the same
//! shapes: whose a record or an account is comes out as the notes in it say.
//!
//! `LANYARD_SAMPLE_DATA` names the folder of the others'; nothing of it is
//! ever copied here.

mod firm;
mod sheet;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
};

use lanyard_core::{
    case::{About, accounts::account_cases},
    desired::{Presence, desired_adopting},
    id::IdentityId,
    plan::{PlanSettings, plan},
    xray::{Class, xray},
};

use crate::built::root;
use firm::{ACCOUNTS, RECORDS, UNTOLD, at, firm, identities, organisation, target};
use sheet::{Row, sheet};

/// The files of one folder.
struct Sample {
    folder: PathBuf,
    people: &'static str,
    organisation: &'static str,
    hr: &'static str,
    directory: &'static str,
}

fn ours() -> Sample {
    Sample {
        folder: root().join("tests/data"),
        people: "staff-hr.csv",
        organisation: "staff-org.csv",
        hr: "alike-hr.csv",
        directory: "alike-ldap.csv",
    }
}

/// None, after saying so, where the variable does not name a folder.
fn theirs(test: &str) -> Option<Sample> {
    let Some(folder) = std::env::var_os("LANYARD_SAMPLE_DATA") else {
        let what = format!("not run: {test}: LANYARD_SAMPLE_DATA names no folder\n");
        // Not a print macro: those are swallowed where tests pass.
        std::io::stderr().write_all(what.as_bytes()).unwrap();
        return None;
    };
    Some(Sample {
        folder: PathBuf::from(folder),
        people: "alice-hr.csv",
        organisation: "alice-org.csv",
        hr: "correlation-hr.csv",
        directory: "correlation-ldap.csv",
    })
}

/// What a note says of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is surely somebody's.
    Sure,
    /// A person is asked, about so many people.
    Asked(usize),
    Nobodys,
}

/// By what stands in a note, in small letters; the first that fits counts.
const NOTES: [(&str, Outcome); 9] = [
    ("disputed", Outcome::Asked(2)),
    ("not be correlated", Outcome::Nobodys),
    ("on employeenumber", Outcome::Sure),
    ("on mail", Outcome::Asked(1)),
    ("on name", Outcome::Asked(1)),
    ("forgotten", Outcome::Nobodys),
    ("illegal", Outcome::Nobodys),
    ("not in hr", Outcome::Nobodys),
    ("service", Outcome::Nobodys),
];

fn expected(row: &Row) -> Outcome {
    let note = row["note"].to_lowercase();
    let found = NOTES.iter().find(|(part, _)| note.contains(part));
    found.unwrap_or_else(|| panic!("nobody knows what this note means: {note}")).1
}

/// Whether a row of HR is like one of the directory, and by what: looked at
/// here once more, cell by cell.
fn alike(person: &Row, account: &Row) -> (bool, bool) {
    let same = |one: &str, other: &str| {
        let (one, other) = (person[one].trim(), account[other].trim());
        !one.is_empty() && one.to_lowercase() == other.to_lowercase()
    };
    let sure = same("ident", "employeeNumber");
    let apart = !account["employeeNumber"].trim().is_empty() && !sure;
    let ask = same("email", "mail") || (same("lastname", "sn") && same("firstname", "givenName"));
    (sure, ask && !apart)
}

/// Accounts at a target that were there before: adopted, asked about, or left.
fn accounts_come_out_as_noted(sample: &Sample) {
    let policy = firm(ACCOUNTS);
    let hr = sheet(&sample.folder.join(sample.hr));
    let directory = sheet(&sample.folder.join(sample.directory));
    let assembled = identities(&policy, &[("hr", "ident", &hr)]);
    let mut observed = target(&directory);
    let desired = desired_adopting(&policy, &assembled, &mut observed, at());
    let plan = plan(&PlanSettings::of(&policy), &desired, &observed, at());
    let asked = account_cases(&plan);
    let id = |row: &Row| IdentityId::first_seen(&"hr".parse().unwrap(), &row["ident"]);
    let mut adopted_for = BTreeSet::new();
    for account in &directory {
        let uid = &account["dn"];
        let adopted: Vec<IdentityId> =
            plan.adopted.iter().filter(|it| it.account.uid == *uid).map(|it| it.identity).collect();
        let about: BTreeSet<IdentityId> = asked
            .iter()
            .filter(|case| case.accounts.iter().any(|it| it.account.uid == *uid))
            .map(|case| case.identity)
            .collect();
        let outcome = match (adopted.as_slice(), about.len()) {
            ([_], 0) => Outcome::Sure,
            ([], 0) => Outcome::Nobodys,
            ([], count) => Outcome::Asked(count),
            _ => panic!("{uid} is adopted {} times and asked about", adopted.len()),
        };
        assert_eq!(outcome, expected(account), "{uid}");
        let sure = hr.iter().filter(|row| alike(row, account).0).map(id);
        assert_eq!(sure.collect::<Vec<_>>(), adopted, "{uid}");
        adopted_for.extend(adopted);
        if outcome != Outcome::Sure {
            let free =
                hr.iter().filter(|row| !plan.adopted.iter().any(|it| it.identity == id(row)));
            let alike: BTreeSet<_> = free.filter(|row| alike(row, account).1).map(id).collect();
            assert_eq!(about, alike, "{uid}");
        }
    }
    // Nobody who may have one is given another one, and nothing else is
    // written.
    for operation in &plan.operations {
        let waits = asked.iter().any(|case| case.identity == operation.identity);
        assert!(!waits, "{operation:?}");
        let written = operation.change.account();
        let ours = written.is_none_or(|it| plan.adopted.iter().any(|it2| it2.account == *it));
        assert!(ours, "{operation:?}");
    }
    assert_eq!(adopted_for.len(), plan.adopted.len());
}

/// A first look says the same of each account, with the rule and without it.
fn a_first_look_says_the_same(sample: &Sample) {
    let ruleless = ACCOUNTS.split("[rule.everyone]").next().unwrap();
    let hr = sheet(&sample.folder.join(sample.hr));
    let directory = sheet(&sample.folder.join(sample.directory));
    for (file, declared) in [(ACCOUNTS, true), (ruleless, true), (UNTOLD, false)] {
        let policy = firm(file);
        let assembled = identities(&policy, &[("hr", "ident", &hr)]);
        let long = jiff::SignedDuration::from_hours(90 * 24);
        let found = xray(&policy, (&[], &assembled), target(&directory), long, at());
        let [target] = found.targets.as_slice() else { panic!("{found:?}") };
        assert_eq!(target.accounts.len(), directory.len());
        for row in &directory {
            let account = target.accounts.iter().find(|it| it.uid == row["dn"]).unwrap();
            let outcome = match account.class {
                Class::Sure => Outcome::Sure,
                Class::Ask => Outcome::Asked(account.owners.len()),
                Class::Orphan | Class::Service => Outcome::Nobodys,
                Class::Mine => panic!("{account:?}"),
            };
            if declared {
                assert_eq!(outcome, expected(row), "{}", row["dn"]);
            } else {
                // Without a word of the file nothing is sure, and whoever is
                // noted as somebody's is asked about.
                let nobodys = expected(row) == Outcome::Nobodys;
                assert_ne!(outcome, Outcome::Sure, "{}", row["dn"]);
                assert_eq!(outcome == Outcome::Nobodys, nobodys, "{}", row["dn"]);
            }
        }
    }
}

/// The same rows as records of a second source.
fn records_come_out_as_noted(sample: &Sample) {
    let policy = firm(RECORDS);
    let hr = sheet(&sample.folder.join(sample.hr));
    let directory = sheet(&sample.folder.join(sample.directory));
    let assembled = identities(&policy, &[("hr", "ident", &hr), ("directory", "dn", &directory)]);
    for row in &directory {
        let key = &row["dn"];
        let case = assembled.cases.iter().find(|case| {
            let About::Record(record) = &case.about;
            record.key == *key
        });
        let owner = assembled.identities.iter().find(|it| {
            it.records
                .iter()
                .any(|record| record.source.as_str() == "directory" && record.key == *key)
        });
        let joined = owner.is_some_and(|it| it.records.len() > 1);
        let outcome = match case {
            Some(case) => Outcome::Asked(case.candidates.len()),
            None if joined => Outcome::Sure,
            None => Outcome::Nobodys,
        };
        assert_eq!(outcome, expected(row), "{key}");
    }
}

/// Rules follow the organisation and the codes of jobs: what the tree says is
/// looked up here once more.
fn access_follows_the_organisation(sample: &Sample) {
    let people = sheet(&sample.folder.join(sample.people));
    let tree = sheet(&sample.folder.join(sample.organisation));
    let parents: BTreeMap<&str, &str> =
        tree.iter().map(|row| (row["orgnum"].as_str(), row["parentOrgNum"].as_str())).collect();
    let codes: BTreeSet<&str> =
        people.iter().map(|row| row["jobcode"].as_str()).filter(|code| !code.is_empty()).collect();
    let policy = firm(&organisation(&parents, &codes));
    let assembled = identities(&policy, &[("hr", "empno", &people), ("orgs", "orgnum", &tree)]);
    let mut observed = target(&[]);
    let desired = desired_adopting(&policy, &assembled, &mut observed, at());
    let mut granted = 0;
    for row in &people {
        let mut wanted = BTreeSet::new();
        let mut at = Some(row["orgnum"].as_str());
        while let Some(org) = at {
            // Of what the tree does not have, no rule speaks.
            let spoken = parents.iter().any(|(it, above)| *it == org || *above == org);
            wanted.extend(spoken.then(|| format!("org-{org}")));
            at = parents.get(org).copied().filter(|above| !above.is_empty());
        }
        wanted.extend(row["jobcode"].chars().next().map(|it| format!("job-{}", it.to_lowercase())));
        let id = IdentityId::first_seen(&"hr".parse().unwrap(), &row["empno"]);
        let person = &desired.identities[&id];
        assert!(person.holds.is_empty(), "{:?}", person.holds);
        let Presence::Present { content, .. } = &person.accounts["directory"].presence else {
            panic!("{} has no account", row["empno"]);
        };
        let given: BTreeSet<String> =
            content.grants.keys().map(|grant| grant.entitlement.clone()).collect();
        assert_eq!(given, wanted, "{}", row["empno"]);
        granted += given.len();
        let told = format!("`{}`", row["orgnum"]);
        let unknown = !parents.contains_key(row["orgnum"].as_str());
        assert_eq!(assembled.problems.iter().any(|it| it.contains(&told)), unknown, "{told}");
    }
    assert!(granted > people.len(), "the sample has a tree");
}

fn is_there(sample: &Sample) -> bool {
    Path::is_dir(&sample.folder)
}

#[test]
fn whose_an_account_is_comes_out_as_our_notes_say() {
    accounts_come_out_as_noted(&ours());
}

#[test]
fn a_first_look_at_accounts_comes_out_as_our_notes_say() {
    a_first_look_says_the_same(&ours());
}

#[test]
fn whose_a_record_is_comes_out_as_our_notes_say() {
    records_come_out_as_noted(&ours());
}

#[test]
fn what_our_staff_has_follows_organisation_and_job() {
    access_follows_the_organisation(&ours());
}

#[test]
fn the_sample_data_of_others_comes_out_as_its_notes_say() {
    let test = "the_sample_data_of_others_comes_out_as_its_notes_say";
    let Some(sample) = theirs(test) else { return };
    assert!(is_there(&sample), "`{}` is no folder", sample.folder.display());
    accounts_come_out_as_noted(&sample);
    a_first_look_says_the_same(&sample);
    records_come_out_as_noted(&sample);
    access_follows_the_organisation(&sample);
}
