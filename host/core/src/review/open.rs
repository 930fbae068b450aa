//! Which reviews are due, whom they ask about what, and who is asked anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::about::tell_skipped;
use super::{
    GrantKey, Item, PlannedItem, PlannedReview, Review, ReviewPolicy, Skipped,
    ask::{given, unasked},
    held::{Holdings, answerable},
    item_id,
    silence::heard,
};
use crate::{
    desired::{
        Desired, DesiredIdentity, Presence,
        desk::{Desk, Everybody},
    },
    entitlement::Index,
    guard::{GuardSettings, Privileged},
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::{Observed, related},
    operation::Cause,
    plan::{Note, NoteKind, Plan},
    policy::{Policy, TargetPolicy},
    workflow::Question,
};

/// A review that opened later than this from now was opened by a wrong clock.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// What a look asks in reviews, with notes about what nobody can be asked.
///
/// Of a target that was not read wholly, and of people who are held, nobody is
/// asked before that is known; the others do not wait for it.
pub fn planned(
    policy: &Policy,
    (assembled, desired, observed): (&Assembled, &Desired, &Observed),
    plan: &mut Plan,
    now: Timestamp,
) {
    let rules = &policy.access.reviews;
    if rules.is_empty() {
        return;
    }
    let known = heard(policy, assembled, observed, now);
    let everybody = Everybody::of(assembled, desired, now);
    let look = Look::of(policy, (assembled, desired, observed), &everybody, now);
    let mut notes = Vec::new();
    for rule in rules {
        let latest = known.iter().filter(|it| it.name == rule.name).max_by_key(|it| it.ordinal);
        look.unknown_names(rule, &mut notes);
        let ahead = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let wrong = latest.is_some_and(|latest| latest.opened > ahead);
        let due = wrong || next_opening(rule, latest) <= now;
        let opens = if due && observed.kept.clock.jump.is_some() {
            let text = format!("review `{}` opens once the clock is believed", rule.name);
            notes.push(about_rule(None, NoteKind::Waits, text, false));
            None
        } else if due {
            look.opens(rule, latest.map_or(1, |latest| latest.ordinal + 1), &mut notes)
        } else {
            None
        };
        let goes_on = || latest.and_then(|latest| look.goes_on(rule, latest, &mut notes));
        plan.reviews.extend(opens.or_else(goes_on));
    }
    let asked = plan.reviews.iter().flat_map(|it| &it.items).flat_map(|item| {
        let stages = item.question.iter().flat_map(|it| it.stages.iter().flatten().copied());
        stages.chain([item.identity]).collect::<Vec<_>>()
    });
    let concerned: BTreeSet<IdentityId> =
        asked.chain(notes.iter().filter_map(|note| note.identity)).collect();
    plan.label(desired, concerned);
    plan.notes.extend(notes);
}

/// When the next one opens, if there is something to look at by then.
pub(crate) fn next_opening(rule: &ReviewPolicy, latest: Option<&Review>) -> Timestamp {
    match latest {
        Some(latest) => latest.opened.checked_add(rule.every).unwrap_or(Timestamp::MAX),
        None => rule.from.unwrap_or(Timestamp::MIN),
    }
}

/// Who would be asked now about a grant of a review that was opened.
///
/// # Errors
/// The sentence why nobody can be.
pub fn reviewer(
    policy: &Policy,
    (assembled, desired, observed): (&Assembled, &Desired, &Observed),
    (review, item): (&Review, &Item),
    now: Timestamp,
) -> Result<Question, String> {
    let mut rules = policy.access.reviews.iter();
    let rule = rules.find(|rule| rule.name == review.name);
    let rule = rule.ok_or_else(|| format!("the file has no review `{}` any more", review.name))?;
    let everybody = Everybody::of(assembled, desired, now);
    let look = Look::of(policy, (assembled, desired, observed), &everybody, now);
    let identity = observed.kept.by_now(item.identity);
    look.question(rule, identity, look.causes(identity, &item.key()))
}

/// Whether somebody holds what a review took, or something but the review
/// would give it.
pub fn is_given(policy: &Policy, (desired, observed): (&Desired, &Observed), item: &Item) -> bool {
    let identity = observed.kept.by_now(item.identity);
    let held = Holdings::of(observed).tell(observed, identity, &item.key()) != Some(false);
    let Some(person) = desired.identities.get(&identity) else { return held };
    let there = observed.targets.get(&item.target);
    let index = there.map(|there| Index::new(&there.entitlements, true));
    let (Some(index), Some(target)) = (index, policy.targets.get(&item.target)) else {
        return held;
    };
    held || !person.holds.is_empty() || !gives(person, (&index, target), &item.key()).is_empty()
}

/// What gives an entitlement to somebody.
pub(super) fn gives<'s>(
    person: &'s DesiredIdentity,
    (index, policy): (&Index<'_>, &TargetPolicy),
    (target, entitlement, relation): &GrantKey,
) -> &'s [Cause] {
    let account = person.accounts.get(target);
    let Some(Presence::Present { content, .. }) = account.map(|it| &it.presence) else {
        return &[];
    };
    let meant = |text: &str| index.only(&policy.entitlements, text).map(|it| &it.reference);
    let mut grants = content.grants.iter();
    let found = grants.find(|(grant, _)| {
        related(&grant.relation, relation) && meant(&grant.entitlement) == Some(entitlement)
    });
    found.map_or(&[], |(_, causes)| causes.as_slice())
}

/// Everything that is asked of one look.
pub(super) struct Look<'a> {
    pub(super) policy: &'a Policy,
    pub(super) desired: &'a Desired,
    pub(super) observed: &'a Observed,
    pub(super) desk: Desk<'a>,
    /// Those who can say something.
    pub(super) answerable: BTreeSet<IdentityId>,
    pub(super) holdings: Holdings,
    pub(super) indexes: BTreeMap<&'a ConnectorName, Index<'a>>,
    now: Timestamp,
}

impl<'a> Look<'a> {
    fn of(
        policy: &'a Policy,
        (assembled, desired, observed): (&'a Assembled, &'a Desired, &'a Observed),
        everybody: &'a Everybody<'a>,
        now: Timestamp,
    ) -> Self {
        let desk = everybody.desk(policy);
        let is_there = |id: IdentityId| desk.is_there(id);
        let answerable = answerable(policy, &assembled.identities, &is_there, now);
        let targets = observed.targets.iter();
        let indexes = targets.map(|(name, it)| (name, Index::new(&it.entitlements, true)));
        let (indexes, holdings) = (indexes.collect(), Holdings::of(observed));
        Self { policy, desired, observed, desk, answerable, holdings, indexes, now }
    }
}

impl Look<'_> {
    fn opens(
        &self,
        rule: &ReviewPolicy,
        ordinal: u32,
        notes: &mut Vec<Note>,
    ) -> Option<PlannedReview> {
        let concerned = self.concerned(rule);
        let mut skipped = self.skipped(&concerned);
        let items = self.items(rule, (ordinal, &concerned), &skipped, notes);
        tell_skipped(rule, &skipped, notes);
        // What was erased meanwhile is nobody's.
        skipped.retain(|it| !matches!(it, Skipped::Person(id) if !self.is_known(*id)));
        if items.is_empty() {
            return None;
        }
        let review = PlannedReview {
            name: rule.name.clone(),
            ordinal,
            silence: rule.silence,
            opens: true,
            items,
            told: Vec::new(),
            letters: Vec::new(),
            skipped,
        };
        Some(self.with_letters(rule, review, &[], notes))
    }

    fn is_known(&self, id: IdentityId) -> bool {
        self.desired.identities.contains_key(&id)
    }

    /// Everything that a review is about, but what cannot be looked at yet.
    fn items(
        &self,
        rule: &ReviewPolicy,
        (ordinal, concerned): (u32, &BTreeSet<&ConnectorName>),
        skipped: &BTreeSet<Skipped>,
        notes: &mut Vec<Note>,
    ) -> Vec<PlannedItem> {
        let guard = GuardSettings::of(self.policy);
        let privileged = Privileged::of(&guard.access, self.observed);
        let mut items: BTreeMap<String, PlannedItem> = BTreeMap::new();
        for (identity, grant) in self.held() {
            let (target, entitlement, relation) = grant;
            let left_out = skipped.contains(&Skipped::Target(target.clone()))
                || skipped.contains(&Skipped::Person(*identity));
            if left_out || !concerned.contains(target) {
                continue;
            }
            let causes = self.causes(*identity, grant);
            if !self.speaks_of(rule, (grant, causes), &privileged) {
                continue;
            }
            let label = self.label(grant);
            let asked = self.question(rule, *identity, causes);
            if let Err(sentence) = &asked {
                notes.push(unasked(rule, *identity, (target, &label), sentence));
            }
            let item = PlannedItem {
                id: item_id(&rule.name, ordinal, *identity, grant),
                identity: *identity,
                target: target.clone(),
                entitlement: entitlement.clone(),
                relation: relation.clone(),
                label,
                given: given(causes),
                question: asked.ok(),
            };
            items.insert(item.id.clone(), item);
        }
        let mut items: Vec<PlannedItem> = items.into_values().collect();
        items.sort_by(|one, other| {
            let key = |it: &PlannedItem| (it.identity, it.target.clone(), it.label.clone());
            key(one).cmp(&key(other))
        });
        items
    }

    /// Who of an open review is asked by now: nobody was there who could
    /// answer, or was told, or what there is could not be looked at.
    fn goes_on(
        &self,
        rule: &ReviewPolicy,
        known: &Review,
        notes: &mut Vec<Note>,
    ) -> Option<PlannedReview> {
        if known.skipped.is_empty() && !known.items.iter().any(Item::is_open) {
            return None;
        }
        let (mut items, skipped) = self.joining(rule, known, notes);
        let mut again: Vec<(&str, BTreeSet<IdentityId>)> = Vec::new();
        for item in known.items.iter().filter(|it| it.is_open()) {
            let (identity, grant) = (item.identity, item.key());
            let held = self.holdings.tell(self.observed, identity, &grant);
            if held == Some(false) || !self.is_at_work(identity) {
                continue;
            }
            let waited = item.asked.iter().flat_map(|asked| asked.waits_for(self.now));
            let waited: BTreeSet<IdentityId> = waited.filter(|id| self.can_answer(*id)).collect();
            if !waited.is_empty() {
                let untold = waited.difference(&item.told).copied().collect::<BTreeSet<_>>();
                if rule.template.is_some() && !untold.is_empty() {
                    again.push((&item.id, untold));
                }
                continue;
            }
            match self.question(rule, identity, self.causes(identity, &grant)) {
                Ok(question) => items.push(PlannedItem {
                    id: item.id.clone(),
                    identity,
                    target: item.target.clone(),
                    entitlement: item.entitlement.clone(),
                    relation: item.relation.clone(),
                    label: item.label.clone(),
                    given: item.given.clone(),
                    question: Some(question),
                }),
                Err(sentence) => {
                    notes.push(unasked(rule, identity, (&item.target, &item.label), &sentence));
                }
            }
        }
        let planned = PlannedReview {
            name: rule.name.clone(),
            ordinal: known.ordinal,
            silence: known.silence,
            opens: false,
            items,
            told: again.iter().map(|(item, _)| (*item).to_owned()).collect(),
            letters: Vec::new(),
            skipped,
        };
        let planned = self.with_letters(rule, planned, &again, notes);
        let asks = !planned.items.is_empty() || !planned.letters.is_empty();
        (asks || planned.skipped != known.skipped).then_some(planned)
    }

    /// What a review could not look at when it opened and can by now, and
    /// what it still cannot.
    fn joining(
        &self,
        rule: &ReviewPolicy,
        known: &Review,
        notes: &mut Vec<Note>,
    ) -> (Vec<PlannedItem>, BTreeSet<Skipped>) {
        if known.skipped.is_empty() {
            return (Vec::new(), BTreeSet::new());
        }
        let concerned = self.concerned(rule);
        let by_now = self.skipped(&concerned);
        let still: BTreeSet<Skipped> = known.skipped.intersection(&by_now).cloned().collect();
        tell_skipped(rule, &still, notes);
        let there: BTreeSet<&str> = known.items.iter().map(|it| it.id.as_str()).collect();
        let mut new_notes = Vec::new();
        let mut items = self.items(rule, (known.ordinal, &concerned), &by_now, &mut new_notes);
        let was_skipped = |it: &PlannedItem| {
            known.skipped.contains(&Skipped::Target(it.target.clone()))
                || known.skipped.contains(&Skipped::Person(it.identity))
        };
        items.retain(|it| was_skipped(it) && !there.contains(it.id.as_str()));
        let joins = |note: &Note| {
            let mut joined = items.iter().filter(|it| it.question.is_none());
            joined.any(|it| {
                (Some(it.identity), Some(&it.target)) == (note.identity, note.target.as_ref())
            })
        };
        notes.extend(new_notes.into_iter().filter(joins));
        (items, still)
    }
}

pub(super) fn about_rule(
    target: Option<ConnectorName>,
    kind: NoteKind,
    text: String,
    open: bool,
) -> Note {
    Note { identity: None, target, kind, text, open }
}
