//! What steps that are due would do: who is told what, who is asked, which
//! fact becomes so.
//!
//! Looked at after everything else of everybody is known, and only when a
//! step is due: who is whose manager takes an index of all people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    DesiredStep, DesiredSteps, RequestsNow, carry,
    credential::{self, Form},
    reach::{Reach, Somebody, opted_out},
    steps::Turn,
    topic::Topic,
};
use crate::{
    access::Side,
    id::{IdentityId, MessageName, StepName, WorkflowName},
    observed::Observed,
    operation::Cause,
    policy::Policy,
    template::{Scope, Template},
    workflow::{
        Action, Address, Asked, Attempts, Delivery, Effect, Episode, OnFailure, PlannedStep,
        Recipient, StepRecord, Task, Whom, Workflow, open_steps,
    },
};

/// A step whose time has come.
#[derive(Debug)]
pub(super) struct Due {
    pub workflow: WorkflowName,
    pub ordinal: u32,
    pub step: StepName,
    pub action: Action<Template>,
    pub attempts: Attempts,
    /// A question that is open already.
    pub asked: Option<Asked>,
    /// Nothing else of it is due than to see whether others have to be asked.
    pub is_open: bool,
    /// Of a component that has taken it on.
    pub ticket: Option<String>,
    pub cause: Cause,
}

/// Whom a step is about.
pub(super) struct About<'a> {
    pub id: IdentityId,
    pub scope: &'a Scope,
    /// Login names by target.
    pub accounts: BTreeMap<String, String>,
    /// What they asked for.
    pub requests: &'a RequestsNow,
    pub observed: &'a Observed,
}

/// A step whose time has come.
pub(super) fn due(
    workflow: &Workflow,
    episode: &Episode,
    step: StepName,
    action: &Action<Template>,
) -> Due {
    Due {
        workflow: workflow.name.clone(),
        ordinal: episode.ordinal,
        attempts: attempts(episode, &step, action),
        ticket: match episode.steps.get(&step) {
            Some(StepRecord::Pending { pending, .. }) => Some(pending.ticket.clone()),
            _ => None,
        },
        asked: match episode.steps.get(&step) {
            Some(StepRecord::Asked { asked, .. }) => Some(asked.clone()),
            _ => None,
        },
        is_open: false,
        action: action.clone(),
        cause: cause(workflow, &step),
        step,
    }
}

impl Turn {
    /// What of an episode waits for people: steps that failed, and questions.
    pub(super) fn stays_open(&mut self, workflow: &Workflow, episode: &Episode) {
        self.open.extend(open(workflow, episode));
        self.due.extend(questions(workflow, episode, &self.due));
    }
}

/// Questions of an open episode that are open, without steps that are `due`.
fn questions(workflow: &Workflow, episode: &Episode, due: &[Due]) -> Vec<Due> {
    let is_due =
        |id: &StepName| due.iter().any(|it| it.workflow == workflow.name && it.step == *id);
    let steps = episode.steps.iter().filter(|(id, _)| episode.is_open() && !is_due(id));
    let asked = steps.filter_map(|(id, record)| {
        let StepRecord::Asked { .. } = record else { return None };
        let Task::Do(action) = &workflow.step(id)?.task else { return None };
        Some(Due { is_open: true, ..self::due(workflow, episode, id.clone(), action) })
    });
    asked.collect()
}

pub(super) fn cause(workflow: &Workflow, step: &StepName) -> Cause {
    Cause::Step { workflow: workflow.name.clone(), step: step.clone(), line: workflow.line }
}

/// A component learns of every attempt, also of those before a person said
/// `retry`, and no two credentials are told of in the same message.
fn attempts(episode: &Episode, step: &StepName, action: &Action<Template>) -> Attempts {
    match action {
        Action::Run { .. } | Action::Credential { .. } => {
            let count = episode.tried.get(step).map_or(0, |tried| tried.count);
            Attempts { count, ..Attempts::default() }
        }
        _ => episode.attempts(step),
    }
}

/// Steps that failed and stay open, whatever else becomes of the episode.
pub(super) fn open(workflow: &Workflow, episode: &Episode) -> Vec<DesiredStep> {
    let open = open_steps(workflow, episode).map(|(step, end)| DesiredStep {
        workflow: workflow.name.clone(),
        step: step.id.clone(),
        text: format!("{}; {}", end.trouble(), advice(step.on_failure)),
    });
    open.collect()
}

fn advice(on_failure: OnFailure) -> &'static str {
    match on_failure {
        OnFailure::Ask => "say `lanyard workflow retry` or `skip`",
        OnFailure::Obligation | OnFailure::Stop | OnFailure::Continue => {
            "say `lanyard workflow done` when it is"
        }
    }
}

/// What the steps of one person would do, and which of them cannot.
pub(super) fn effects(
    policy: &Policy,
    about: &About<'_>,
    due: Vec<Due>,
    reach: &Reach<'_>,
    now: Timestamp,
) -> DesiredSteps {
    let mut steps = DesiredSteps::default();
    for due in due {
        let Due { workflow, ordinal, step, attempts, asked, .. } = &due;
        let (asked, ticket) = (asked.as_ref(), due.ticket.as_deref());
        let topic = Topic::Step { key: (workflow, *ordinal, step), attempts, asked, ticket };
        let teller = Teller { policy, about, topic, action: &due.action, reach };
        let effect = match (&due.action, asked) {
            (Action::Approve(approve), Some(asked)) if due.is_open => {
                teller.others(approve, asked, now).transpose()
            }
            _ => Some(teller.effect(now)),
        };
        match effect {
            None => {}
            Some(Ok(effect)) => steps.planned.push(PlannedStep {
                identity: about.id,
                workflow: due.workflow,
                ordinal: due.ordinal,
                step: due.step,
                attempt: due.attempts.count.saturating_add(u32::from(due.ticket.is_none())),
                effect,
                causes: vec![due.cause],
            }),
            Some(Err(sentence)) => {
                let asks = matches!(due.action, Action::Approve(_));
                let text = if asks { unasked(&sentence, asked, &due.workflow) } else { sentence };
                let step = DesiredStep { workflow: due.workflow, step: due.step, text };
                if asks { steps.unasked.push(step) } else { steps.unable.push(step) }
            }
        }
    }
    steps
}

/// Why nobody can be asked, what comes of that, and what to do.
fn unasked(sentence: &str, asked: Option<&Asked>, workflow: &WorkflowName) -> String {
    let until = asked.map(|asked| format!(", and no answer until {:.0} is a no", asked.expires));
    let until = until.unwrap_or_default();
    format!(
        "{sentence}{until}; have a source name somebody who can be, or say `lanyard workflow \
         cancel {workflow} WHO`"
    )
}

pub(super) struct Teller<'a> {
    pub policy: &'a Policy,
    pub about: &'a About<'a>,
    pub topic: Topic<'a>,
    pub action: &'a Action<Template>,
    pub reach: &'a Reach<'a>,
}

impl Teller<'_> {
    pub(super) fn effect(&self, now: Timestamp) -> Result<Effect, String> {
        match self.action {
            Action::Notify { to, template } => {
                let deliveries = self.deliveries(to, template, &self.scope("", "")?)?;
                Ok(Effect::Notify { deliveries, ticket: false })
            }
            Action::Ticket { to, template } => {
                let deliveries = self.deliveries(to, template, &self.scope("", "")?)?;
                Ok(Effect::Notify { deliveries, ticket: true })
            }
            Action::Approve(approve) => self.asks(approve, now),
            Action::SetFact { fact, value } => {
                let value = self.render(value, &self.scope("", "")?)?;
                if value.trim().is_empty() {
                    return Err(format!("the value of `{fact}` is empty"));
                }
                Ok(Effect::SetFact { fact: fact.clone(), value: value.trim().to_owned() })
            }
            Action::Request { access, until, reason } => {
                let Some(terms) = self.policy.access.requestable.get(access) else {
                    return Err(format!("{access} is nothing that can be asked for"));
                };
                if terms.longest.is_some_and(|longest| until.is_none_or(|it| it > longest)) {
                    return Err(format!("{access} is not given for so long"));
                }
                let reason = match reason {
                    Some(template) => self.render(template, &self.scope("", "")?)?,
                    None => String::new(),
                };
                let reason = one_line(&reason);
                let start = self.about.requests.start;
                Ok(Effect::Request { access: access.clone(), until: *until, reason, start })
            }
            Action::EndRequests { roles, targets } => {
                let meant = |access: &Side| match access {
                    _ if roles.is_none() && targets.is_none() => true,
                    Side::Role(role) => roles.iter().any(|it| it.contains(role)),
                    Side::Entitlement { target, .. } => {
                        targets.iter().any(|it| it.contains(target))
                    }
                };
                let open = self.about.requests.open.iter().map(|it| &it.request);
                let requests = open.filter(|it| meant(&it.access)).map(|it| it.id.clone());
                Ok(Effect::EndRequests { requests: requests.collect() })
            }
            Action::Run { component, with } => carry::effect(self, component, with),
            Action::Credential { target, to, template, length, must_change, again } => {
                let form = Form { length: *length, must_change: *must_change, again: *again };
                credential::effect(self, target, (to, template), form)
            }
            Action::Accounts { .. }
            | Action::Grant { .. }
            | Action::Revoke { .. }
            | Action::RevokeAll { .. }
            | Action::EndCredentials { .. }
            | Action::Start { .. } => Err("it has no effect of its own".to_owned()),
        }
    }

    pub(super) fn deliveries(
        &self,
        to: &[Recipient],
        template: &MessageName,
        scope: &Scope,
    ) -> Result<Vec<Delivery>, String> {
        let mut deliveries = Vec::new();
        for recipient in to {
            match recipient {
                Recipient::Person(whom) => {
                    let id = self.reach.whom(self.about.id, whom)?;
                    deliveries.extend(self.to_people([id], template, scope)?);
                }
                Recipient::Mail(address) => {
                    let to = Address::Mail(address.clone());
                    deliveries.extend(self.delivery(to, "", template, scope)?);
                }
                Recipient::Webhook(name) => {
                    let to = Address::Webhook(name.clone());
                    deliveries.extend(self.delivery(to, "", template, scope)?);
                }
            }
        }
        Ok(once_each(deliveries))
    }

    pub(super) fn to_people(
        &self,
        people: impl IntoIterator<Item = IdentityId>,
        template: &MessageName,
        scope: &Scope,
    ) -> Result<Vec<Delivery>, String> {
        let mut deliveries = Vec::new();
        for id in people {
            let somebody = self.reach.somebody(id)?;
            if opted_out(self.policy, somebody.facts) {
                continue;
            }
            let address = somebody
                .mail()
                .ok_or_else(|| format!("`{}` has no mail address", somebody.label))?;
            let to = Address::Mail(address);
            deliveries.extend(self.delivery(to, &somebody.language(), template, scope)?);
        }
        Ok(once_each(deliveries))
    }

    /// None: it was sent by an earlier attempt.
    fn delivery(
        &self,
        to: Address,
        language: &str,
        template: &MessageName,
        scope: &Scope,
    ) -> Result<Option<Delivery>, String> {
        let Some(id) = self.topic.message(self.about.id, &to) else { return Ok(None) };
        let steps = &self.policy.steps;
        let (subject, body) = steps
            .messages
            .get(template)
            .and_then(|message| message.in_language(language, &steps.language))
            .ok_or_else(|| format!("the file has no message `{template}` any more"))?;
        let subject = one_line(&self.render(subject, scope)?);
        let body = self.render(body, scope)?;
        Ok(Some(Delivery { id, to, subject, body }))
    }

    pub(super) fn render(&self, template: &Template, scope: &Scope) -> Result<String, String> {
        if template.reads().contains("manager") {
            // Whose manager is not known is said in words.
            self.reach.whom(self.about.id, &Whom::Manager(1))?;
        }
        let rendered = self.policy.expressions.render(template, scope);
        rendered.map_err(|error| error.to_string())
    }

    /// Facts of the person, `manager`, `accounts`, and what the step is.
    pub(super) fn scope(&self, approval: &str, reason: &str) -> Result<Scope, String> {
        let mut scope = self.about.scope.clone();
        for (name, word) in self.topic.words() {
            scope.own(name, &word);
        }
        scope.own("approval", approval);
        scope.own("reason", reason);
        let accounts = self.about.accounts.iter();
        scope.own_map("accounts", accounts.map(|(name, login)| (name.as_str(), login.as_str())));
        if let Ok(manager) = self.reach.whom(self.about.id, &Whom::Manager(1)) {
            let Somebody { facts, .. } = self.reach.somebody(manager)?;
            let facts = facts.iter().map(|(name, fact)| (name.as_str(), fact.values.as_slice()));
            scope.own_facts("manager", facts);
        }
        Ok(scope)
    }
}

/// The same message twice to one address is one.
fn once_each(mut deliveries: Vec<Delivery>) -> Vec<Delivery> {
    let mut seen = BTreeSet::new();
    deliveries.retain(|delivery| seen.insert(delivery.id.clone()));
    deliveries
}

/// A line break in a name must not become another header.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
