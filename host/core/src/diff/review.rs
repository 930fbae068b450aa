//! What reviews would ask, as people read it.

use std::collections::BTreeMap;

use super::{Page, counted, person};
use crate::{
    id::IdentityId,
    review::{PlannedReview, Silence},
    workflow::duration,
};

/// The same, line by line.
pub(crate) fn review_lines(
    review: &PlannedReview,
    labels: &BTreeMap<IdentityId, String>,
) -> Vec<String> {
    let mut page = Page::default();
    lines(std::slice::from_ref(review), labels, &mut page);
    let lines = page.text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.trim().to_owned()).collect()
}

pub(super) fn lines(
    reviews: &[PlannedReview],
    labels: &BTreeMap<IdentityId, String>,
    page: &mut Page,
) {
    for review in reviews {
        let PlannedReview { name, ordinal, silence, opens, items, told, deliveries } = review;
        let silence = match silence {
            Silence::Keep => "keeps it",
            Silence::Revoke => "revokes it",
        };
        let grants = counted(items.len(), "grant", "grants");
        let what = if *opens { "opens" } else { "asks others" };
        page.line(0, &format!("review `{name}` ({ordinal}) {what}: {grants}; no answer {silence}"));
        for item in items {
            let who = person(labels, item.identity);
            let asked = match &item.question {
                Some(question) => {
                    let people = question.stages.iter().flatten();
                    let people: Vec<String> = people.map(|id| person(labels, *id)).collect();
                    let within = duration(question.expire);
                    format!("? ask {} within {within}", people.join(" or "))
                }
                None => "nobody can be asked".to_owned(),
            };
            let (label, target, given) = (&item.label, &item.target, &item.given);
            page.line(1, &format!("{asked}: {who}, {label} at {target} ({given})"));
        }
        if !told.is_empty() {
            let count = counted(told.len(), "grant", "grants");
            page.line(1, &format!("others are asked about {count} as well"));
        }
        for delivery in deliveries {
            page.line(1, &format!("tell {}: {}", delivery.to, delivery.subject));
        }
    }
    if !reviews.is_empty() {
        page.gap();
    }
}
