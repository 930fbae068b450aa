//! What the applications should hold, worked out from the people alone.
//!
//! The rules of `lanyard.toml` once more, in Rust: a mistake in Lanyard's
//! reading of them shows as a difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::company::Person;

/// The two applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Application {
    Crm,
    Directory,
}

impl Application {
    pub(super) const ALL: [Self; 2] = [Self::Crm, Self::Directory];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Directory => "directory",
        }
    }
}

/// An account as somebody should have it, or has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// Whether it lets them in.
    pub(super) open: bool,
    /// Names of groups.
    pub(super) groups: BTreeSet<String>,
}

/// Accounts by application and employee number.
pub(super) type Accounts = BTreeMap<(Application, String), Access>;

/// What should be there when `people` work here on `today`, and `before` was
/// right until now: whoever should not have an account any longer keeps it,
/// closed and without groups, until it is deleted weeks later.
pub(super) fn accounts(before: &Accounts, people: &[Person], today: &str) -> Accounts {
    let closed = Access { open: false, groups: BTreeSet::new() };
    let mut accounts: Accounts =
        before.keys().map(|account| (account.clone(), closed.clone())).collect();
    for person in people {
        for application in Application::ALL {
            if let Some(access) = access(application, person, today) {
                accounts.insert((application, person.employee_id.clone()), access);
            }
        }
    }
    accounts
}

fn access(application: Application, person: &Person, today: &str) -> Option<Access> {
    let left =
        person.status == "Former employee" || !person.end.is_empty() && person.end.as_str() < today;
    if left || person.start.as_str() > today {
        return None;
    }
    let department = person.department.trim().to_lowercase();
    let sells = ["sales", "presales"].contains(&department.as_str());
    let manages = person.title == "Chief Executive" || person.title.contains("Head of");
    let groups: &[(&str, bool)] = match application {
        Application::Crm if !sells && !manages => return None,
        Application::Crm => &[("sales", sells), ("approvers", manages)],
        Application::Directory => &[
            ("staff", true),
            ("sales", sells),
            ("engineering", department == "engineering"),
            ("contractors", person.kind == "contractor"),
        ],
    };
    let groups = groups.iter().filter(|(_, member)| *member).map(|(name, _)| (*name).to_owned());
    Some(Access { open: person.status != "Long-term leave", groups: groups.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(department: &str, status: &str) -> Person {
        Person {
            employee_id: "E1".into(),
            department: department.into(),
            status: status.into(),
            start: "2026-01-01".into(),
            ..Person::default()
        }
    }

    #[test]
    fn who_leaves_keeps_closed_accounts_and_nobody_gets_one_for_leaving() {
        let working = accounts(&Accounts::new(), &[ada("SALES ", "Active")], "2026-06-01");
        assert!(working.values().all(|access| access.open));
        assert_eq!(working.len(), 2);
        let left = accounts(&working, &[ada("Sales", "Former employee")], "2026-06-01");
        assert!(left.values().all(|access| !access.open && access.groups.is_empty()));
        assert_eq!(left.len(), 2);
        let never = accounts(&Accounts::new(), &[ada("Sales", "Former employee")], "2026-06-01");
        assert_eq!(never, Accounts::new());
    }
}
