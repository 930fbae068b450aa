//! Which reviews are due, whom they ask about what, and who is asked anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Item, PlannedItem, PlannedReview, Review, ReviewPolicy, Reviewer, item_id, silence::heard,
};
use crate::{
    access::Risk,
    desired::{
        Desired, DesiredIdentity, Presence,
        desk::{Desk, Everybody},
    },
    entitlement::Index,
    guard::{GuardSettings, Privileged},
    id::{ConnectorName, IdentityId},
    identity::Assembled,
    observed::{Link, Observed},
    operation::Cause,
    plan::{Note, NoteKind, Plan},
    policy::Policy,
    value::ObjectRef,
    workflow::{Delivery, Question, Whom},
};

/// What a look asks in reviews, with notes about what nobody can be asked.
///
/// A review opens only once every target has been read: what it does not see
/// it would ask nobody about.
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
    let everybody = Everybody::of(assembled, desired, now);
    let look = Look { policy, desired, observed, desk: everybody.desk(policy), now };
    let known = heard(policy, assembled, &observed.kept, now);
    let mut notes = Vec::new();
    for rule in rules {
        let latest = known.iter().filter(|it| it.name == rule.name).max_by_key(|it| it.ordinal);
        let next = next_opening(rule, latest);
        let planned = if next > now {
            latest.and_then(|latest| look.goes_on(rule, latest, &mut notes))
        } else if let Some(unread) = look.unread() {
            let text = format!("review `{}` opens once {unread} has been read", rule.name);
            notes.push(Note {
                identity: None,
                target: None,
                kind: NoteKind::Waits,
                text,
                open: false,
            });
            None
        } else {
            look.opens(rule, latest.map_or(1, |latest| latest.ordinal + 1), &mut notes)
        };
        plan.reviews.extend(planned);
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

struct Look<'a> {
    policy: &'a Policy,
    desired: &'a Desired,
    observed: &'a Observed,
    desk: Desk<'a>,
    now: Timestamp,
}

/// A grant that somebody holds.
struct Held<'a> {
    identity: IdentityId,
    target: &'a ConnectorName,
    entitlement: &'a ObjectRef,
    /// What gives it; nothing does.
    causes: &'a [Cause],
}

impl Look<'_> {
    fn unread(&self) -> Option<&ConnectorName> {
        self.policy.targets.keys().find(|name| !self.observed.targets.contains_key(*name))
    }

    fn opens(
        &self,
        rule: &ReviewPolicy,
        ordinal: u32,
        notes: &mut Vec<Note>,
    ) -> Option<PlannedReview> {
        let guard = GuardSettings::of(self.policy);
        let privileged = Privileged::of(&guard.access, self.observed);
        let mut items: BTreeMap<String, PlannedItem> = BTreeMap::new();
        for held in self.held() {
            if !self.speaks_of(rule, &held, &privileged) {
                continue;
            }
            let Held { identity, target, entitlement, causes } = held;
            let id = item_id(&rule.name, ordinal, (identity, target, entitlement));
            let label = self.label(target, entitlement);
            let question = match self.question(rule, identity, causes) {
                Ok(question) => Some(question),
                Err(sentence) => {
                    notes.push(unasked(rule, identity, (target, &label), &sentence));
                    None
                }
            };
            let given = given(causes);
            let (target, entitlement) = (target.clone(), entitlement.clone());
            let item = PlannedItem { id, identity, target, entitlement, label, given, question };
            items.insert(item.id.clone(), item);
        }
        if items.is_empty() {
            return None;
        }
        let mut items: Vec<PlannedItem> = items.into_values().collect();
        items.sort_by(|one, other| {
            let key = |it: &PlannedItem| (it.identity, it.target.clone(), it.label.clone());
            key(one).cmp(&key(other))
        });
        let review = PlannedReview {
            name: rule.name.clone(),
            ordinal,
            silence: rule.silence,
            opens: true,
            items,
            told: Vec::new(),
            deliveries: Vec::new(),
        };
        Some(self.with_letters(rule, review, &[], notes))
    }

    /// Who of an open review is asked by now: nobody was there who could
    /// answer, or nobody has.
    fn goes_on(
        &self,
        rule: &ReviewPolicy,
        known: &Review,
        notes: &mut Vec<Note>,
    ) -> Option<PlannedReview> {
        let (mut items, mut told) = (Vec::new(), Vec::new());
        let held: BTreeSet<(IdentityId, &ConnectorName, &ObjectRef)> =
            self.held().iter().map(|it| (it.identity, it.target, it.entitlement)).collect();
        for item in known.items.iter().filter(|it| it.decision.is_none()) {
            let still = held.contains(&(item.identity, &item.target, &item.entitlement));
            let read = self.observed.targets.contains_key(&item.target);
            if read && !still {
                continue;
            }
            let asked = item.asked.as_ref();
            let there = asked.is_some_and(|asked| {
                asked.waits_for(self.now).iter().any(|id| self.desk.is_there(*id))
            });
            if there {
                let due = asked.is_some_and(|asked| asked.rounds < asked.rounds_due(self.now));
                if due && rule.template.is_some() {
                    told.push(item);
                }
                continue;
            }
            match self.question(rule, item.identity, self.causes(item)) {
                Ok(question) => items.push(PlannedItem {
                    id: item.id.clone(),
                    identity: item.identity,
                    target: item.target.clone(),
                    entitlement: item.entitlement.clone(),
                    label: item.label.clone(),
                    given: item.given.clone(),
                    question: Some(question),
                }),
                Err(sentence) => {
                    let what = (&item.target, item.label.as_str());
                    notes.push(unasked(rule, item.identity, what, &sentence));
                }
            }
        }
        if items.is_empty() && told.is_empty() {
            return None;
        }
        let review = PlannedReview {
            name: rule.name.clone(),
            ordinal: known.ordinal,
            silence: known.silence,
            opens: false,
            items,
            told: told.iter().map(|item| item.id.clone()).collect(),
            deliveries: Vec::new(),
        };
        Some(self.with_letters(rule, review, &told, notes))
    }

    /// Every direct grant of an account of somebody who has not left.
    fn held(&self) -> Vec<Held<'_>> {
        let links = self.observed.links.iter().filter(|link| !link.gone);
        let held = links.flat_map(|link| self.of_link(link));
        held.collect()
    }

    fn of_link<'s>(&'s self, link: &'s Link) -> Vec<Held<'s>> {
        let person = self.desired.identities.get(&link.identity);
        let person = person.filter(|it| it.holds.is_empty() && !it.state.state.is_over());
        let (Some(person), Some(there)) = (person, self.observed.targets.get(&link.target)) else {
            return Vec::new();
        };
        let of_it = there.assignments.iter().filter(|it| it.direct && it.holder == link.account);
        let held = of_it.map(|it| Held {
            identity: link.identity,
            target: &link.target,
            entitlement: &it.entitlement,
            causes: self.giving(person, &link.target, &it.entitlement),
        });
        held.collect()
    }

    /// What gives an entitlement to somebody.
    fn giving<'s>(
        &'s self,
        person: &'s DesiredIdentity,
        target: &ConnectorName,
        entitlement: &ObjectRef,
    ) -> &'s [Cause] {
        let account = person.accounts.get(target);
        let Some(Presence::Present { content, .. }) = account.map(|it| &it.presence) else {
            return &[];
        };
        let (Some(there), Some(policy)) =
            (self.observed.targets.get(target), self.policy.targets.get(target))
        else {
            return &[];
        };
        let index = Index::new(&there.entitlements, true);
        let meant = |text: &str| index.only(&policy.entitlements, text).map(|it| &it.reference);
        let mut grants = content.grants.iter();
        let found = grants.find(|(grant, _)| meant(&grant.entitlement) == Some(entitlement));
        found.map_or(&[], |(_, causes)| causes.as_slice())
    }

    fn causes(&self, item: &Item) -> &[Cause] {
        let person = self.desired.identities.get(&item.identity);
        person.map_or(&[], |person| self.giving(person, &item.target, &item.entitlement))
    }

    fn speaks_of(&self, rule: &ReviewPolicy, held: &Held<'_>, privileged: &Privileged<'_>) -> bool {
        let Held { target, entitlement, causes, .. } = held;
        let of = &rule.of;
        let roles = causes.iter().filter_map(|cause| match cause {
            Cause::Role { role, .. } => Some(role),
            _ => None,
        });
        let risky = |least: Risk| {
            let mut given = roles.clone();
            let by_role = given.any(|role| {
                self.policy.access.roles.get(role).is_some_and(|role| role.risk >= least)
            });
            by_role || least <= Risk::High && privileged.has(target, entitlement)
        };
        let named = || {
            let (Some(texts), Some(there), Some(policy)) = (
                of.grants.get(*target),
                self.observed.targets.get(*target),
                self.policy.targets.get(*target),
            ) else {
                return false;
            };
            let index = Index::new(&there.entitlements, true);
            let mut meant = texts.iter().filter_map(|text| index.only(&policy.entitlements, text));
            meant.any(|it| it.reference == **entitlement)
        };
        of.targets.contains(*target)
            || of.unmanaged && causes.is_empty()
            || of.risk.is_some_and(risky)
            || roles.clone().any(|role| of.roles.contains(role))
            || named()
    }

    /// Who is asked whether somebody still needs what these causes give: the
    /// first who can be, and when none can, the manager.
    fn question(
        &self,
        rule: &ReviewPolicy,
        identity: IdentityId,
        causes: &[Cause],
    ) -> Result<Question, String> {
        let owners: Vec<Whom> = causes
            .iter()
            .filter_map(|cause| match cause {
                Cause::Role { role, .. } => self.policy.access.roles.get(role)?.owner.clone(),
                _ => None,
            })
            .map(Whom::Key)
            .collect();
        let own = [identity].into();
        let mut missing = Vec::new();
        let fallback = [Reviewer::Whom(Whom::Manager(1))];
        for reviewer in rule.who.iter().chain(&fallback) {
            let whom = match reviewer {
                Reviewer::Owner => owners.clone(),
                Reviewer::Whom(whom) => vec![whom.clone()],
            };
            if whom.is_empty() {
                missing.push("nobody answers for it".to_owned());
                continue;
            }
            let found = match self.desk.among(&whom, Some(identity), &own) {
                Ok(found) => found,
                Err(sentence) => {
                    missing.push(sentence);
                    continue;
                }
            };
            // Whoever cannot be found is nobody to escalate to.
            let escalate = rule.escalate.as_ref().and_then(|(after, whom)| {
                let to = self.desk.among(std::slice::from_ref(whom), Some(identity), &own);
                Some((*after, to.ok()?))
            });
            let (reason, expire) = (format!("review {}", rule.name), rule.within);
            return Ok(Question { stages: vec![found], expire, escalate, reason });
        }
        missing.dedup();
        Err(missing.join("; "))
    }

    /// One message for each who is asked, however much it is about.
    fn with_letters(
        &self,
        rule: &ReviewPolicy,
        mut review: PlannedReview,
        told: &[&Item],
        notes: &mut Vec<Note>,
    ) -> PlannedReview {
        let mut count: BTreeMap<IdentityId, usize> = BTreeMap::new();
        let first = review.items.iter().filter_map(|item| item.question.as_ref());
        let first = first.flat_map(|question| question.stages.iter().flatten().copied());
        let again = told.iter().filter_map(|item| item.asked.as_ref());
        let again = again.flat_map(|asked| asked.waits_for(self.now));
        for id in first.chain(again) {
            *count.entry(id).or_default() += 1;
        }
        let occasion = format!("review {} {}", review.name, review.ordinal);
        for (id, count) in count.into_iter().filter(|(id, _)| self.desk.is_there(*id)) {
            match self.letter(rule, id, count, &occasion) {
                Ok(letters) => review.deliveries.extend(letters),
                Err(sentence) => notes.push(Note {
                    identity: Some(id),
                    target: None,
                    kind: NoteKind::Waits,
                    text: format!("is not told of review `{}`: {sentence}", review.name),
                    open: false,
                }),
            }
        }
        review
    }

    fn letter(
        &self,
        rule: &ReviewPolicy,
        id: IdentityId,
        count: usize,
        occasion: &str,
    ) -> Result<Vec<Delivery>, String> {
        let what = crate::diff::counted(count, "grant", "grants");
        let reason = format!("{what} to look at");
        let words =
            [("approval", rule.name.as_str()), ("reason", &reason), ("requested", what.as_str())];
        self.desk.letters([id], rule.template.as_ref(), occasion, &words)
    }

    fn label(&self, target: &ConnectorName, entitlement: &ObjectRef) -> String {
        let there = self.observed.targets.get(target);
        let mut all = there.into_iter().flat_map(|there| &there.entitlements);
        let found = all.find(|it| it.reference == *entitlement);
        found.map_or_else(|| entitlement.uid.clone(), |it| it.name.clone())
    }
}

fn unasked(
    rule: &ReviewPolicy,
    identity: IdentityId,
    (target, label): (&ConnectorName, &str),
    sentence: &str,
) -> Note {
    let text = format!(
        "review `{}` (line {}): nobody is asked about `{label}`: {sentence}",
        rule.name, rule.line
    );
    let target = Some(target.clone());
    Note { identity: Some(identity), target, kind: NoteKind::Unreviewed, text, open: true }
}

/// What gives something, without facts of anybody.
fn given(causes: &[Cause]) -> String {
    let named = causes.iter().filter(|it| !matches!(it, Cause::Fact { .. } | Cause::State { .. }));
    let named: Vec<String> = named.map(Cause::named).collect();
    if named.is_empty() { "nothing gives it".to_owned() } else { named.join(", ") }
}
