//! Who is asked and told about something that is not one person's.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Desired,
    person::Facts,
    reach::{Key, Reach, Somebody, opted_out, those},
};
use crate::{
    id::{IdentityId, MessageName},
    identity::{self, Assembled},
    lifecycle::LifecycleState,
    policy::Policy,
    template::Scope,
    workflow::{Address, Approve, Delivery, Question, Whom},
};

/// What messages about people can read, and is empty elsewhere; one may be
/// for several kinds of questions, so that each knows the words of the others.
const WORDS: [&str; 8] =
    ["workflow", "step", "requested", "requester", "until", "conflict", "approval", "reason"];

/// Everybody, as they are reached.
pub(crate) struct Everybody<'a> {
    people: Vec<One<'a>>,
}

struct One<'a> {
    id: IdentityId,
    keys: Vec<Key<'a>>,
    label: String,
    facts: Facts<'a>,
    state: LifecycleState,
}

impl<'a> Everybody<'a> {
    pub(crate) fn of(assembled: &'a Assembled, desired: &Desired, now: Timestamp) -> Self {
        let people = assembled.identities.iter().filter_map(|identity| {
            let person = desired.identities.get(&identity.id)?;
            Some(One {
                id: identity.id,
                keys: identity.records.iter().map(|it| (&it.source, it.key.as_str())).collect(),
                label: person.label.clone(),
                facts: identity::facts_now(identity, now),
                state: person.state.state,
            })
        });
        Self { people: people.collect() }
    }

    pub(crate) fn desk<'e>(&'e self, policy: &'e Policy) -> Desk<'e> {
        let people = self.people.iter().map(|one| {
            let One { id, keys, label, facts, state } = one;
            (*id, keys.clone(), Somebody { label, facts, state: *state })
        });
        Desk { policy, reach: Reach::of(people) }
    }
}

/// Where questions and messages go out.
pub(crate) struct Desk<'e> {
    policy: &'e Policy,
    reach: Reach<'e>,
}

impl Desk<'_> {
    /// A question to those whom `approve` names, as seen from `about`; nobody
    /// in `own` is asked.  Where nobody can be asked later, nobody is.
    ///
    /// # Errors
    /// The sentence why nobody can be.
    pub(crate) fn question<T>(
        &self,
        approve: &Approve<T>,
        about: Option<IdentityId>,
        own: &BTreeSet<IdentityId>,
        reason: String,
    ) -> Result<Question, String> {
        let mut stages = Vec::new();
        for stage in &approve.stages {
            stages.push(self.among(stage, about, own)?);
        }
        let escalate = approve.escalate.as_ref().and_then(|(after, whom)| {
            Some((*after, self.among(std::slice::from_ref(whom), about, own).ok()?))
        });
        Ok(Question { stages, expire: approve.expire, escalate, reason })
    }

    /// Those who can be asked.
    ///
    /// # Errors
    /// The sentence why nobody can be.
    pub(crate) fn among(
        &self,
        whom: &[Whom],
        about: Option<IdentityId>,
        own: &BTreeSet<IdentityId>,
    ) -> Result<BTreeSet<IdentityId>, String> {
        those(whom.iter().map(|whom| {
            let meant = match (whom, about) {
                (Whom::Key(_), _) => self.reach.by_key(whom),
                (_, Some(about)) => self.reach.whom(about, whom),
                (_, None) => Err(format!("`{whom}` is nobody where it is about no one person")),
            };
            match meant? {
                id if own.contains(&id) => {
                    Err("nobody decides about themselves, or what they began".to_owned())
                }
                id => Ok(id),
            }
        }))
    }

    /// Whether somebody can still answer.
    pub(crate) fn is_there(&self, id: IdentityId) -> bool {
        self.reach.somebody(id).is_ok_and(|it| !it.state.is_over())
    }

    pub(crate) fn label(&self, id: IdentityId) -> String {
        self.reach.somebody(id).map_or_else(|_| id.to_string(), |it| it.label.to_owned())
    }

    /// What people are told on an occasion, which tells these messages from
    /// all others; `words` besides those every message knows.
    ///
    /// # Errors
    /// The sentence why somebody cannot be told.
    pub(crate) fn letters(
        &self,
        people: impl IntoIterator<Item = IdentityId>,
        template: Option<&MessageName>,
        occasion: &str,
        words: &[(&str, &str)],
    ) -> Result<Vec<Delivery>, String> {
        let Some(template) = template else { return Ok(Vec::new()) };
        let mut scope = Scope::new();
        for word in WORDS {
            let said = words.iter().find(|(name, _)| *name == word);
            scope.own(word, said.map_or("", |(_, text)| text));
        }
        let mut letters: Vec<Delivery> = Vec::new();
        for id in people {
            let somebody = self.reach.somebody(id)?;
            if opted_out(self.policy, somebody.facts) {
                continue;
            }
            let mail = somebody.mail();
            let mail = mail.ok_or_else(|| format!("`{}` has no mail address", somebody.label))?;
            let to = Address::Mail(mail);
            let id = Delivery::id_about(occasion, &to);
            if letters.iter().any(|it| it.id == id) {
                continue;
            }
            let steps = &self.policy.steps;
            let (subject, body) = steps
                .messages
                .get(template)
                .and_then(|it| it.in_language(&somebody.language(), &steps.language))
                .ok_or_else(|| format!("the file has no message `{template}` any more"))?;
            let render = |text| {
                let rendered = self.policy.expressions.render(text, &scope);
                rendered.map_err(|error| error.to_string())
            };
            let (subject, body) = (super::effects::one_line(&render(subject)?), render(body)?);
            letters.push(Delivery { id, to, subject, body });
        }
        Ok(letters)
    }
}
