//! The observed world by the keys planning asks for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{PlanSettings, adoption::Candidates, catalogue::Catalogue};
use crate::{
    access::TargetAccess,
    account::{Account, Assignment},
    desired::{Desired, DesiredAccount, DesiredIdentity, Presence},
    id::{ConnectorName, IdentityId},
    lifecycle::Kept,
    observed::{Link, Observed, ObservedTarget, OwnedGrant},
    recognition::Recognition,
    value::ObjectRef,
};

/// Links of one identity, by target.
type LinksByTarget<'a> = BTreeMap<&'a ConnectorName, Vec<&'a Link>>;

pub(super) struct World<'a> {
    pub(super) targets: BTreeMap<&'a ConnectorName, There<'a>>,
    pub(super) links: BTreeMap<IdentityId, LinksByTarget<'a>>,
    pub(super) in_doubt: &'a BTreeSet<(IdentityId, ConnectorName)>,
    pub(super) known: &'a Desired,
    pub(super) kept: &'a Kept,
}

/// One target.
pub(super) struct There<'a> {
    pub(super) observed: &'a ObservedTarget,
    pub(super) accounts: BTreeMap<&'a ObjectRef, &'a Account>,
    pub(super) assignments: BTreeMap<&'a ObjectRef, BTreeSet<&'a Assignment>>,
    /// The ledger by holder.
    pub(super) owned: BTreeMap<&'a ObjectRef, BTreeSet<&'a OwnedGrant>>,
    /// Whose each linked account is.
    pub(super) owners: BTreeMap<&'a ObjectRef, IdentityId>,
    /// Whose accounts are not, by a person's word.
    pub(super) declined: BTreeSet<(IdentityId, &'a ObjectRef)>,
    /// Accounts of nobody.
    pub(super) candidates: Candidates<'a>,
    pub(super) catalogue: Catalogue<'a>,
}

/// One identity at one target: what most of planning is about.
pub(super) struct Site<'a> {
    pub(super) identity: IdentityId,
    pub(super) person: &'a DesiredIdentity,
    pub(super) wanted: &'a DesiredAccount,
    pub(super) target: &'a ConnectorName,
    pub(super) there: &'a There<'a>,
    pub(super) match_by: &'a Recognition,
    /// What becomes of access that nobody gave.
    pub(super) access: &'a TargetAccess,
    /// Those of the identity at this target, by account.
    pub(super) links: &'a [&'a Link],
    /// The identity never had an account anywhere.
    pub(super) newcomer: bool,
    /// It may have one that an answer that was lost made.
    pub(super) in_doubt: bool,
    /// Everybody, to tell whose id an account carries.
    pub(super) known: &'a Desired,
    pub(super) revoke_grants: bool,
    pub(super) overlap: SignedDuration,
    pub(super) kept: &'a Kept,
    pub(super) now: Timestamp,
}

impl<'a> Site<'a> {
    /// An account linked to this identity that carries the id of another one
    /// we know: whose it is is not for us to say.
    pub(super) fn stranger<'s>(
        &'s self,
        seen: &[(&'s Link, &'s Account)],
    ) -> Option<(&'s Account, &'a str)> {
        seen.iter().find_map(|(_, account)| {
            let owner: IdentityId = account.anchor.as_deref()?.parse().ok()?;
            let other = self.known.identities.get(&owner).filter(|_| owner != self.identity)?;
            Some((*account, other.label.as_str()))
        })
    }
}

impl<'a> World<'a> {
    pub(super) fn new(
        settings: &PlanSettings<'a>,
        desired: &'a Desired,
        observed: &'a Observed,
    ) -> Self {
        let mut links: BTreeMap<IdentityId, LinksByTarget<'a>> = BTreeMap::new();
        for link in &observed.links {
            links.entry(link.identity).or_default().entry(&link.target).or_default().push(link);
        }
        for here in links.values_mut().flat_map(BTreeMap::values_mut) {
            here.sort_by_key(|link| (link.gone, &link.account));
        }
        let mut owners = owners(observed);
        let mut targets = BTreeMap::new();
        for (name, target) in &observed.targets {
            let Some(here) = settings.targets.get(name) else { continue };
            let mut texts = entitlement_texts(desired, name);
            texts.extend(settings.spoken.get(name).into_iter().flatten());
            let taken = desired.identities.values().flat_map(|it| &it.access.requests.taken);
            let taken = taken.filter(|it| it.target == *name);
            texts.extend(taken.map(|it| it.entitlement.as_str()));
            let by_steps = desired.identities.values().flat_map(|it| &it.access.taken);
            let by_steps = by_steps.filter(|it| it.target == *name);
            texts.extend(by_steps.map(|it| it.entitlement.as_str()));
            let owners = owners.remove(name).unwrap_or_default();
            let whole = target.assignments_coverage.proves_absence();
            let mut there = There {
                observed: target,
                accounts: target.accounts.iter().map(|it| (&it.reference, it)).collect(),
                assignments: BTreeMap::new(),
                owned: BTreeMap::new(),
                declined: declined(observed, name),
                candidates: Candidates::new(target, here.match_by, &owners),
                owners,
                catalogue: Catalogue::new(&target.entitlements, whole, here.entitlements, &texts),
            };
            for assignment in &target.assignments {
                there.assignments.entry(&assignment.holder).or_default().insert(assignment);
            }
            for grant in observed.ledger.iter().filter(|grant| grant.target == *name) {
                there.owned.entry(&grant.holder).or_default().insert(grant);
            }
            targets.insert(name, there);
        }
        Self { targets, links, in_doubt: &observed.in_doubt, known: desired, kept: &observed.kept }
    }

    /// Whether somebody has an account of ours that is not known disabled.
    pub(super) fn has_open(&self, identity: IdentityId) -> bool {
        let links = self.links.get(&identity).into_iter().flat_map(BTreeMap::values).flatten();
        links.copied().any(Link::is_open)
    }

    pub(super) fn links_at(&self, identity: IdentityId, target: &ConnectorName) -> &[&'a Link] {
        let here = self.links.get(&identity).and_then(|links| links.get(target));
        here.map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'a> There<'a> {
    pub(super) fn assigned(&self, holder: &ObjectRef) -> impl Iterator<Item = &'a Assignment> + '_ {
        self.assignments.get(holder).into_iter().flatten().copied()
    }

    pub(super) fn owned(&self, holder: &ObjectRef) -> impl Iterator<Item = &'a OwnedGrant> + '_ {
        self.owned.get(holder).into_iter().flatten().copied()
    }

    /// Whether an account of the type that is read and that was not seen is
    /// certainly not there.
    pub(super) fn proves_absence(&self) -> bool {
        self.observed.accounts_coverage.proves_absence()
    }

    /// Whether a link is to an account that no reading speaks of, because
    /// another type is read now.
    pub(super) fn is_of_another_type(&self, link: &Link) -> bool {
        !link.gone && link.account.object_type != self.observed.account_type
    }
}

fn declined<'a>(
    observed: &'a Observed,
    target: &ConnectorName,
) -> BTreeSet<(IdentityId, &'a ObjectRef)> {
    let here = observed.declined.iter().filter(|it| it.target == *target);
    here.map(|it| (it.identity, &it.account)).collect()
}

fn entitlement_texts<'a>(desired: &'a Desired, target: &ConnectorName) -> BTreeSet<&'a str> {
    let wanted = desired.identities.values().filter_map(|person| person.accounts.get(target));
    wanted
        .filter_map(|account| match &account.presence {
            Presence::Present { content, .. } => Some(content),
            Presence::Kept { .. } | Presence::Disabled | Presence::Deleted { .. } => None,
        })
        .flat_map(|content| content.grants.keys().map(|grant| grant.entitlement.as_str()))
        .collect()
}

/// Whose each account is, by target.
///
/// An account that was gone and is there again is still ours where a key is
/// given once; where keys follow names, it may be somebody else's by now.
pub(crate) fn owners(
    observed: &Observed,
) -> BTreeMap<&ConnectorName, BTreeMap<&ObjectRef, IdentityId>> {
    let mut links: Vec<&Link> = observed.links.iter().collect();
    links.sort_by_key(|link| (link.gone, link.identity));
    let mut owners: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let given_once = |link: &Link| {
        let there = observed.targets.get(&link.target);
        there.is_some_and(|there| there.gives_keys_once(&link.account.object_type))
    };
    for link in links.into_iter().filter(|link| !link.gone || given_once(link)) {
        let here = owners.entry(&link.target).or_default();
        here.entry(&link.account).or_insert(link.identity);
    }
    owners
}
