//! What the applications hold, from their own state files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::expected::{Access, Accounts, Application};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PEOPLE: &str = ",ou=people,dc=example,dc=org";
const GROUPS: &str = ",ou=groups,dc=example,dc=org";

/// One account as the application keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The application's own key, which never changes.
    pub(super) id: String,
    /// What one signs in with: a user name, or the name of an entry.
    pub(super) login: String,
    pub(super) access: Access,
}

/// Every account of both applications, by employee number.
#[derive(Debug, Default)]
pub(super) struct State {
    accounts: BTreeMap<(Application, String), Vec<Found>>,
}

impl State {
    pub(super) fn read(crm: &Path, directory: &Path) -> anyhow::Result<Self> {
        let mut state = Self::default();
        state.read_crm(&json(crm)?)?;
        state.read_directory(&json(directory)?)?;
        Ok(state)
    }

    pub(super) fn count(&self) -> usize {
        self.accounts.values().map(Vec::len).sum()
    }

    /// The one account of a person.
    pub(super) fn one(&self, application: Application, number: &str) -> anyhow::Result<&Found> {
        match self.accounts.get(&(application, number.to_owned())).map(Vec::as_slice) {
            Some([found]) => Ok(found),
            other => bail!(
                "{number} in the {}\n  expected: 1 account\n  found: {}",
                application.name(),
                other.unwrap_or_default().len()
            ),
        }
    }

    /// Every account that should be there is, once, as it should be, and
    /// there is no other; gives how many there are.
    pub(super) fn compare(&self, expected: &Accounts) -> anyhow::Result<usize> {
        let everybody: BTreeSet<_> = self.accounts.keys().chain(expected.keys()).collect();
        let mut wrong = Vec::new();
        for account in everybody {
            let (application, number) = account;
            let wanted: Vec<&Access> = expected.get(account).into_iter().collect();
            let found: Vec<&Access> =
                self.accounts.get(account).into_iter().flatten().map(|it| &it.access).collect();
            if wanted != found {
                wrong.push(format!(
                    "{number} in the {}\n  expected: {}\n  found: {}",
                    application.name(),
                    words(&wanted),
                    words(&found)
                ));
            }
        }
        if wrong.is_empty() {
            return Ok(self.count());
        }
        let count = wrong.len();
        wrong.truncate(5);
        bail!("{count} accounts are not as they should be:\n{}", wrong.join("\n"))
    }

    fn read_crm(&mut self, state: &Value) -> anyhow::Result<()> {
        let groups: Vec<&Value> = values(state.get("groups"));
        for user in values(state.get("users")) {
            let id = text(user, "id")?;
            let number = user
                .get(ENTERPRISE)
                .and_then(|extension| extension.get("employeeNumber"))
                .and_then(Value::as_str)
                .with_context(|| format!("a user of the crm has no employee number: {id}"))?;
            let mut held = BTreeSet::new();
            for group in &groups {
                let members = group.get("members").and_then(Value::as_array);
                let is_member = |member: &Value| member.get("value") == Some(&Value::from(id));
                if members.is_some_and(|members| members.iter().any(is_member)) {
                    held.insert(text(group, "displayName")?.to_owned());
                }
            }
            let access =
                Access { open: user.get("active") == Some(&Value::Bool(true)), groups: held };
            let found = Found { id: id.into(), login: text(user, "userName")?.into(), access };
            self.accounts.entry((Application::Crm, number.into())).or_default().push(found);
        }
        Ok(())
    }

    fn read_directory(&mut self, state: &Value) -> anyhow::Result<()> {
        let entries = state.get("entries").and_then(Value::as_object);
        let entries = entries.context("the directory's state has no entries")?;
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, group) in entries.iter().filter(|(name, _)| name.ends_with(GROUPS)) {
            for member in attribute(group, "member") {
                let member = member.to_lowercase();
                if member.ends_with(PEOPLE) && !entries.contains_key(&member) {
                    bail!("`{name}` has a member that is not there: `{member}`");
                }
                let group = attribute(group, "cn").first().copied().unwrap_or_default();
                members.entry(member).or_default().insert(group.to_owned());
            }
        }
        for (name, entry) in entries.iter().filter(|(name, _)| name.ends_with(PEOPLE)) {
            let first = |attribute_name| attribute(entry, attribute_name).first().copied();
            let number =
                first("description").with_context(|| format!("`{name}` has no employee number"))?;
            let access = Access {
                open: first("pwdAccountLockedTime").is_none(),
                groups: members.remove(name).unwrap_or_default(),
            };
            let id = first("entryUUID").unwrap_or_default().to_owned();
            let found = Found { id, login: name.clone(), access };
            self.accounts.entry((Application::Directory, number.into())).or_default().push(found);
        }
        Ok(())
    }
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is not JSON", path.display()))
}

fn values(object: Option<&Value>) -> Vec<&Value> {
    object.and_then(Value::as_object).into_iter().flat_map(|object| object.values()).collect()
}

fn text<'a>(of: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    of.get(name).and_then(Value::as_str).with_context(|| format!("`{name}` is missing in {of}"))
}

fn attribute<'a>(entry: &'a Value, name: &str) -> Vec<&'a str> {
    let values = entry.get("attributes").and_then(|attributes| attributes.get(name));
    values.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn words(accounts: &[&Access]) -> String {
    let one = |access: &&Access| {
        let groups: Vec<&str> = access.groups.iter().map(String::as_str).collect();
        let open = if access.open { "open" } else { "closed" };
        format!(
            "{open}, groups: {}",
            if groups.is_empty() { "none".into() } else { groups.join(", ") }
        )
    };
    match accounts {
        [] => "no account".into(),
        [account] => one(account),
        many => format!(
            "{} accounts: {}",
            many.len(),
            many.iter().map(one).collect::<Vec<_>>().join("; ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(id: &str) -> Value {
        json!({"id": id, "userName": id, "active": true, ENTERPRISE: {"employeeNumber": "E1"}})
    }

    #[test]
    fn a_second_account_is_a_difference_and_is_told() {
        let mut state = State::default();
        let crm = json!({"users": {"a": user("a"), "b": user("b")}, "groups": {}});
        state.read_crm(&crm).unwrap();
        let access = Access { open: true, groups: BTreeSet::new() };
        let expected = Accounts::from([((Application::Crm, "E1".to_owned()), access)]);
        let error = state.compare(&expected).unwrap_err().to_string();
        assert!(error.contains("expected: open"), "{error}");
        assert!(error.contains("found: 2 accounts"), "{error}");
    }

    #[test]
    fn a_member_without_an_entry_is_told() {
        let group = json!({"attributes": {"cn": ["staff"], "member": ["uid=x,ou=people,dc=example,dc=org"]}});
        let directory = json!({"entries": {"cn=staff,ou=groups,dc=example,dc=org": group}});
        let error = State::default().read_directory(&directory).unwrap_err();
        assert!(error.to_string().contains("not there"), "{error}");
    }
}
