//! The firm that the sample data is read for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use jiff::Timestamp;
use lanyard_core::{
    account::{Account, AccountState, Coverage},
    fact::Reading,
    identity::{Assembled, assemble},
    observed::{Observed, ObservedTarget},
    policy::Policy,
    schema::{
        AttributeDef, Capabilities, Matching, Mutability, ObjectDef, ObjectRole, Returned, Schema,
        Sensitivity, ValueKind,
    },
    value::{Attribute, ObjectRef, Value},
};

use super::sheet::Row;

/// A target where the accounts were before us.
pub(super) const ACCOUNTS: &str = r#"
[source.hr]
plugin = "csv"

[source.hr.facts]
given_name = "{{ firstname }}"
family_name = "{{ lastname }}"
mail = "{{ email | default('') }}"
number = "{{ key }}"

[target.directory]
plugin = "csv"
protected = ["admin"]

[target.directory.account]
name = "{{ given_name | ascii | slug }}.{{ family_name | ascii | slug }}"
match = { sure = [["employeeNumber"]], ask = [["mail"], ["sn", "givenName"]] }

[target.directory.account.attributes]
employeeNumber = "{{ number }}"
mail = "{{ mail | default('') }}"
sn = "{{ family_name }}"
givenName = "{{ given_name }}"

[rule.everyone]
accounts = ["directory"]
"#;

/// A target of which the file says nothing.
pub(super) const UNTOLD: &str = r#"
[source.hr]
plugin = "csv"

[target.directory]
plugin = "csv"
"#;

/// The accounts as a second source.
pub(super) const RECORDS: &str = r#"
[source.hr]
plugin = "csv"

[source.hr.facts]
given_name = "{{ firstname }}"
family_name = "{{ lastname }}"
mail = "{{ email | default('') }}"
number = "{{ key }}"

[source.directory]
plugin = "csv"
missing = "keep"

[source.directory.facts]
given_name = "{{ givenName | default('') }}"
family_name = "{{ sn | default('') }}"
mail = "{{ mail | default('') }}"
number = "{{ employeeNumber | default('') }}"

[correlate]
key = false
sure = [["number"]]
ask = [["mail"], ["family_name", "given_name"]]
"#;

/// A group for everything in the organisation, and one for each kind of job.
pub(super) fn organisation(parents: &BTreeMap<&str, &str>, codes: &BTreeSet<&str>) -> String {
    let mut text = r#"
[source.hr]
plugin = "csv"
facts = { given_name = "{{ firstname }}", family_name = "{{ lastname }}", orgnum = "{{ orgnum }}", jobcode = "{{ jobcode | default('') }}" }

[source.orgs]
plugin = "csv"
table = { key = "orgnum", facts = { department = "name" }, parent = "parentOrgNum", within = "within" }

[target.directory]
plugin = "csv"

[rule.everyone]
accounts = ["directory"]
"#
    .to_owned();
    let orgs: BTreeSet<&str> = parents
        .iter()
        .flat_map(|(org, above)| [*org, *above])
        .filter(|it| !it.is_empty())
        .collect();
    for org in orgs {
        // Writing to a String cannot fail.
        let _infallible = write!(
            text,
            "\n[rule.org-{org}]\nwhen = {{ within = [\"{org}\"] }}\ngrants = {{ directory = [\"org-{org}\"] }}\n"
        );
    }
    let kinds: BTreeSet<char> = codes.iter().filter_map(|code| code.chars().next()).collect();
    for kind in kinds {
        let of: Vec<String> =
            codes.iter().filter(|it| it.starts_with(kind)).map(|it| format!("\"{it}\"")).collect();
        let (kind, of) = (kind.to_lowercase(), of.join(", "));
        let _infallible = write!(
            text,
            "\n[rule.job-{kind}]\nwhen = {{ jobcode = [{of}] }}\ngrants = {{ directory = [\"job-{kind}\"] }}\n"
        );
    }
    text
}

pub(super) fn at() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// A file as the program loads it.
pub(super) fn firm(file: &str) -> Policy {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("plugins")).unwrap();
    fs::write(folder.path().join("plugins/csv.wasm"), []).unwrap();
    let path = folder.path().join("lanyard.toml");
    fs::write(&path, file).unwrap();
    let loaded = lanyard::config::load(&path, &|_variable| None);
    loaded.unwrap_or_else(|errors| panic!("{errors}")).config.policy
}

/// Who the rows are of sources, by the column with their key.
pub(super) fn identities(policy: &Policy, sources: &[(&str, &str, &Vec<Row>)]) -> Assembled {
    let readings: Vec<Reading> = sources
        .iter()
        .map(|(source, key, rows)| Reading {
            source: source.parse().unwrap(),
            records: rows
                .iter()
                .map(|row| account("record", &row[*key], &row[*key], row))
                .collect(),
            coverage: Coverage::exhaustive(),
            read_at: at(),
        })
        .collect();
    assemble(policy, &readings, &[], &BTreeMap::new(), at())
}

/// A directory that has these accounts, and what nobody of ours made.
pub(super) fn target(rows: &[Row]) -> Observed {
    let accounts = rows.iter().map(|row| {
        let mut account = account("user", &row["dn"], &row["uid"], row);
        account.attributes.retain(|it| ATTRIBUTES.iter().any(|(name, _)| *name == it.name));
        account
    });
    let there = ObservedTarget {
        schema: Schema { objects: vec![user()] },
        account_type: "user".to_owned(),
        accounts: accounts.collect(),
        entitlements: Vec::new(),
        assignments: Vec::new(),
        accounts_coverage: Coverage::exhaustive(),
        assignments_coverage: Coverage::exhaustive(),
        read_at: at(),
    };
    Observed { targets: [("directory".parse().unwrap(), there)].into(), ..Observed::default() }
}

fn account(object_type: &str, uid: &str, name: &str, row: &Row) -> Account {
    let valued = row.iter().filter(|(_, cell)| !cell.is_empty());
    Account {
        reference: ObjectRef { object_type: object_type.to_owned(), uid: uid.to_owned() },
        revision: None,
        name: name.to_owned(),
        anchor: None,
        state: AccountState::Active,
        state_until: None,
        last_used: None,
        attributes: valued
            .map(|(name, cell)| Attribute::new(name.clone(), vec![Value::Text(cell.clone())]))
            .collect(),
    }
}

const ATTRIBUTES: [(&str, Matching); 5] = [
    ("uid", Matching::IgnoreCase),
    ("employeeNumber", Matching::Exact),
    ("mail", Matching::Email),
    ("sn", Matching::IgnoreCase),
    ("givenName", Matching::IgnoreCase),
];

fn user() -> ObjectDef {
    let attributes = ATTRIBUTES.into_iter().map(|(name, matching)| AttributeDef {
        name: name.to_owned(),
        kind: ValueKind::Text,
        multi: false,
        ordered: false,
        required: false,
        unique: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Always,
        matching,
        sensitivity: Sensitivity::Ordinary,
        allowed: Vec::new(),
        description: String::new(),
        scim_path: None,
    });
    ObjectDef {
        object_type: "user".to_owned(),
        role: ObjectRole::Account,
        attributes: attributes.collect(),
        anchor_attribute: None,
        name_attribute: "uid".to_owned(),
        capabilities: Capabilities {
            create: true,
            update: true,
            enable: true,
            disable: true,
            delete: true,
            entitlements: true,
            full_list: true,
            ..Capabilities::default()
        },
    }
}
