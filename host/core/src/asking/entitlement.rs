//! Why somebody holds an entitlement, or does not.

use super::{Answer, Asking, Detail, account::first};
use crate::{
    access::Side,
    account::{Assignment, Entitlement},
    desired::{DesiredGrant, Presence},
    entitlement::Index,
    id::ConnectorName,
    operation::Cause,
};

/// What is asked about, at a target.
struct Meant<'a> {
    text: &'a str,
    /// What it is there; none: it was not read, or there is none.
    known: Option<&'a Entitlement>,
    why: Option<String>,
    index: Option<Index<'a>>,
}

impl Asking<'_> {
    /// Whether and why they hold an entitlement: an alias of the file, or a
    /// name or id at the target.
    pub fn entitlement(&self, target: &ConnectorName, text: &str) -> Answer {
        let meant = self.meant(target, text);
        let label = meant.known.map_or(text, |known| known.name.as_str());
        let wanted = self.wanted_grant(target, &meant);
        let held = self.held(target, &meant);
        let mut details = Vec::new();
        if let Some((grant, causes)) = wanted {
            let heading = format!("should hold {}", grant.entitlement);
            details.push(Detail::with(heading, self.because(target, causes)));
        }
        if let Some(assignment) = held {
            let whose = match (assignment.direct, self.is_ours(target, assignment)) {
                (false, _) => "through another entitlement",
                (true, true) => "granted by us",
                (true, false) => "not granted by us",
            };
            details.push(Detail::new(format!("holds {label}, {whose}")));
        }
        details.extend(meant.why.clone().map(Detail::new));
        details.push(self.reading(target));
        let id = meant.known.map_or(text, |known| known.reference.uid.as_str());
        details.extend(self.last_touched(target, Some(&[label, text, id])));
        details.extend(self.next(target, Some(label)));
        details.extend(self.notes(target, Some(label)));
        details.extend(meant.known.into_iter().flat_map(|it| self.reviewed(target, &it.reference)));
        let mut failing = self.taken(target, &meant);
        let is_taken = !failing.is_empty();
        failing.extend(self.barred(target, text, &meant, wanted.is_some()));
        if wanted.is_none() {
            failing.extend(self.requested(&|access| match access {
                Side::Entitlement { target: at, entitlement } => {
                    at == target && same(self, target, &meant, entitlement)
                }
                Side::Role(_) => false,
            }));
        }
        details.extend(failing.iter().map(|why| Detail::new(why.clone())));
        if wanted.is_none() {
            let ways = self.ways(&|given| {
                given.grants.get(target).into_iter().flatten().any(|template| {
                    self.rendered(template).is_ok_and(|it| same(self, target, &meant, &it))
                })
            });
            for tried in ways.iter().map(|way| self.try_way(way)) {
                failing.extend((!tried.gives).then_some(tried.why));
                details.push(tried.detail);
            }
            details.extend(self.broken_grants(target));
        }
        let why_not = || self.why_not(target, failing.first().cloned());
        let how = if is_taken { "is to go" } else { "nothing gives" };
        let wanted = wanted.map(|it| it.1);
        let sentence = self.sentence((target, label, how), wanted, held, &why_not);
        Answer { sentence, details }
    }

    fn sentence(
        &self,
        (target, label, how): (&ConnectorName, &str, &str),
        wanted: Option<&[Cause]>,
        held: Option<&Assignment>,
        why_not: &dyn Fn() -> String,
    ) -> String {
        let who = self.label();
        match (wanted, held) {
            _ if !self.person.holds.is_empty() => self.unclear(),
            (Some(causes), Some(_)) => {
                format!("{who} holds `{label}` at {target}{}", first(causes))
            }
            (Some(causes), None) => {
                let operations = self.operations(target, Some(label));
                let next = match operations.first().map(|it| self.held_back(it).next()) {
                    Some(None) => "the next plan grants it".to_owned(),
                    Some(Some(held)) => held,
                    None => {
                        let notes = self.notes(target, Some(label)).into_iter().next();
                        notes.map_or("it waits for their account".to_owned(), |note| note.text)
                    }
                };
                format!(
                    "{who} should hold `{label}` at {target}{}, and does not yet: {next}",
                    first(causes)
                )
            }
            (None, Some(held)) => {
                let next = match (self.operations(target, Some(label)).is_empty(), held.direct) {
                    (false, _) => "the next plan takes it away",
                    (true, false) => "it comes through another entitlement",
                    (true, true) if self.is_ours(target, held) => "it stays for now",
                    (true, true) => "it was not granted by us, and stays",
                };
                format!("{who} holds `{label}` at {target}, which {how}: {next}; {}", why_not())
            }
            (None, None) => format!("{who} does not hold `{label}` at {target}: {}", why_not()),
        }
    }

    /// What took it from them though something may give it: a review, or a
    /// step of a workflow.
    fn taken(&self, target: &ConnectorName, meant: &Meant<'_>) -> Vec<String> {
        let access = &self.person.access;
        let known = meant.known.map(|it| &it.reference);
        let review = known.and_then(|it| access.reviewed.cause(target, it));
        let mut by_step = access
            .taken
            .iter()
            .filter(|it| it.target == *target && same(self, target, meant, &it.entitlement));
        let by_step = by_step.next().map(ToString::to_string);
        review.map(ToString::to_string).into_iter().chain(by_step).collect()
    }

    /// What keeps it from them though a rule may give it: separation of
    /// duties, an exclusive set, no account.
    fn barred(
        &self,
        target: &ConnectorName,
        text: &str,
        meant: &Meant<'_>,
        wanted: bool,
    ) -> Vec<String> {
        let mut bars = Vec::new();
        if wanted {
            return bars;
        }
        let refused = |it: &&crate::desired::Conflict| {
            let end = format!("` at {target}");
            it.prevented
                && it.new.iter().any(|word| {
                    let named = word.strip_prefix('`').and_then(|it| it.strip_suffix(&end));
                    named.is_some_and(|it| same(self, target, meant, it))
                })
        };
        let conflicts = self.person.access.conflicts.iter().filter(refused);
        bars.extend(conflicts.map(ToString::to_string));
        for set in &self.world.policy.access.exclusives {
            let place =
                set.of.iter().position(|(at, it)| at == target && same(self, target, meant, it));
            let earlier = set.of.iter().take(place.unwrap_or_default());
            let mut given = earlier.filter(|(at, it)| self.is_wanted(at, it));
            if let Some((at, it)) = given.next() {
                bars.push(format!(
                    "`{}` gives the first that applies, which is `{it}` at {at}",
                    set.name
                ));
            }
        }
        let account = self.person.accounts.get(target).map(|it| &it.presence);
        match account {
            Some(Presence::Present { .. }) => {}
            Some(Presence::Kept { .. } | Presence::Disabled | Presence::Deleted { .. }) | None => {
                bars.extend(self.no_account(target, text));
            }
        }
        bars
    }

    /// A grant needs an account, and gives none.
    fn no_account(&self, target: &ConnectorName, text: &str) -> Option<String> {
        let could = self.ways(&|given| {
            let here = given.grants.get(target).into_iter().flatten();
            let mut rendered = here.filter_map(|it| self.rendered(it).ok());
            rendered.any(|it| it == text)
        });
        let gives = could.iter().any(|way| self.try_way(way).gives);
        gives.then(|| format!("a rule grants it, and nothing gives them an account at {target}"))
    }

    fn is_wanted(&self, target: &ConnectorName, text: &str) -> bool {
        let meant = self.meant(target, text);
        self.wanted_grant(target, &meant).is_some()
    }

    /// Grants of rules here that no text comes of: they may mean anything.
    fn broken_grants(&self, target: &ConnectorName) -> Vec<Detail> {
        let rules = self.world.policy.rules.iter();
        let broken = rules.flat_map(|rule| {
            let here = rule.grants.get(target).into_iter().flatten();
            let failed = here.filter_map(|it| self.rendered(it).err());
            failed.map(|error| format!("rule `{}` (line {}): {error}", rule.name, rule.line))
        });
        broken.map(Detail::new).collect()
    }

    fn meant<'s>(&'s self, target: &ConnectorName, text: &'s str) -> Meant<'s> {
        let Some(there) = self.there(target) else {
            return Meant { text, known: None, why: None, index: None };
        };
        let whole = there.assignments_coverage.proves_absence();
        let index = Index::new(&there.entitlements, whole);
        let aliases = self.world.policy.targets.get(target).map(|it| &it.entitlements);
        let none = std::collections::BTreeMap::new();
        let (known, why) = match index.resolve(aliases.unwrap_or(&none), text) {
            Ok(known) => (Some(known), None),
            Err(unresolved) => (None, Some(unresolved.text)),
        };
        Meant { text, known, why, index: Some(index) }
    }

    fn wanted_grant<'s>(
        &'s self,
        target: &ConnectorName,
        meant: &Meant<'_>,
    ) -> Option<(&'s DesiredGrant, &'s [Cause])> {
        let Presence::Present { content, .. } = &self.person.accounts.get(target)?.presence else {
            return None;
        };
        let mut grants = content.grants.iter();
        let found = grants.find(|(grant, _)| same(self, target, meant, &grant.entitlement));
        found.map(|(grant, causes)| (grant, causes.as_slice()))
    }

    fn held(&self, target: &ConnectorName, meant: &Meant<'_>) -> Option<&Assignment> {
        let known = meant.known?;
        let links = self.links(target);
        let mut assignments = self.there(target)?.assignments.iter();
        assignments.find(|it| {
            it.entitlement == known.reference && links.iter().any(|link| link.account == it.holder)
        })
    }

    fn is_ours(&self, target: &ConnectorName, held: &Assignment) -> bool {
        self.world.observed.ledger.iter().any(|owned| {
            owned.target == *target
                && owned.holder == held.holder
                && owned.entitlement == held.entitlement
        })
    }
}

/// Whether a text of the file means what is asked about.
fn same(asking: &Asking<'_>, target: &ConnectorName, meant: &Meant<'_>, text: &str) -> bool {
    if text == meant.text {
        return true;
    }
    let aliases = asking.world.policy.targets.get(target).map(|it| &it.entitlements);
    let (Some(index), Some(aliases), Some(known)) = (&meant.index, aliases, meant.known) else {
        return false;
    };
    index.only(aliases, text) == Some(known)
}
