//! Who is asked about a step or a request: whom the file names, as everybody
//! stands now, and in place of whoever has left the next who can be.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{effects::Teller, reach::those, topic::Topic};
use crate::{
    id::IdentityId,
    template::Template,
    workflow::{Approve, Asked, Delivery, Effect, Others, Question, Whom},
};

type People = BTreeSet<IdentityId>;

impl Teller<'_> {
    /// A question, or what is due of one that is open.
    ///
    /// # Errors
    /// The sentence why nobody can be asked or told.
    pub(super) fn asks(
        &self,
        approve: &Approve<Template>,
        now: Timestamp,
    ) -> Result<Effect, String> {
        let Some(asked) = self.topic.asked() else { return self.ask(approve) };
        if let Some(others) = self.others(approve, asked, now)? {
            return Ok(others);
        }
        // Of a further stage, or because nobody has answered.
        let deliveries = self.letters(approve, asked, asked.waits_for(now))?;
        Ok(Effect::Remind { deliveries })
    }

    fn ask(&self, approve: &Approve<Template>) -> Result<Effect, String> {
        let stages: Vec<People> =
            self.stages(approve, None).into_iter().collect::<Result<_, _>>()?;
        let after = approve.escalate.as_ref().map(|(after, _)| *after);
        let escalate = after.zip(self.escalated(approve, None));
        let reason = match (&approve.reason, &self.topic) {
            (Some(template), _) => self.render(template, &self.scope("", "")?)?,
            (None, Topic::Request { request, .. }) => request.reason.clone(),
            (None, Topic::Step { .. }) => String::new(),
        };
        let id = self.topic.approval(self.about.id);
        let deliveries = match &approve.template {
            Some(template) => {
                let first = stages.first().into_iter().flatten();
                let scope = self.scope(&id, &reason)?;
                self.to_people(first.copied(), template, &scope)?
            }
            None => Vec::new(),
        };
        let question = Question { stages, expire: approve.expire, escalate, reason };
        Ok(Effect::Ask { question, deliveries })
    }

    /// Who is asked from now on, where that is not who was asked; none: they
    /// stay.
    ///
    /// # Errors
    /// The sentence why nobody can be asked any more, or told.
    pub(super) fn others(
        &self,
        approve: &Approve<Template>,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Option<Effect>, String> {
        let nobody = || !self.any_there(&asked.waits_for(now));
        if approve.stages.len() != asked.stages.len() {
            let sentence =
                "nobody is left of those who were asked, and the file asks others by now";
            return if nobody() { Err(sentence.to_owned()) } else { Ok(None) };
        }
        let mut stages: Vec<People> = Vec::new();
        let before = asked.stages.iter().skip(asked.approved.len());
        for (found, before) in self.stages(approve, Some(asked)).into_iter().zip(before) {
            match found {
                Ok(found) => stages.push(found),
                Err(sentence) if stages.is_empty() && nobody() => return Err(sentence),
                Err(_) => stages.push(before.clone()),
            }
        }
        let escalate = self.escalated(approve, Some(asked));
        let others = Others { stages, escalate };
        let anew = asked.to_others(&others);
        if anew == *asked {
            return Ok(None);
        }
        // Whoever was told is not told again, unless everybody is by now.
        let told =
            if asked.rounds < asked.rounds_due(now) { People::new() } else { asked.waits_for(now) };
        let to = anew.waits_for(now).difference(&told).copied().collect();
        let deliveries = self.letters(approve, asked, to)?;
        Ok(Some(Effect::AskOthers { others, deliveries }))
    }

    /// What people who are there are told of a question.
    fn letters(
        &self,
        approve: &Approve<Template>,
        asked: &Asked,
        mut to: People,
    ) -> Result<Vec<Delivery>, String> {
        let Some(template) = &approve.template else { return Ok(Vec::new()) };
        to.retain(|id| self.is_there(*id));
        let scope = self.scope(&self.topic.approval(self.about.id), &asked.reason)?;
        self.to_people(to, template, &scope)
    }

    /// Each stage that is not passed: whom the file names, else who was asked
    /// and is still there, else who stands in.
    fn stages(
        &self,
        approve: &Approve<Template>,
        asked: Option<&Asked>,
    ) -> Vec<Result<People, String>> {
        let passed = asked.map_or(0, |asked| asked.approved.len());
        let agreed = agreed(asked);
        let stages = || approve.stages.iter().enumerate().skip(passed);
        let found = stages().map(|(place, stage)| {
            self.named(stage, &agreed).or_else(|sentence| {
                let before = asked.and_then(|asked| asked.stages.get(place));
                before.filter(|before| self.any_there(before)).cloned().ok_or(sentence)
            })
        });
        let mut found: Vec<Result<People, String>> = found.collect();
        // Nobody agrees in two stages by standing in for another.
        let mut taken = self.topic.own(self.about.id);
        taken.extend(agreed.iter().chain(found.iter().flatten().flatten()));
        for ((_, stage), found) in stages().zip(&mut found).filter(|(_, it)| it.is_err()) {
            if let Some(instead) = self.instead(approve, stage, &taken) {
                taken.extend(&instead);
                *found = Ok(instead);
            }
        }
        found
    }

    /// Those of a stage who can be asked; nobody is about themselves.
    fn named(&self, stage: &[Whom], agreed: &People) -> Result<People, String> {
        let own = self.topic.own(self.about.id);
        those(stage.iter().map(|whom| match self.reach.answerer(self.about.id, whom)? {
            id if id == self.about.id => Err("nobody decides about themselves".to_owned()),
            id if own.contains(&id) => Err("nobody decides about what they asked for".to_owned()),
            id if agreed.contains(&id) => Err("nobody agrees in two stages".to_owned()),
            id => Ok(id),
        }))
    }

    /// Who is asked when nobody of a stage can be: whoever is above a manager
    /// who has departed, else whoever the question is escalated to.
    fn instead(
        &self,
        approve: &Approve<Template>,
        stage: &[Whom],
        taken: &People,
    ) -> Option<People> {
        let above = stage.iter().filter_map(|whom| self.reach.above(self.about.id, whom, taken));
        let above: People = above.collect();
        if !above.is_empty() {
            return Some(above);
        }
        let (_, whom) = approve.escalate.as_ref()?;
        let id = self.reach.answerer(self.about.id, whom).ok()?;
        (!taken.contains(&id)).then(|| [id].into())
    }

    /// Those to whom it is escalated; none: nobody can be found.
    fn escalated(&self, approve: &Approve<Template>, asked: Option<&Asked>) -> Option<People> {
        let (_, whom) = approve.escalate.as_ref()?;
        self.named(std::slice::from_ref(whom), &agreed(asked)).ok()
    }

    fn any_there(&self, people: &People) -> bool {
        people.iter().any(|id| self.is_there(*id))
    }

    fn is_there(&self, id: IdentityId) -> bool {
        self.reach.somebody(id).is_ok_and(|it| !it.state.is_over())
    }
}

fn agreed(asked: Option<&Asked>) -> People {
    asked.into_iter().flat_map(|asked| asked.approved.iter().map(|it| it.by)).collect()
}
