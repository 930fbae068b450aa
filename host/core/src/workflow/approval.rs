//! A question to people, and who may answer it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{Digest, IdentityId, StepName, WorkflowName};

/// A question that is open, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// No answer by then is a no.
    pub expires: Timestamp,
    /// One of each stage has to agree, in order; never the person it is about.
    pub stages: Vec<BTreeSet<IdentityId>>,
    /// Who may answer as well from then on.
    pub escalate: Option<(Timestamp, BTreeSet<IdentityId>)>,
    pub reason: String,
    /// Who agreed, stage by stage.
    pub approved: Vec<Agreed>,
    /// How often others were asked than before: at first, at each further
    /// stage, and when it was escalated.
    pub rounds: usize,
}

/// A question before it is asked: nothing in it depends on when that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub stages: Vec<BTreeSet<IdentityId>>,
    pub expire: SignedDuration,
    pub escalate: Option<(SignedDuration, BTreeSet<IdentityId>)>,
    pub reason: String,
}

impl Question {
    pub fn asked(self, now: Timestamp) -> Asked {
        let Self { stages, expire, escalate, reason } = self;
        let after = |length| now.checked_add(length).unwrap_or(Timestamp::MAX);
        Asked {
            expires: after(expire),
            stages,
            escalate: escalate.map(|(length, whom)| (after(length), whom)),
            reason,
            approved: Vec::new(),
            rounds: 1,
        }
    }
}

/// Who is asked from now on, in place of those who can or should answer no
/// longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Others {
    /// From the one on that is not passed.
    pub stages: Vec<BTreeSet<IdentityId>>,
    /// None: those to whom it is escalated stay.
    pub escalate: Option<BTreeSet<IdentityId>>,
}

/// One stage is passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    pub at: Timestamp,
    pub by: IdentityId,
}

/// Who answers.
#[derive(Debug, Clone)]
pub struct Answering {
    pub who: IdentityId,
    /// Those who have them answer in their place.
    pub stands_for: BTreeSet<IdentityId>,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefused {
    #[error("nobody decides about themselves, or about what they asked for")]
    Own,
    #[error("the time to answer is over, which is a no")]
    Expired,
    #[error("it is for others to answer this")]
    NotAsked,
    #[error("nobody agrees in two stages, under no name")]
    Twice,
}

impl Asked {
    /// Whether everybody who has to agree has.
    pub fn is_agreed(&self) -> bool {
        self.approved.len() >= self.stages.len()
    }

    /// How often others should have been asked by now.
    pub fn rounds_due(&self, now: Timestamp) -> usize {
        let escalated = self.escalate.as_ref().is_some_and(|(from, _)| *from <= now);
        self.approved.len() + 1 + usize::from(escalated)
    }

    /// Everybody who should have been told by now was.
    #[must_use]
    pub fn told(self, now: Timestamp) -> Self {
        Self { rounds: self.rounds_due(now), ..self }
    }

    /// The same question to others; it has to be answered as soon as before.
    #[must_use]
    pub fn to_others(&self, others: &Others) -> Self {
        let before = self.stages.iter().take(self.approved.len());
        let stages = before.chain(&others.stages).cloned().collect();
        let escalate = match (&self.escalate, &others.escalate) {
            (Some((at, _)), Some(to)) => Some((*at, to.clone())),
            (escalate, _) => escalate.clone(),
        };
        Self { stages, escalate, ..self.clone() }
    }

    /// The same of those whom everybody in it is known as by now.
    #[must_use]
    pub fn of(&self, known_as: impl Fn(IdentityId) -> IdentityId) -> Self {
        let all = |people: &BTreeSet<IdentityId>| people.iter().map(|id| known_as(*id)).collect();
        let approved = self.approved.iter();
        let approved = approved.map(|it| Agreed { at: it.at, by: known_as(it.by) });
        Self {
            stages: self.stages.iter().map(all).collect(),
            escalate: self.escalate.as_ref().map(|(at, whom)| (*at, all(whom))),
            approved: approved.collect(),
            ..self.clone()
        }
    }

    /// Those whose answer is waited for: of those who are asked, whoever has
    /// not agreed before.
    pub fn waits_for(&self, now: Timestamp) -> BTreeSet<IdentityId> {
        self.asks(now).into_iter().filter(|id| !self.has_agreed(*id)).collect()
    }

    fn has_agreed(&self, id: IdentityId) -> bool {
        self.approved.iter().any(|it| it.by == id)
    }

    /// Those who are asked at this stage, and may say no whatever they said.
    fn asks(&self, now: Timestamp) -> BTreeSet<IdentityId> {
        let stage = self.stages.get(self.approved.len()).cloned().unwrap_or_default();
        let escalated = self.escalate.iter().filter(|(from, _)| *from <= now);
        stage.into_iter().chain(escalated.flat_map(|(_, more)| more.iter().copied())).collect()
    }

    /// `own` are those it is about, and those who asked for it.
    ///
    /// # Errors
    /// Why the answer of `answering` does not count.
    pub fn may_answer(
        &self,
        own: &BTreeSet<IdentityId>,
        (answering, yes): (&Answering, bool),
        now: Timestamp,
    ) -> Result<(), AnswerRefused> {
        if own.contains(&answering.who) {
            return Err(AnswerRefused::Own);
        }
        if self.expires <= now {
            return Err(AnswerRefused::Expired);
        }
        let asked = self.asks(now);
        let by_another =
            answering.stands_for.iter().any(|it| !own.contains(it) && asked.contains(it));
        if !asked.contains(&answering.who) && !by_another {
            return Err(AnswerRefused::NotAsked);
        }
        // Nobody makes two stages of themselves, in their own name or in
        // somebody's place.
        if yes && self.has_agreed(answering.who) {
            return Err(AnswerRefused::Twice);
        }
        Ok(())
    }
}

/// What people call a question by: the beginning is enough.
pub fn approval_id(
    identity: IdentityId,
    workflow: &WorkflowName,
    ordinal: u32,
    step: &StepName,
) -> String {
    let digest = Digest::of(format!("approval\n{identity}\n{workflow}\n{ordinal}\n{step}"));
    digest.short().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConnectorName;

    fn who(key: &str) -> IdentityId {
        IdentityId::first_seen(&ConnectorName::new("hr").unwrap(), key)
    }

    fn at(day: i8) -> Timestamp {
        format!("2026-06-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn asked() -> Asked {
        Asked {
            expires: at(10),
            stages: vec![[who("manager")].into(), [who("head")].into()],
            escalate: Some((at(5), [who("director")].into())),
            reason: String::new(),
            approved: Vec::new(),
            rounds: 1,
        }
    }

    fn says(
        asked: &Asked,
        (key, for_): (&str, &[&str]),
        yes: bool,
        day: i8,
    ) -> Result<(), AnswerRefused> {
        let stands_for = for_.iter().map(|key| who(key)).collect();
        let answering = Answering { who: who(key), stands_for };
        asked.may_answer(&[who("ada")].into(), (&answering, yes), at(day))
    }

    fn answer(asked: &Asked, key: &str, for_: &[&str], day: i8) -> Result<(), AnswerRefused> {
        says(asked, (key, for_), true, day)
    }

    #[test]
    fn nobody_agrees_in_two_stages_whether_in_their_own_name_or_in_anothers() {
        let mut asked = asked();
        // Head answers in the place of the manager, who is away.
        asked.approved.push(Agreed { at: at(1), by: who("head") });
        assert_eq!(answer(&asked, "head", &[], 1), Err(AnswerRefused::Twice));
        assert_eq!(answer(&asked, "head", &["manager"], 1), Err(AnswerRefused::Twice));
        assert_eq!(says(&asked, ("head", &[]), false, 1), Ok(()));
        assert_eq!(answer(&asked, "dan", &["head"], 1), Ok(()));
        // Nor is it waited for them.
        assert!(asked.waits_for(at(1)).is_empty());
        asked.approved = vec![Agreed { at: at(1), by: who("director") }];
        assert_eq!(answer(&asked, "director", &[], 5), Err(AnswerRefused::Twice));
        assert_eq!(says(&asked, ("director", &[]), false, 5), Ok(()));
        assert_eq!(asked.waits_for(at(5)), [who("head")].into());
    }

    #[test]
    fn nobody_decides_about_themselves_even_when_they_are_asked_or_stand_for_who_is() {
        let mut own = asked();
        own.stages = vec![[who("ada")].into()];
        assert_eq!(answer(&own, "ada", &[], 1), Err(AnswerRefused::Own));
        assert_eq!(answer(&asked(), "ada", &["manager"], 1), Err(AnswerRefused::Own));
        // Nor may somebody in their place.
        assert_eq!(answer(&own, "bob", &["ada"], 1), Err(AnswerRefused::NotAsked));
    }

    #[test]
    fn only_who_is_asked_at_this_stage_or_stands_for_them_answers() {
        let mut asked = asked();
        assert_eq!(answer(&asked, "manager", &[], 1), Ok(()));
        assert_eq!(answer(&asked, "head", &[], 1), Err(AnswerRefused::NotAsked));
        assert_eq!(answer(&asked, "bob", &["manager"], 1), Ok(()));
        asked.approved.push(Agreed { at: at(1), by: who("manager") });
        assert_eq!(answer(&asked, "manager", &[], 1), Err(AnswerRefused::NotAsked));
        assert_eq!(answer(&asked, "head", &[], 1), Ok(()));
        asked.approved.push(Agreed { at: at(2), by: who("head") });
        assert!(asked.is_agreed());
    }

    #[test]
    fn others_may_answer_once_it_is_escalated_and_nobody_when_it_is_too_late() {
        assert_eq!(answer(&asked(), "director", &[], 4), Err(AnswerRefused::NotAsked));
        assert_eq!(answer(&asked(), "director", &[], 5), Ok(()));
        assert_eq!(answer(&asked(), "manager", &[], 10), Err(AnswerRefused::Expired));
    }
}
