//! Who is whose manager, and how people are reached.

use std::collections::{BTreeMap, BTreeSet};

use super::person::Facts;
use crate::{
    id::{ConnectorName, FactName, IdentityId},
    lifecycle::LifecycleState,
    policy::Policy,
    workflow::Whom,
};

/// One of everybody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Somebody<'a> {
    pub label: &'a str,
    pub facts: &'a Facts<'a>,
    pub state: LifecycleState,
}

/// Of a record: its source, and what that calls it.
pub(super) type Key<'a> = (&'a ConnectorName, &'a str);

/// Everybody, by what the fact `manager` may hold.
pub(super) struct Reach<'a> {
    people: BTreeMap<IdentityId, Somebody<'a>>,
    by_key: BTreeMap<&'a str, BTreeSet<IdentityId>>,
    /// By the source that gave the key as well.
    by_record: BTreeMap<(&'a ConnectorName, &'a str), BTreeSet<IdentityId>>,
    by_mail: BTreeMap<String, BTreeSet<IdentityId>>,
    /// Mail addresses and labels, in lower case.
    by_name: BTreeMap<String, BTreeSet<IdentityId>>,
}

impl<'a> Reach<'a> {
    /// `people` with the keys of their records.
    pub(super) fn of(
        people: impl Iterator<Item = (IdentityId, Vec<Key<'a>>, Somebody<'a>)>,
    ) -> Self {
        let mut reach = Self {
            people: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_record: BTreeMap::new(),
            by_mail: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for (id, keys, somebody) in people {
            for (source, key) in keys {
                reach.by_key.entry(key).or_default().insert(id);
                reach.by_record.entry((source, key)).or_default().insert(id);
            }
            if let Some(mail) = somebody.mail() {
                reach.by_mail.entry(mail.to_lowercase()).or_default().insert(id);
            }
            for name in somebody.mail().into_iter().chain([somebody.label.to_owned()]) {
                reach.by_name.entry(name.to_lowercase()).or_default().insert(id);
            }
            reach.people.insert(id, somebody);
        }
        reach
    }

    pub(super) fn somebody(&self, id: IdentityId) -> Result<Somebody<'a>, String> {
        self.people.get(&id).copied().ok_or_else(|| "nobody knows them any more".to_owned())
    }

    /// # Errors
    /// The sentence why nobody is meant, or nobody can tell who is.
    pub(super) fn whom(&self, from: IdentityId, whom: &Whom) -> Result<IdentityId, String> {
        match whom {
            Whom::Themself => Ok(from),
            Whom::Key(_) => self.by_key(whom),
            Whom::Manager(levels) => {
                let mut at = from;
                for _ in 0..*levels {
                    at = self.manager_of(at)?;
                }
                Ok(at)
            }
        }
    }

    /// As [`Reach::whom`], of whom an answer is wanted: only who is to give it
    /// has to be there, and not those in between.
    ///
    /// # Errors
    /// As [`Reach::whom`].
    pub(super) fn answerer(&self, from: IdentityId, whom: &Whom) -> Result<IdentityId, String> {
        let Whom::Manager(levels) = whom else { return self.whom(from, whom) };
        let (below, at) = self.nominal(from, *levels)?;
        self.there(at, &self.manager_called(below)?)
    }

    /// Who answers for a manager who has departed: the manager of that one, or
    /// whoever is next above them; nobody in `not`.
    pub(super) fn above(
        &self,
        from: IdentityId,
        whom: &Whom,
        not: &BTreeSet<IdentityId>,
    ) -> Option<IdentityId> {
        let Whom::Manager(levels) = whom else { return None };
        let (_, departed) = self.nominal(from, *levels).ok()?;
        let is_there = |id| self.somebody(id).is_ok_and(|it| !it.state.is_over());
        if is_there(departed) {
            return None;
        }
        let mut passed = BTreeSet::new();
        let mut at = departed;
        while passed.insert(at) {
            at = self.manager_named(at).ok()?;
            if is_there(at) && !not.contains(&at) {
                return Some(at);
            }
        }
        None
    }

    /// Who is so many levels above somebody, departed or not, and whose
    /// manager that is.
    fn nominal(&self, from: IdentityId, levels: u8) -> Result<(IdentityId, IdentityId), String> {
        let (mut below, mut at) = (from, from);
        for _ in 0..levels {
            (below, at) = (at, self.manager_named(at)?);
        }
        Ok((below, at))
    }

    /// As [`Reach::whom`], where nobody else may learn of it: a manager is
    /// named by a key of the source that says so, or by a mail address.
    ///
    /// # Errors
    /// As [`Reach::whom`].
    pub(super) fn surely(&self, from: IdentityId, whom: &Whom) -> Result<IdentityId, String> {
        let Whom::Manager(levels) = whom else { return self.whom(from, whom) };
        let mut at = from;
        for _ in 0..*levels {
            at = self.sure_manager_of(at)?;
        }
        Ok(at)
    }

    fn sure_manager_of(&self, id: IdentityId) -> Result<IdentityId, String> {
        let somebody = self.somebody(id)?;
        let label = somebody.label;
        let fact = somebody.facts.get("manager");
        let (Some(named), Some(fact)) = (somebody.text("manager"), fact) else {
            return Err(format!("`{label}` has no manager"));
        };
        let what = format!("the manager of `{label}`");
        let by_record = self.by_record.get(&(&fact.record.source, named.as_str()));
        match by_record.or_else(|| self.by_mail.get(&named.to_lowercase())) {
            None => Err(format!(
                "{what} is neither a key of the same source nor the mail address of anybody; a \
                 credential is not told by a name alone"
            )),
            found => self.only(found, &what),
        }
    }

    /// Whom a key means; nobody else can be told without somebody to look
    /// from.
    ///
    /// # Errors
    /// As [`Reach::whom`].
    pub(super) fn by_key(&self, whom: &Whom) -> Result<IdentityId, String> {
        let Whom::Key(key) = whom else { return Err(format!("`{whom}` is nobody by a key")) };
        self.only(self.by_key.get(key.as_str()), &format!("the key `{key}`"))
    }

    fn manager_of(&self, id: IdentityId) -> Result<IdentityId, String> {
        self.there(self.manager_named(id)?, &self.manager_called(id)?)
    }

    fn manager_called(&self, of: IdentityId) -> Result<String, String> {
        Ok(format!("the manager of `{}`", self.somebody(of)?.label))
    }

    /// Whom the fact means, departed or not.
    fn manager_named(&self, id: IdentityId) -> Result<IdentityId, String> {
        let somebody = self.somebody(id)?;
        let Some(named) = somebody.text("manager") else {
            return Err(format!("`{}` has no manager", somebody.label));
        };
        let by_key = self.by_key.get(named.as_str());
        let found = by_key.or_else(|| self.by_name.get(&named.to_lowercase()));
        one_of(found, &self.manager_called(id)?)
    }

    fn only(&self, found: Option<&BTreeSet<IdentityId>>, what: &str) -> Result<IdentityId, String> {
        self.there(one_of(found, what)?, what)
    }

    fn there(&self, id: IdentityId, what: &str) -> Result<IdentityId, String> {
        if self.somebody(id)?.state.is_over() {
            return Err(format!("{what} has departed"));
        }
        Ok(id)
    }
}

/// The one who is meant.
fn one_of(found: Option<&BTreeSet<IdentityId>>, what: &str) -> Result<IdentityId, String> {
    let found: Vec<IdentityId> = found.into_iter().flatten().copied().collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(format!("{what} is nobody we know")),
        _ => Err(format!("{what} could be several people")),
    }
}

impl Somebody<'_> {
    /// The first value of a fact, if it is no empty text.
    fn text(&self, name: &str) -> Option<String> {
        let value = self.facts.get(name)?.values.first()?.to_string();
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn mail(&self) -> Option<String> {
        self.text("mail")
    }

    pub(super) fn language(&self) -> String {
        self.text("language").unwrap_or_default().to_lowercase()
    }
}

/// Those of them who can be asked.
///
/// # Errors
/// The sentence why none can be.
pub(super) fn those(
    asked: impl Iterator<Item = Result<IdentityId, String>>,
) -> Result<BTreeSet<IdentityId>, String> {
    let mut missing = Vec::new();
    let found: BTreeSet<IdentityId> =
        asked.filter_map(|it| it.map_err(|sentence| missing.push(sentence)).ok()).collect();
    if found.is_empty() {
        return Err(format!("nobody can be asked: {}", missing.join("; ")));
    }
    Ok(found)
}

/// Whether somebody wants no messages.
pub(super) fn opted_out(policy: &Policy, facts: &Facts<'_>) -> bool {
    let says_yes = |name: &FactName| {
        facts.get(name).is_some_and(|fact| {
            fact.values.iter().any(|value| {
                matches!(value.to_string().to_lowercase().as_str(), "true" | "yes" | "1")
            })
        })
    };
    policy.steps.opt_out.as_ref().is_some_and(says_yes)
}
