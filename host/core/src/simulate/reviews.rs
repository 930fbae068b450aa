//! Reviews of access in a simulation: opened, and answered by nobody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Inquiry, InquiryKind, Simulation};
use crate::{
    diff::review_lines,
    id::{IdentityId, ReviewName},
    plan::NoteKind,
    review::{self, Item, Review, next_opening},
    workflow::Asked,
};

impl Simulation<'_> {
    /// What silence means by now, of whom it takes something.
    pub(super) fn silent(
        &mut self,
        at: Timestamp,
        concerned: &mut BTreeSet<IdentityId>,
    ) -> Vec<Inquiry> {
        if !self.open_items().any(|(_, asked)| asked.expires <= at) {
            return Vec::new();
        }
        let kept = self.whole.kept();
        let changed = review::by_silence(self.policy, self.whole.assembled(), kept, at);
        let mut said = Vec::new();
        for review in &changed {
            let before = kept.reviews.iter();
            let before = before.filter(|it| it.name == review.name && it.ordinal == review.ordinal);
            let open = before.flat_map(|it| &it.items).filter(|it| it.decision.is_none());
            let open: BTreeSet<&str> = open.map(|it| it.id.as_str()).collect();
            let decided = review
                .items
                .iter()
                .filter(|it| it.decision.is_some() && open.contains(it.id.as_str()));
            let decided: Vec<&Item> = decided.collect();
            let lines = decided.iter().map(|it| self.decided(it, at)).collect();
            let people = decided.iter().map(|it| it.identity).collect();
            said.push(inquiry(&review.name, people, lines));
        }
        for review in changed {
            self.end_requests(&review, at);
            concerned.extend(review.items.iter().map(|it| it.identity));
            self.whole.record_review(&review);
        }
        said
    }

    /// Reviews that open now, and whom others are asked in.
    pub(super) fn reviews(
        &mut self,
        looked_at: &BTreeSet<IdentityId>,
        at: Timestamp,
    ) -> Vec<Inquiry> {
        if !self.may_ask(looked_at, at) {
            return Vec::new();
        }
        let mut look = self.whole.look(self.policy, &self.whole.everybody(), at);
        let world = (&look.assembled, &look.desired, &look.observed);
        review::planned(self.policy, world, &mut look.plan, at);
        let mut said = Vec::new();
        for planned in &look.plan.reviews {
            let of = |it: &&Review| it.name == planned.name && it.ordinal == planned.ordinal;
            let known = self.whole.kept().reviews.iter().find(of);
            let Some(review) = Review::as_planned(known, planned, at) else { continue };
            let people = planned.items.iter().map(|it| it.identity).collect();
            let lines = review_lines(planned, &look.plan.labels);
            said.push(inquiry(&planned.name, people, lines));
            self.whole.record_review(&review);
        }
        let unasked = look.plan.notes.iter().filter(|it| it.kind == NoteKind::Unreviewed);
        for note in unasked {
            if self.unasked.insert(note.text.clone()) {
                let people: BTreeSet<IdentityId> = note.identity.into_iter().collect();
                let who = self.called(people.clone(), at);
                let lines = vec![format!("{who}: {}", note.text)];
                // A note begins with the review that it is about.
                let name = note.text.split('`').nth(1).unwrap_or_default().to_owned();
                said.push(Inquiry { kind: InquiryKind::Review, name, people, lines });
            }
        }
        said
    }

    /// Looks again when something that is asked changes by time alone.
    pub(super) fn schedule_questions(&mut self, now: Timestamp) {
        let mut moments = self.moments_of_approvals();
        moments.extend(self.open_items().flat_map(|(_, asked)| {
            asked.escalate.iter().map(|(from, _)| *from).chain([asked.expires]).collect::<Vec<_>>()
        }));
        let latest = self.latest();
        let rules = self.policy.access.reviews.iter();
        moments.extend(rules.map(|rule| next_opening(rule, latest.get(&rule.name).copied())));
        for moment in moments.into_iter().filter(|it| *it > now) {
            self.due.entry(moment).or_default();
        }
    }

    /// Whether a review may open, or ask others than before.
    fn may_ask(&self, looked_at: &BTreeSet<IdentityId>, at: Timestamp) -> bool {
        let latest = self.latest();
        let mut rules = self.policy.access.reviews.iter();
        let opens = rules.any(|it| next_opening(it, latest.get(&it.name).copied()) <= at);
        opens
            || self.open_items().any(|(_, asked)| {
                let by_whom = asked.waits_for(at);
                asked.expires <= at
                    || asked.rounds < asked.rounds_due(at)
                    || by_whom.iter().any(|id| looked_at.contains(id))
            })
    }

    fn latest(&self) -> BTreeMap<&ReviewName, &Review> {
        let mut reviews: Vec<&Review> = self.whole.kept().reviews.iter().collect();
        reviews.sort_by_key(|it| it.ordinal);
        reviews.into_iter().map(|it| (&it.name, it)).collect()
    }

    /// Questions that nobody has answered.
    fn open_items(&self) -> impl Iterator<Item = (&Item, &Asked)> {
        let items = self.latest().into_values().flat_map(|it| &it.items);
        items.filter(|it| it.decision.is_none()).filter_map(|it| Some((it, it.asked.as_ref()?)))
    }

    /// "nobody has answered: Ada Example, admins at crm is revoked"
    fn decided(&self, item: &Item, at: Timestamp) -> String {
        let who = self.called([item.identity], at);
        let revoke = item.decision.as_ref().is_some_and(|it| it.revoke);
        let what = if revoke { "is revoked" } else { "stays" };
        format!("nobody has answered: {who}, {} at {} {what}", item.label, item.target)
    }

    /// As with an answer, requests that gave nothing else are over.
    fn end_requests(&mut self, review: &Review, at: Timestamp) {
        let mut ended = Vec::new();
        for item in &review.items {
            if item.decision.as_ref().is_some_and(|it| it.revoke && it.at == at) {
                let of = self.whole.kept().requests.get(&item.identity);
                let of = of.map(Vec::as_slice).unwrap_or_default();
                ended.extend(item.ended(self.policy, of, ("silence in a review", at)));
            }
        }
        for request in &ended {
            self.whole.record_request(request);
        }
    }
}

fn inquiry(name: &ReviewName, people: BTreeSet<IdentityId>, lines: Vec<String>) -> Inquiry {
    Inquiry { kind: InquiryKind::Review, name: name.to_string(), people, lines }
}
