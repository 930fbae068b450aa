//! Which of the things that must not come together are kept from somebody.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    super::{
        jobs,
        person::{Besides, Given, Wanted},
        reviewed,
        steps::{Subject, Wish},
        wishes,
    },
    Conflict,
    sides::{Held, Stand},
};
use crate::{
    access::{Separation, SeparationMode, Side},
    id::{ConnectorName, RoleName},
    template::Template,
};

/// An entitlement as the file writes it, at its target.
pub(in crate::desired) type Written = (ConnectorName, String);

/// The role that grants something; none for a rule.
pub(super) type GivenBy<'p> = Option<&'p RoleName>;

/// What is kept from somebody.
#[derive(Debug, Clone, Default)]
struct Refused {
    roles: BTreeSet<RoleName>,
    grants: BTreeSet<Written>,
}

/// Separations, looked at one after the other.
pub(super) struct Judge<'s, 'a> {
    pub(super) subject: &'s Subject<'a>,
    wishes: &'s [Wish],
    /// What they are given when nothing is refused.
    whole: Given,
    /// Without what is, as soon as something is.
    less: Option<Given>,
    refused: Refused,
    /// Roles of which they hold something, and are given no more.
    in_part: BTreeSet<RoleName>,
    /// Every grant of rules and roles, of which role, for this person.
    pub(super) all: OnceCell<Vec<(GivenBy<'s>, (&'s Template, Written))>>,
}

impl<'s, 'a> Judge<'s, 'a> {
    pub(super) fn new(subject: &'s Subject<'a>, wishes: &'s [Wish], whole: Given) -> Self {
        Self {
            subject,
            wishes,
            whole,
            less: None,
            refused: Refused::default(),
            in_part: BTreeSet::new(),
            all: OnceCell::new(),
        }
    }

    /// What they are given, as far as it is judged.
    pub(super) fn given(&self) -> &Given {
        self.less.as_ref().unwrap_or(&self.whole)
    }

    pub(super) fn finished(self) -> Given {
        let Self { whole, less, in_part, .. } = self;
        let Some(mut less) = less else { return whole };
        less.roles.extend(whole.roles.into_iter().filter(|(role, _)| in_part.contains(role)));
        less
    }

    /// Notes what is refused, and says what is held together or would be.
    ///
    /// What may be held counts, where not everything was read: it keeps the
    /// other sides away, and is told only when it does.
    pub(super) fn conflict(
        &mut self,
        separation: &Separation,
    ) -> Result<Option<Conflict>, Vec<String>> {
        let sides = &separation.sides;
        if sides.iter().filter(|side| self.may_have(side)).count() < 2 {
            return Ok(None);
        }
        let stands: Vec<Stand<'_>> = sides.iter().map(|side| self.stand(side, sides)).collect();
        let possible = |it: &&Stand<'_>| it.given || it.held > Held::No;
        if stands.iter().filter(possible).count() < 2 {
            return Ok(None);
        }
        let prevents = separation.mode == SeparationMode::Prevent;
        let (mut held, mut new, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut refused = self.refused.clone();
        let mut in_part = BTreeSet::new();
        for stand in &stands {
            let loses = prevents && stand.given && self.loses(stand)?;
            match stand.held {
                Held::Yes => held.push(stand.side),
                Held::Unknown if loses || (stand.given && !prevents) => new.push(stand.side),
                Held::No if stand.given => new.push(stand.side),
                Held::Unknown => unknown.push(stand.side),
                Held::No => {}
            }
            if loses || (prevents && stand.given && stand.held == Held::No) {
                self.refuse(stand, &mut refused);
                in_part.extend(Some(stand).filter(|it| it.held == Held::Yes).and_then(role_of));
            }
        }
        let prevented = prevents && (!new.is_empty() || !in_part.is_empty());
        if prevented {
            self.less = Some(self.without(&refused)?);
            self.refused = refused;
            self.in_part.append(&mut in_part);
        }
        let together = held.len() + if prevents { 0 } else { new.len() };
        if !prevented && together < 2 {
            return Ok(None);
        }
        let words = |sides: Vec<&Side>| sides.into_iter().map(ToString::to_string).collect();
        Ok(Some(Conflict {
            separation: separation.name.clone(),
            line: separation.line,
            held: words(held),
            new: words(new),
            unknown: words(unknown),
            prevented,
        }))
    }

    fn refuse(&self, stand: &Stand<'_>, refused: &mut Refused) {
        refused.roles.extend(role_of(stand));
        let own = stand.own.iter().filter(|it| self.holds(it) < Held::Yes);
        refused.grants.extend(own.cloned());
    }

    /// Whether something is not given, where it could be, when a side is
    /// refused.
    fn loses(&self, stand: &Stand<'_>) -> Result<bool, Vec<String>> {
        let mut refused = self.refused.clone();
        self.refuse(stand, &mut refused);
        let less = self.without(&refused)?.wanted;
        let read = |target: &ConnectorName| self.subject.observed.targets.contains_key(target);
        let mut now = self.given().wanted.iter().filter(|(target, _)| read(target));
        Ok(now.any(|(target, now)| {
            less.get(target)
                .is_none_or(|less| now.grants.keys().any(|it| !less.grants.contains_key(it)))
        }))
    }

    /// What they are given without what is refused.  What they hold of it
    /// stays, and so do accounts that only a refused role gives.
    fn without(&self, refused: &Refused) -> Result<Given, Vec<String>> {
        let mut given = if refused.roles.is_empty() {
            self.whole.clone()
        } else {
            let Subject { policy, entitlements, facts, scope, state, others, .. } = *self.subject;
            let Subject { requests, now, .. } = *self.subject;
            let besides = Besides { refused: &refused.roles, requests, now };
            let about = (facts, scope, state);
            let mut again = jobs::given(policy, Some(entitlements), about, others, &besides)?;
            wishes::apply(self.subject, self.wishes, &mut again.wanted)?;
            reviewed::take_out(self.subject, &mut again.wanted);
            again
        };
        for grant in &refused.grants {
            take(self.subject, &mut given.wanted, grant);
        }
        for (target, before) in &self.whole.wanted {
            if !given.wanted.contains_key(target) {
                if !self.stays(target) {
                    continue;
                }
                let causes = before.causes.clone();
                given.wanted.insert(target.clone(), Wanted { causes, ..Wanted::default() });
            }
            let Some(wanted) = given.wanted.get_mut(target) else { continue };
            for (grant, causes) in &before.grants {
                let there = (target.clone(), grant.entitlement.clone());
                if !wanted.grants.contains_key(grant) && self.holds(&there) == Held::Yes {
                    wanted.grants.insert(grant.clone(), causes.clone());
                }
            }
        }
        Ok(given)
    }

    /// Whether they have an account that was wanted until now, or is open.
    fn stays(&self, target: &ConnectorName) -> bool {
        let mut links = self.subject.links.iter().filter(|link| link.target == *target);
        links.any(|link| link.is_open() || link.unwanted_since.is_none())
    }
}

fn role_of(stand: &Stand<'_>) -> Option<RoleName> {
    match stand.side {
        Side::Role(role) => Some(role.clone()),
        Side::Entitlement { .. } => None,
    }
}

pub(super) fn take(
    subject: &Subject<'_>,
    wanted: &mut BTreeMap<ConnectorName, Wanted>,
    (target, text): &Written,
) {
    if let Some(wanted) = wanted.get_mut(target) {
        wanted.grants.retain(|grant, _| !subject.same(target, &grant.entitlement, text));
    }
}
