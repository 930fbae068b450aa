//! Who is asked about a grant, and what they are told.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlannedReview, ReviewLetter, ReviewPolicy, Reviewer, open::Look};
use crate::{
    id::{Digest, IdentityId},
    operation::Cause,
    plan::{Note, NoteKind},
    workflow::{Question, Whom},
};

impl Look<'_> {
    /// Who is asked whether somebody still needs what these causes give: the
    /// first who can be, and when none can, the manager.
    pub(super) fn question(
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
            let found = match self.among(&whom, identity) {
                Ok(found) => found,
                Err(sentence) => {
                    missing.push(sentence);
                    continue;
                }
            };
            // Whoever cannot be found is nobody to escalate to.
            let escalate = rule.escalate.as_ref().and_then(|(after, whom)| {
                Some((*after, self.among(std::slice::from_ref(whom), identity).ok()?))
            });
            let (reason, expire) = (format!("review {}", rule.name), rule.within);
            return Ok(Question { stages: vec![found], expire, escalate, reason });
        }
        missing.dedup();
        Err(missing.join("; "))
    }

    /// Those who can be asked, and can answer.
    fn among(&self, whom: &[Whom], identity: IdentityId) -> Result<BTreeSet<IdentityId>, String> {
        let found = self.desk.among(whom, Some(identity), &[identity].into())?;
        let (found, mute): (BTreeSet<_>, BTreeSet<_>) =
            found.into_iter().partition(|id| self.answerable.contains(id));
        if found.is_empty() {
            let mute: Vec<String> =
                mute.iter().map(|id| format!("`{}`", self.desk.label(*id))).collect();
            let mute = mute.join(" and ");
            return Err(format!("nobody can be asked: no user is {mute} by `[actors]`"));
        }
        Ok(found)
    }

    /// Whether somebody can answer by now.
    pub(super) fn can_answer(&self, id: IdentityId) -> bool {
        self.desk.is_there(id) && self.answerable.contains(&id)
    }

    /// One message for each who is asked, however much it is about; `again`
    /// are items with those who are to be told of them besides.
    pub(super) fn with_letters(
        &self,
        rule: &ReviewPolicy,
        mut review: PlannedReview,
        again: &[(&str, BTreeSet<IdentityId>)],
        notes: &mut Vec<Note>,
    ) -> PlannedReview {
        if rule.template.is_none() {
            return review;
        }
        let mut about: BTreeMap<IdentityId, Vec<String>> = BTreeMap::new();
        for item in &review.items {
            let question = item.question.iter();
            for id in question.flat_map(|it| it.stages.iter().flatten()) {
                about.entry(*id).or_default().push(item.id.clone());
            }
        }
        for (item, people) in again {
            for id in people {
                about.entry(*id).or_default().push((*item).to_owned());
            }
        }
        for (to, items) in about.into_iter().filter(|(id, _)| self.desk.is_there(*id)) {
            let occasion = format!("review {} {}", review.name, review.ordinal);
            match self.letter(rule, to, items, &occasion) {
                Ok(letter) => review.letters.push(letter),
                Err(sentence) => notes.push(Note {
                    identity: Some(to),
                    target: None,
                    kind: NoteKind::Unreviewed,
                    text: format!(
                        "is not told of review `{}` (line {}), and their time to answer does not \
                         begin: {sentence}",
                        rule.name, rule.line
                    ),
                    open: true,
                }),
            }
        }
        review
    }

    fn letter(
        &self,
        rule: &ReviewPolicy,
        to: IdentityId,
        items: Vec<String>,
        occasion: &str,
    ) -> Result<ReviewLetter, String> {
        let what = crate::diff::counted(items.len(), "grant", "grants");
        let reason = format!("{what} to look at");
        let words =
            [("approval", rule.name.as_str()), ("reason", &reason), ("requested", what.as_str())];
        // The same message again only about the same.
        let occasion = format!("{occasion} {}", Digest::of(items.join("\n")).short());
        let letters = self.desk.letters([to], rule.template.as_ref(), &occasion, &words)?;
        Ok(ReviewLetter { to, items, delivery: letters.into_iter().next() })
    }
}

pub(super) fn unasked(
    rule: &ReviewPolicy,
    identity: IdentityId,
    (target, label): (&crate::id::ConnectorName, &str),
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
pub(super) fn given(causes: &[Cause]) -> String {
    let named = causes.iter().filter(|it| !matches!(it, Cause::Fact { .. } | Cause::State { .. }));
    let named: Vec<String> = named.map(Cause::named).collect();
    if named.is_empty() { "nothing gives it".to_owned() } else { named.join(", ") }
}
