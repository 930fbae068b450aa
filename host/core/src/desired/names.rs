//! Account names, unique at each target.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::content::Site;
use crate::{
    forgetting::Forgotten,
    id::{ConnectorName, IdentityId},
    matching::normal,
    observed::{HeldName, Observed},
    schema::Matching,
    template::{EvaluationError, Expressions, Scope},
    value::ObjectRef,
};

/// How many numbers are tried for one name: more people than share a name in
/// the largest companies, few enough to try in a moment.
const ATTEMPTS: u32 = 1000;

/// Who has which name at one target, by its normal form.
#[derive(Debug)]
pub(super) struct Names<'a> {
    site: Site<'a>,
    matching: &'a Matching,
    /// Names of linked accounts, and names given in this round.
    taken: BTreeMap<String, IdentityId>,
    /// Names of strangers' accounts: of those a person said are not this
    /// identity's.
    strangers: BTreeSet<(String, IdentityId)>,
    /// The name each identity's linked account has.
    linked: BTreeMap<IdentityId, &'a str>,
    /// Names of people who were erased.
    forgotten: &'a Forgotten,
    now: Timestamp,
}

/// Names given in this round at targets before this one.
pub(super) type Given<'a> = BTreeMap<&'a ConnectorName, BTreeMap<IdentityId, String>>;

impl<'a> Names<'a> {
    /// The names that linked accounts hold.  Accounts that are nobody's do
    /// not count until a person has said that they are somebody else's.  A
    /// name that somebody had not long ago is kept for them, and so is what
    /// they have at a target with which names are shared.
    pub(super) fn at(
        site: Site<'a>,
        observed: &'a Observed,
        given: &Given<'_>,
        now: Timestamp,
    ) -> Self {
        let matching = site
            .object
            .attribute(&site.object.name_attribute)
            .map_or(&Matching::Exact, |attribute| &attribute.matching);
        let mut names = Self {
            site,
            matching,
            taken: BTreeMap::new(),
            strangers: BTreeSet::new(),
            linked: BTreeMap::new(),
            forgotten: &observed.forgetting.forgotten,
            now,
        };
        names.linked_here(observed);
        for (_, logins) in given.iter().filter(|(it, _)| site.shares_names(it)) {
            for (id, login) in logins {
                names.take(login, *id);
            }
        }
        for target in &site.policy.unique_with {
            for (name, id) in linked_names(target, observed) {
                names.take(name, id);
            }
        }
        names.kept_names(observed, now);
        names
    }

    /// What linked accounts are called, and those a person said are not
    /// theirs.
    fn linked_here(&mut self, observed: &'a Observed) {
        let target = self.site.name;
        for (name, id) in linked_names(target, observed) {
            self.take(name, id);
            self.linked.entry(id).or_insert(name);
        }
        let names = names_there(target, observed);
        for declined in observed.declined.iter().filter(|it| it.target == *target) {
            if let Some(name) = names.get(&declined.account) {
                self.strangers.insert((self.normal(name), declined.identity));
            }
        }
    }

    /// Names that somebody had when we last looked, here or where names are
    /// shared, the latest first.
    fn kept_names(&mut self, observed: &Observed, now: Timestamp) {
        let reuse_after = self.site.policy.reuse_names_after;
        let is_kept = |name: &&HeldName| {
            let free = reuse_after.and_then(|after| name.last_seen.checked_add(after).ok());
            free.is_none_or(|free| now < free)
        };
        let here =
            |target: &ConnectorName| target == self.site.name || self.site.shares_names(target);
        let names = observed.names.iter().filter(|(target, _)| here(target));
        let mut held: Vec<&HeldName> = names.flat_map(|(_, names)| names).filter(is_kept).collect();
        held.sort_by_key(|name| std::cmp::Reverse(name.last_seen));
        for HeldName { name, identity, .. } in held {
            self.take(name, *identity);
        }
    }

    /// The first who has a name keeps it.
    fn take(&mut self, name: &str, id: IdentityId) {
        self.taken.entry(self.normal(name)).or_insert(id);
    }

    /// The name an identity keeps: its account's, when the template still
    /// makes it, with whatever number.
    ///
    /// # Errors
    /// When the template has no result.
    pub(super) fn kept(
        &self,
        expressions: &Expressions,
        id: IdentityId,
        scope: &mut Scope,
    ) -> Result<Option<String>, String> {
        let Some(current) = self.linked.get(&id) else { return Ok(None) };
        // Another identity's link to an account of the same name came first.
        if !self.free(current, id) {
            return Ok(None);
        }
        let base = self.render(expressions, scope, "")?;
        let goal = self.normal(current);
        if self.normal(&base) == goal {
            // As the template writes it: a change of case only is a rename.
            return Ok(Some(base));
        }
        for number in numbers_in(current) {
            let name = self.render(expressions, scope, &number)?;
            if self.normal(&name) == goal {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// The first free form of an identity's name, taken from now on.
    ///
    /// # Errors
    /// When the template has no result, or every form is taken.
    pub(super) fn give(
        &mut self,
        expressions: &Expressions,
        id: IdentityId,
        scope: &mut Scope,
    ) -> Result<String, String> {
        let mut last = None;
        for number in 1..=ATTEMPTS {
            let suffix = if number == 1 { String::new() } else { number.to_string() };
            let name = self.render(expressions, scope, &suffix)?;
            if self.free(&name, id) {
                self.taken.insert(self.normal(&name), id);
                return Ok(name);
            }
            // A template that drops its suffix would never end.
            if last.as_ref() == Some(&name) {
                return Err(self.sentence("gives a name that is taken, whatever `suffix` is"));
            }
            last = Some(name);
        }
        Err(self.sentence(&format!("has no free name among {ATTEMPTS}")))
    }

    fn free(&self, name: &str, id: IdentityId) -> bool {
        if self.linked.get(&id).is_none_or(|current| *current != name) && self.was_erased(name) {
            return false;
        }
        let name = self.normal(name);
        self.taken.get(&name).is_none_or(|holder| *holder == id)
            && !self.strangers.contains(&(name, id))
    }

    /// Whether somebody who was erased had it not long ago, here or where
    /// names are shared.
    fn was_erased(&self, name: &str) -> bool {
        let reuse_after = self.site.policy.reuse_names_after;
        let is_kept = |last_seen: Timestamp| {
            let free = reuse_after.and_then(|after| last_seen.checked_add(after).ok());
            free.is_none_or(|free| self.now < free)
        };
        let mut targets = self.forgotten.names.keys();
        targets.any(|target| {
            (target == self.site.name || self.site.shares_names(target))
                && self.forgotten.keeps(target, name, is_kept)
        })
    }

    fn normal(&self, name: &str) -> String {
        normal(self.matching, name).into_owned()
    }

    fn render(
        &self,
        expressions: &Expressions,
        scope: &mut Scope,
        suffix: &str,
    ) -> Result<String, String> {
        scope.own("suffix", suffix);
        let template = &self.site.policy.name;
        let name = expressions
            .render(template, scope)
            .map_err(|error: EvaluationError| self.sentence(&error.to_string()))?;
        let name = name.trim();
        if name.is_empty() {
            return Err(self.sentence(&format!("`{template}` gives an empty name")));
        }
        if template.reads().contains("suffix") {
            Ok(name.to_owned())
        } else {
            Ok(format!("{name}{suffix}"))
        }
    }

    fn sentence(&self, problem: &str) -> String {
        format!("target `{}`, name: {problem}", self.site.name)
    }
}

fn names_there<'o>(
    target: &ConnectorName,
    observed: &'o Observed,
) -> BTreeMap<&'o ObjectRef, &'o str> {
    let there = observed.targets.get(target).into_iter().flat_map(|it| &it.accounts);
    there.map(|account| (&account.reference, account.name.as_str())).collect()
}

/// What accounts of ours at a target are called, in the order of their links.
fn linked_names<'o>(
    target: &ConnectorName,
    observed: &'o Observed,
) -> impl Iterator<Item = (&'o str, IdentityId)> {
    let names = names_there(target, observed);
    let links = observed.links.iter().filter(|link| link.target == *target && !link.gone);
    links
        .filter_map(move |link| Some((*names.get(&link.account)?, link.identity)))
        .collect::<Vec<_>>()
        .into_iter()
}

/// Every number from 2 that stands somewhere in `name`: what its suffix could
/// have been.
fn numbers_in(name: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    for run in name.split(|c: char| !c.is_ascii_digit()) {
        for begin in 0..run.len() {
            for end in begin + 1..=run.len().min(begin + 4) {
                let number = run.get(begin..end).unwrap_or_default();
                let in_range =
                    number.parse::<u32>().is_ok_and(|number| (2..=ATTEMPTS).contains(&number));
                if in_range && !number.starts_with('0') {
                    numbers.push(number.to_owned());
                }
            }
        }
    }
    numbers
}
