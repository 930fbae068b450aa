//! An invented company of any size, the file that says what its people get,
//! and the records its people system has of them.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use lanyard::config::{self, Config};
use lanyard_core::{
    account::{Account, AccountState},
    value::{Attribute, ObjectRef, Value},
};

const GIVEN: [&str; 20] = [
    "Ada", "Béla", "Chloé", "Dilek", "Edda", "Femi", "Grażyna", "Hana", "Ívar", "José", "Kofi",
    "Lene", "Māra", "Nils", "Oona", "Paweł", "Quirin", "Rosa", "Søren", "Tomáš",
];
const SYLLABLES: [&str; 12] =
    ["ber", "dal", "fen", "gor", "hal", "kem", "lin", "mar", "nor", "pel", "ros", "tan"];
pub(crate) const DEPARTMENTS: [&str; 8] =
    ["Sales", "Presales", "Support", "Finance", "Legal", "Research", "Works", "Logistics"];

const FILE: &str = r#"
plugin-directory = "."

[source.hr]
plugin = "hr"

[target.directory]
plugin = "target"
[target.directory.account]
attributes = { givenName = "{{ given_name }}", familyName = "{{ family_name }}", displayName = "{{ given_name }} {{ family_name }}", mail = "{{ login }}@example.org", department = "{{ department }}" }

[target.crm]
plugin = "target"

[target.mail]
plugin = "target"
after = ["directory"]
[target.mail.account]
name = "{{ given_name | ascii | slug }}-{{ family_name | ascii | slug }}"

[rule.everyone]
accounts = ["directory", "mail"]
grants = { directory = ["staff", "dept-{{ department | slug }}"] }

[rule.sales]
when = { department = ["Sales", "Presales"] }
accounts = ["crm"]
grants = { crm = ["sellers"] }

[rule.leads]
when = { expr = "level >= 3" }
grants = { directory = ["leads"], mail = ["leads"] }

[lifecycle]
status = { active = ["Active"], on-leave = ["Leave"], departed = ["Former"] }
"#;

/// The file as the program loads it; the plugins are never run.
pub(crate) fn configured(folder: &Path) -> Config {
    loaded(folder, FILE)
}

/// Everybody at each of so many targets, by 20 rules, with three workflows.
pub(crate) fn large(folder: &Path, targets: usize) -> Config {
    let names: Vec<String> = (0..targets).map(|number| format!("system-{number}")).collect();
    let mut file = "plugin-directory = \".\"\n\n[source.hr]\nplugin = \"hr\"\n".to_owned();
    for name in &names {
        write!(
            file,
            "\n[target.{name}]\nplugin = \"target\"\n[target.{name}.account]\nattributes = {{ \
             mail = \"{{{{ login }}}}@example.org\", department = \"{{{{ department }}}}\", \
             familyName = \"{{{{ family_name }}}}\" }}\n"
        )
        .unwrap();
    }
    let all = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    write!(file, "\n[rule.everyone]\naccounts = [{all}]\n").unwrap();
    // Eight departments, eleven by other facts.
    for (number, department) in DEPARTMENTS.iter().enumerate() {
        write!(
            file,
            "\n[rule.department-{number}]\nwhen = {{ department = [\"{department}\"] }}\ngrants = \
             {{ {} = [\"dept-{{{{ department | slug }}}}\"] }}\n",
            names[number % targets]
        )
        .unwrap();
    }
    for number in 0..11 {
        let when = if number % 2 == 0 {
            format!("{{ expr = \"level >= {}\" }}", number % 5)
        } else {
            format!("{{ title = [\"Specialist {}\"] }}", number % 7)
        };
        let target = &names[number % targets];
        let entitlement = ["staff", "sellers", "leads"][number % 3];
        write!(
            file,
            "\n[rule.more-{number}]\nwhen = {when}\ngrants = {{ {target} = [\"{entitlement}\"] }}\n"
        )
        .unwrap();
    }
    file.push_str(&WORKFLOWS.replace("FIRST", &names[0]));
    loaded(folder, &file)
}

const WORKFLOWS: &str = r#"
[workflow.leaver]
on = "departed"
steps = [
  { id = "off", do = "disable-accounts" },
  { id = "grace", wait = "60d", after = ["off"] },
  { id = "gone", do = "delete-accounts", targets = ["FIRST"], after = ["grace"] },
]

[workflow.mover]
on = { changed = ["department"] }
steps = [
  { id = "both", do = "grant", grants = { FIRST = ["leads"] } },
  { id = "time", wait = "14d" },
  { id = "over", do = "revoke", grants = { FIRST = ["leads"] }, after = ["time"] },
]

[workflow.first-days]
on = "3d after start"
when = { level = { present = true } }
steps = [ { id = "trial", wait = "90d" }, { id = "done", wait = "1d", after = ["trial"] } ]

[lifecycle]
status = { active = ["Active"], on-leave = ["Leave"], departed = ["Former"] }
"#;

fn loaded(folder: &Path, file: &str) -> Config {
    for plugin in ["hr.wasm", "target.wasm"] {
        fs::write(folder.join(plugin), []).unwrap();
    }
    let path = folder.join("lanyard.toml");
    fs::write(&path, file).unwrap();
    match config::load(&path, &|_variable| None) {
        Ok(loaded) => loaded.config,
        Err(errors) => panic!("{errors}"),
    }
}

/// Everything a rule of the file can grant.
pub(crate) fn entitlements() -> BTreeSet<String> {
    let departments =
        DEPARTMENTS.iter().map(|department| format!("dept-{}", department.to_lowercase()));
    departments.chain(["staff", "sellers", "leads"].map(str::to_owned)).collect()
}

/// Person number `index`, in a department.
pub(crate) fn record(index: usize, department: &str) -> Account {
    let key = format!("{:06}", index + 1);
    let family = [index / 20, index / 240, index / 2880].map(|place| SYLLABLES[place % 12]);
    let mut family = family.concat();
    family[..1].make_ascii_uppercase();
    let attribute = |name: &str, value: String| Attribute::new(name, vec![Value::Text(value)]);
    Account {
        reference: ObjectRef { object_type: "person".to_owned(), uid: key.clone() },
        revision: None,
        name: key,
        anchor: None,
        state: AccountState::Unknown,
        state_until: None,
        last_used: None,
        attributes: vec![
            attribute("given_name", GIVEN[index % 20].to_owned()),
            attribute("family_name", family),
            attribute("department", department.to_owned()),
            attribute("title", format!("Specialist {}", index % 7)),
            attribute("level", (index % 5).to_string()),
            attribute("start", format!("20{:02}-0{}-01", 10 + index % 14, 1 + index % 9)),
            attribute("status", "Active".to_owned()),
        ],
    }
}

pub(crate) fn department(index: usize) -> &'static str {
    DEPARTMENTS[index * 7 % DEPARTMENTS.len()]
}

/// So many people, each in the department of their number.
pub(crate) fn records(people: usize) -> Vec<Account> {
    (0..people).map(|index| record(index, department(index))).collect()
}
