//! Accounts of nobody that are surely somebody's: there is one account that
//! fits one person, and nothing says otherwise.  They are adopted by the plan
//! a person agrees to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Adoption, PlanSettings, TargetSettings};
use crate::{
    account::{Account, AccountState},
    desired::{AccountContent, Desired, Presence},
    id::{ConnectorName, IdentityId},
    observed::{Declined, Ended, Link, Observed, ObservedTarget, Origin},
    recognition::{Verdict, keys, named, of_account, of_content},
    schema::ObjectDef,
    value::ObjectRef,
};

/// What is sure of accounts of nobody.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) adopt: Vec<Adoption>,
    /// Why what is sure of somebody at a target is not sure enough.
    pub(super) doubts: BTreeMap<(IdentityId, ConnectorName), String>,
}

/// Accounts that are surely somebody's, and theirs from now on by the plan.
///
/// Nobody new by a source that shrank is in it: they may be somebody known.
pub fn adopting(
    settings: &PlanSettings<'_>,
    desired: &Desired,
    observed: &Observed,
) -> Vec<Adoption> {
    judge(settings, desired, observed).adopt
}

impl Observed {
    /// Takes accounts for those of the identities that a plan adopts them
    /// for.
    pub fn adopt(&mut self, adoptions: Vec<Adoption>) {
        for Adoption { identity, target, account, .. } in &adoptions {
            self.links.push(adopted_link(*identity, target, account));
        }
        self.adopting.extend(adoptions);
    }
}

/// An account that is somebody's from now on, and that we did not make.
pub fn adopted_link(identity: IdentityId, target: &ConnectorName, account: &ObjectRef) -> Link {
    Link {
        identity,
        target: target.clone(),
        account: account.clone(),
        origin: Origin::Adopted,
        disabled_since: None,
        unproven: false,
        was_enabled: true,
        unwanted_since: None,
        gone: false,
        ended: Ended::default(),
    }
}

/// Why what is sure of somebody at a target is not sure enough.
pub(crate) fn doubts(
    settings: &PlanSettings<'_>,
    desired: &Desired,
    observed: &Observed,
) -> BTreeMap<(IdentityId, ConnectorName), String> {
    judge(settings, desired, observed).doubts
}

pub(super) fn judge(settings: &PlanSettings<'_>, desired: &Desired, observed: &Observed) -> Judged {
    let mut judged = Judged::default();
    for (name, here) in settings.targets.iter().filter(|(_, it)| !it.match_by.sure.is_empty()) {
        let Some(target) = observed.targets.get(*name) else { continue };
        Bench::new((name, target), here, desired, observed).judge(&mut judged);
    }
    judged
}

/// By what two are alike: a list of attributes, or the id.
type Mark = (usize, Vec<String>);

/// One target: everybody who should have an account, and every account, for
/// one of somebody else's may be what says that another is not sure.
struct Bench<'a> {
    name: &'a ConnectorName,
    target: &'a ObservedTarget,
    here: &'a TargetSettings<'a>,
    desired: &'a Desired,
    observed: &'a Observed,
    people: BTreeMap<IdentityId, &'a AccountContent>,
    /// Who has an account already.
    linked: BTreeSet<IdentityId>,
    declined: BTreeSet<(IdentityId, &'a ObjectRef)>,
    accounts: BTreeMap<&'a ObjectRef, &'a Account>,
    /// Those that are somebody's already.
    taken: BTreeSet<&'a ObjectRef>,
    /// Who has a mark, and which accounts have it.
    of_people: BTreeMap<Mark, BTreeSet<IdentityId>>,
    of_accounts: BTreeMap<Mark, BTreeSet<&'a ObjectRef>>,
}

impl<'a> Bench<'a> {
    fn new(
        (name, target): (&'a ConnectorName, &'a ObservedTarget),
        here: &'a TargetSettings<'a>,
        desired: &'a Desired,
        observed: &'a Observed,
    ) -> Self {
        let links = || observed.links.iter().filter(|link| link.target == *name && !link.gone);
        let declined = observed.declined.iter().filter(|it| it.target == *name);
        let content = |account: &'a crate::desired::DesiredAccount| match &account.presence {
            Presence::Present { content, .. } => Some(content),
            Presence::Kept { .. } | Presence::Disabled | Presence::Deleted { .. } => None,
        };
        let people = desired.identities.iter().filter(|(_, person)| person.holds.is_empty());
        let people = people.filter_map(|(id, it)| Some((*id, content(it.accounts.get(name)?)?)));
        let mut bench = Self {
            name,
            target,
            here,
            desired,
            observed,
            people: people.collect(),
            linked: links().map(|link| link.identity).collect(),
            declined: declined.map(|it| (it.identity, &it.account)).collect(),
            accounts: target.accounts.iter().map(|it| (&it.reference, it)).collect(),
            taken: links().map(|link| &link.account).collect(),
            of_people: BTreeMap::new(),
            of_accounts: BTreeMap::new(),
        };
        for (id, content) in &bench.people {
            for mark in bench.marks_of_content(content) {
                bench.of_people.entry(mark).or_default().insert(*id);
            }
        }
        for (reference, account) in &bench.accounts {
            for mark in bench.marks_of_account(account) {
                bench.of_accounts.entry(mark).or_default().insert(reference);
            }
        }
        bench
    }

    fn judge(&self, judged: &mut Judged) {
        for (id, content) in &self.people {
            let Some((reference, matched)) = self.sure_account(*id, content) else { continue };
            match self.objection(*id, content, reference) {
                None => judged.adopt.extend(self.accounts.get(reference).map(|account| Adoption {
                    identity: *id,
                    target: self.name.clone(),
                    account: reference.clone(),
                    name: account.name.clone(),
                    matched,
                    doubt: None,
                })),
                Some(doubt) => {
                    judged.doubts.insert((*id, self.name.clone()), doubt);
                }
            }
        }
    }

    /// One that is surely theirs, by itself; and by what.
    fn sure_account(
        &self,
        id: IdentityId,
        content: &AccountContent,
    ) -> Option<(&'a ObjectRef, String)> {
        if self.linked.contains(&id) {
            return None;
        }
        let mut found = self.sure_accounts(id, content);
        let (number, found) = found.find(|(_, account)| !self.taken.contains(account))?;
        Some((found, named(self.here.match_by.sure.get(number)?)))
    }

    /// Every one that is surely theirs, and by which list.
    fn sure_accounts(
        &self,
        id: IdentityId,
        content: &AccountContent,
    ) -> impl Iterator<Item = (usize, &'a ObjectRef)> {
        let marks = self.marks_of_content(content).into_iter().filter(|mark| self.is_sure(mark));
        let found = marks.flat_map(|mark| {
            let found = self.of_accounts.get(&mark).into_iter().flatten();
            found.map(move |it| (mark.0, *it)).collect::<Vec<_>>()
        });
        found
            .filter(move |(_, it)| {
                !self.is_declined(id, it) && self.verdict(content, it) == Verdict::Same
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn is_sure(&self, mark: &Mark) -> bool {
        mark.0 < self.here.match_by.sure.len()
    }

    /// What speaks against an account being surely theirs.
    fn objection(
        &self,
        id: IdentityId,
        content: &AccountContent,
        reference: &ObjectRef,
    ) -> Option<String> {
        let account = self.accounts.get(reference)?;
        if !self.target.accounts_coverage.proves_absence() {
            return Some("the accounts were not read wholly".to_owned());
        }
        if self.observed.in_doubt.contains(&(id, self.name.clone())) {
            return Some(
                "an account may have been made for them by an answer that was lost".into(),
            );
        }
        if self.here.protected.iter().any(|pattern| pattern.matches(&account.name)) {
            return Some("it is protected".to_owned());
        }
        if self.here.access.service.iter().any(|pattern| pattern.matches(&account.name)) {
            return Some("the file calls it a service's".to_owned());
        }
        let given_back =
            Declined { identity: id, target: self.name.clone(), account: reference.clone() };
        if self.observed.kept.given_back.contains(&given_back) {
            return Some("a person gave it back".to_owned());
        }
        if account.state == AccountState::SoftDeleted {
            return Some("it is deleted, and only kept by the target".to_owned());
        }
        let carried = account.anchor.as_deref().and_then(|it| it.parse::<IdentityId>().ok());
        if carried.is_some_and(|it| it != id && self.desired.identities.contains_key(&it)) {
            return Some("it carries the id of somebody else".to_owned());
        }
        if self.sure_accounts(id, content).any(|(_, it)| it != reference) {
            return Some("another account is as surely theirs".to_owned());
        }
        let marks = self.marks_of_account(account).into_iter().filter(|mark| self.is_sure(mark));
        let mut people =
            marks.flat_map(|mark| self.of_people.get(&mark).cloned().unwrap_or_default());
        let sure = |other: &IdentityId| {
            let content = self.people.get(other);
            content.is_some_and(|it| self.verdict(it, reference) == Verdict::Same)
        };
        if people.any(|other| other != id && !self.is_declined(other, reference) && sure(&other)) {
            return Some("it is as surely somebody else's".to_owned());
        }
        self.contradiction(id, content, (reference, account))
    }

    /// By something else they are like another account and not like this one,
    /// or it is like somebody else and not like them.
    fn contradiction(
        &self,
        id: IdentityId,
        content: &AccountContent,
        (reference, account): (&ObjectRef, &Account),
    ) -> Option<String> {
        let theirs = by_list(self.marks_of_content(content));
        let its = by_list(self.marks_of_account(account));
        for (number, marks) in theirs {
            let found = marks.iter().filter_map(|mark| self.of_accounts.get(mark)).flatten();
            let found: BTreeSet<_> = found.filter(|it| !self.is_declined(id, it)).collect();
            if !found.is_empty() && !found.contains(&reference) {
                return Some(format!("by {} another one would be theirs", self.called(number)));
            }
        }
        for (number, marks) in its {
            let found = marks.iter().filter_map(|mark| self.of_people.get(mark)).flatten();
            let found: BTreeSet<_> =
                found.filter(|other| !self.is_declined(**other, reference)).collect();
            if !found.is_empty() && !found.contains(&id) {
                return Some(format!("by {} it would be somebody else's", self.called(number)));
            }
        }
        None
    }

    fn verdict(&self, content: &AccountContent, reference: &ObjectRef) -> Verdict {
        let (Some(account), Some(def)) = (self.accounts.get(reference), self.def(content)) else {
            return Verdict::Unknown;
        };
        if reference.object_type != content.object_type {
            return Verdict::Unknown;
        }
        self.here.match_by.verdict(def, content, account)
    }

    fn is_declined(&self, id: IdentityId, account: &ObjectRef) -> bool {
        self.declined.contains(&(id, account))
    }

    fn def(&self, content: &AccountContent) -> Option<&'a ObjectDef> {
        self.target.schema.object(&content.object_type)
    }

    fn marks_of_content(&self, content: &AccountContent) -> Vec<Mark> {
        let Some(def) = self.def(content) else { return Vec::new() };
        self.marks(|attribute| of_content(def, content, attribute), Some(&content.anchor))
    }

    fn marks_of_account(&self, account: &Account) -> Vec<Mark> {
        let kind = &account.reference.object_type;
        let Some(def) = self.target.schema.object(kind) else { return Vec::new() };
        self.marks(|it| of_account(def, account, it), account.anchor.as_ref())
    }

    fn marks(
        &self,
        values: impl Fn(&str) -> BTreeSet<String>,
        anchor: Option<&String>,
    ) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (number, list) in self.here.match_by.lists().enumerate() {
            marks.extend(keys(list, &values).into_iter().map(|key| (number, key)));
        }
        let lists = self.here.match_by.lists().count();
        marks.extend(anchor.map(|anchor| (lists, vec![anchor.clone()])));
        marks
    }

    fn called(&self, number: usize) -> String {
        let mut lists = self.here.match_by.lists();
        lists.nth(number).map_or_else(|| "id".to_owned(), named)
    }
}

fn by_list(marks: Vec<Mark>) -> BTreeMap<usize, Vec<Mark>> {
    let mut lists: BTreeMap<usize, Vec<Mark>> = BTreeMap::new();
    for mark in marks {
        lists.entry(mark.0).or_default().push(mark);
    }
    lists
}
