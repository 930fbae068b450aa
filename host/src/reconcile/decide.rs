//! What people say: of questions they are asked, and of steps that wait for
//! them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use lanyard_core::{
    approval::{PlanApproval, Standing},
    id::{IdentityId, ReviewName, StepName, WorkflowName},
    policy::Policy,
    request::{Request, RequestedBy},
    workflow::{
        Agreed, AnswerRefused, Answering, Asked, Episode, EpisodeEnd, StepEnd, StepRecord,
        approval_id,
    },
};

use super::{
    actor::SeveralPeople,
    approvals,
    desk::{Desk, is_meant},
    requests,
};
use crate::store::{AuditEntry, Store, StoreError};

/// A question that people can answer.
#[derive(Debug, Clone)]
pub struct OpenApproval {
    pub id: String,
    /// The person it is about, where it is about one.
    pub identity: Option<IdentityId>,
    pub about: About,
    pub asked: Asked,
}

/// What is asked about.
#[derive(Debug, Clone)]
pub enum About {
    /// A step of a workflow, in an episode.
    Step { step: StepName, episode: Box<Episode> },
    /// Access that somebody asked for.
    Request(Box<Request>),
    /// A plan, or what of it is to be released.
    Plan(Box<PlanApproval>),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step, episode } => write!(f, "`{}` step `{step}`", episode.workflow),
            Self::Request(request) => write!(f, "{} asked for by {}", request.access, request.by),
            Self::Plan(approval) => approval.fmt(f),
        }
    }
}

impl OpenApproval {
    /// Whether it is meant by its id, or by the beginning of it.
    pub fn is(&self, wanted: &str) -> bool {
        is_meant(&self.id, wanted)
    }
}

/// Why what somebody says does not count.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no open approval `{0}`")]
    NoApproval(String),
    #[error("there is no question `{0}` about a plan that was a no")]
    NoDenial(String),
    #[error("the file asks for it no more, or asks others: the next run does")]
    Changed,
    #[error("`{0}` could be several approvals; give more of it")]
    Ambiguous(String),
    #[error("no review has an item `{0}`")]
    NoItem(String),
    #[error("`{0}` could be several items; give more of it")]
    SeveralItems(String),
    #[error("`{item}` is of an earlier review: by now `{name}` {ordinal} has been opened")]
    Later { item: String, name: ReviewName, ordinal: u32 },
    #[error("nobody is asked about `{item}` any more: {why}")]
    Closed { item: String, why: &'static str },
    #[error("nobody knows who `{0}` is among the people")]
    NoActor(String),
    #[error("the file says that `{user}` is `{key}`, and nobody has that key")]
    NoPerson { user: String, key: String },
    #[error(transparent)]
    Several(#[from] SeveralPeople),
    #[error("whoever `{0}` is has left, and decides nothing any more")]
    Left(String),
    #[error("whoever began it does not decide about it")]
    Began,
    #[error(transparent)]
    Refused(#[from] AnswerRefused),
    #[error("{identity} is not in `{workflow}`")]
    NotIn { identity: IdentityId, workflow: WorkflowName },
    #[error("`{workflow}` has no step `{step}` that {what}")]
    NoSuchStep { workflow: WorkflowName, step: StepName, what: &'static str },
}

/// Questions that are open, the one that expires first at the beginning.
pub async fn open_approvals(
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<OpenApproval>, StoreError> {
    let remembered = store.workflows().await?;
    let mut open = Vec::new();
    for episode in remembered.episodes.into_values().flat_map(BTreeMap::into_values) {
        if !episode.is_open() {
            continue;
        }
        for (step, record) in &episode.steps {
            if let StepRecord::Asked { asked, .. } = record
                && now < asked.expires
            {
                let (identity, workflow) = (episode.identity, &episode.workflow);
                open.push(OpenApproval {
                    id: approval_id(identity, workflow, episode.ordinal, step),
                    identity: Some(identity),
                    about: About::Step { step: step.clone(), episode: Box::new(episode.clone()) },
                    asked: asked.clone(),
                });
            }
        }
    }
    for request in store.kept().await?.requests.into_values().flatten() {
        let asked = request.asked.clone().filter(|asked| now < asked.expires);
        let Some(asked) = asked.filter(|_| request.is_unanswered()) else { continue };
        let (id, identity) = (request.id.clone(), Some(request.identity));
        open.push(OpenApproval { id, identity, about: About::Request(Box::new(request)), asked });
    }
    for approval in store.plan_approvals().await? {
        if approval.standing(now) == Standing::Open {
            let (id, asked) = (approval.id.clone(), approval.asked.clone());
            open.push(OpenApproval {
                id,
                identity: None,
                about: About::Plan(Box::new(approval)),
                asked,
            });
        }
    }
    open.sort_by(|one, other| (one.asked.expires, &one.id).cmp(&(other.asked.expires, &other.id)));
    Ok(open)
}

/// What became of a question by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Denied,
    /// Others are asked now.
    NextStage,
    Approved,
}

/// The answer of the person behind an OS user.
///
/// # Errors
/// When it does not count, which is audited where somebody was asked.
pub async fn decide(
    store: &dyn Store,
    policy: &Policy,
    wanted: &str,
    (yes, reason): (bool, Option<&str>),
    (actor, now): (&str, Timestamp),
) -> Result<Said, DecisionError> {
    let open = open_approvals(store, now).await?;
    let mut found = open.into_iter().filter(|it| it.is(wanted));
    let approval = match (found.next(), found.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(DecisionError::NoApproval(wanted.to_owned())),
        (Some(_), Some(_)) => return Err(DecisionError::Ambiguous(wanted.to_owned())),
    };
    let kept = store.kept().await?;
    let desk = Desk::open(store, policy, (&kept, now)).await?;
    let (answering, left) = desk.answering(actor)?;
    let own = approval.own(|user| desk.who(user));
    let refused = left
        .or_else(|| approval.is_changed(policy).then_some(DecisionError::Changed))
        .or_else(|| approval.refusal(&own, (&answering, yes), actor, now));
    if let Some(refused) = refused {
        approval.refuse(store, (&answering, &refused), (actor, now)).await?;
        return Err(refused);
    }
    let label = desk.label(answering.who);
    let answer = Answer { yes, reason, who: answering.who, label };
    Ok(approval.take(store, answer, (actor, now)).await?)
}

/// What somebody who may says.
struct Answer<'a> {
    yes: bool,
    reason: Option<&'a str>,
    who: IdentityId,
    /// How people call them.
    label: String,
}

impl OpenApproval {
    /// The OS user who began it.
    fn began(&self) -> Option<&str> {
        match &self.about {
            About::Step { episode, .. } => episode.by.as_deref(),
            About::Request(request) => match &request.by {
                RequestedBy::Person { user, .. } => Some(user),
                RequestedBy::Step { by, .. } => by.as_deref(),
            },
            About::Plan(approval) => Some(&approval.by.user),
        }
    }

    /// Those it is about, and those who began it; `who` an OS user is.
    fn own(&self, who: impl Fn(&str) -> Option<IdentityId>) -> BTreeSet<IdentityId> {
        let own = match &self.about {
            About::Step { .. } => self.identity.into_iter().collect(),
            About::Request(request) => request.own(),
            About::Plan(approval) => approval.own(),
        };
        own.into_iter().chain(self.began().and_then(who)).collect()
    }

    /// Whether the file asks others about the plan by now.
    fn is_changed(&self, policy: &Policy) -> bool {
        matches!(&self.about, About::Plan(approval) if !approval.is_of(&policy.access.approvals))
    }

    /// Why an answer does not count.
    fn refusal(
        &self,
        own: &BTreeSet<IdentityId>,
        answering: (&Answering, bool),
        actor: &str,
        now: Timestamp,
    ) -> Option<DecisionError> {
        if self.began() == Some(actor) {
            return Some(match &self.about {
                About::Step { .. } => DecisionError::Began,
                About::Request(_) | About::Plan(_) => AnswerRefused::Own.into(),
            });
        }
        self.asked.may_answer(own, answering, now).err().map(DecisionError::from)
    }

    fn entry(&self, by: IdentityId, result: &str, who: (&str, Timestamp)) -> AuditEntry {
        let mut entry = match &self.about {
            About::Step { step, episode } => entry(episode, step, who),
            About::Request(request) => requests::entry(request, "", who),
            About::Plan(approval) => approvals::entry(approval, "", who),
        };
        result.clone_into(&mut entry.result);
        entry.detail.insert("approval".to_owned(), self.id.clone());
        entry.detail.insert("by".to_owned(), by.to_string());
        entry
    }

    async fn refuse(
        self,
        store: &dyn Store,
        (answering, refused): (&Answering, &DecisionError),
        who: (&str, Timestamp),
    ) -> Result<(), StoreError> {
        let mut entry = self.entry(answering.who, "answer refused", who);
        entry.detail.insert("refused".to_owned(), refused.to_string());
        match self.about {
            About::Step { episode, .. } => store.record_episodes(&[(*episode, Some(entry))]).await,
            About::Request(request) => store.record_requests(&[(*request, entry)], None).await,
            About::Plan(approval) => store.record_plan_approvals(&[(*approval, entry)]).await,
        }
    }

    async fn take(
        mut self,
        store: &dyn Store,
        answer: Answer<'_>,
        (actor, now): (&str, Timestamp),
    ) -> Result<Said, StoreError> {
        let Answer { yes, reason, who: by, label } = answer;
        let result = if yes { "approved" } else { "denied" };
        let mut entry = self.entry(by, result, (actor, now));
        entry.detail.extend(reason.map(|reason| ("reason".to_owned(), reason.to_owned())));
        if yes {
            self.asked.approved.push(Agreed { at: now, by });
        }
        let said = match (yes, self.asked.is_agreed()) {
            (false, _) => Said::Denied,
            (true, true) => Said::Approved,
            (true, false) => Said::NextStage,
        };
        match self.about {
            About::Step { step, mut episode } => {
                let begun = episode.begun(&step).unwrap_or(now);
                let record = match said {
                    Said::Approved => StepRecord::Ended { at: now, end: StepEnd::Done },
                    Said::NextStage => StepRecord::Asked { begun, asked: self.asked },
                    Said::Denied => StepRecord::Ended { at: now, end: StepEnd::Denied { by } },
                };
                episode.steps.insert(step, record);
                store.record_episodes(&[(*episode, Some(entry))]).await?;
            }
            About::Request(request) => {
                let request = request.answered((self.asked, said == Said::Denied), label, now);
                store.record_requests(&[(request, entry)], None).await?;
            }
            About::Plan(approval) => {
                let answer = (self.asked, said == Said::Denied);
                let approval = approval.answered(answer, (by, label), now);
                store.record_plan_approvals(&[(approval, entry)]).await?;
            }
        }
        Ok(said)
    }
}

/// What a person says of a step that waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// What was asked for is done.
    Done { reason: Option<String> },
    /// It need not be.
    Skip,
    /// It is tried anew.
    Retry,
}

/// Takes down what a person says of a step.
///
/// # Errors
/// When nobody waits for that.
pub async fn say_of_step(
    store: &dyn Store,
    identity: IdentityId,
    (workflow, step): (&WorkflowName, &StepName),
    saying: Saying,
    (actor, now): (&str, Timestamp),
) -> Result<(), DecisionError> {
    let remembered = store.workflows().await?;
    let mut episode = remembered
        .latest(identity, workflow)
        .filter(|it| it.stands())
        .cloned()
        .ok_or_else(|| DecisionError::NotIn { identity, workflow: workflow.clone() })?;
    let record = episode.steps.get(step);
    let failed = matches!(record, Some(StepRecord::Ended { end, .. }) if !end.is_good());
    let waits = matches!(record, Some(StepRecord::Told { .. } | StepRecord::Pending { .. }));
    let fits = match &saying {
        Saying::Done { .. } => failed || waits,
        Saying::Skip | Saying::Retry => failed,
    };
    if !fits {
        let (workflow, step) = (workflow.clone(), step.clone());
        let what = if matches!(saying, Saying::Done { .. }) {
            "has failed or waits for somebody"
        } else {
            "has failed"
        };
        return Err(DecisionError::NoSuchStep { workflow, step, what });
    }
    let mut entry = entry(&episode, step, (actor, now));
    let by = actor.to_owned();
    let (result, record) = match saying {
        Saying::Done { reason } => {
            entry.detail.extend(reason.clone().map(|it| ("reason".to_owned(), it)));
            let end = StepEnd::Closed { by, reason };
            ("said to be done", StepRecord::Ended { at: now, end })
        }
        Saying::Skip => {
            let end = StepEnd::Closed { by, reason: None };
            ("skipped by a person", StepRecord::Ended { at: now, end })
        }
        Saying::Retry => ("to be tried anew", StepRecord::Begun { at: now }),
    };
    // What stopped because of it goes on.
    let stopped_by = match &episode.end {
        Some(EpisodeEnd::Stopped { step, .. }) => Some(step),
        _ => None,
    };
    if stopped_by == Some(step) || matches!(record, StepRecord::Begun { .. }) {
        episode.end = None;
    }
    result.clone_into(&mut entry.result);
    episode.steps.insert(step.clone(), record);
    Ok(store.record_episodes(&[(episode, Some(entry))]).await?)
}

fn entry(episode: &Episode, step: &StepName, (actor, at): (&str, Timestamp)) -> AuditEntry {
    AuditEntry {
        at,
        actor: actor.to_owned(),
        action: "step".to_owned(),
        identity: Some(episode.identity),
        target: None,
        account: None,
        result: String::new(),
        verification: None,
        detail: BTreeMap::from([
            ("workflow".to_owned(), episode.workflow.to_string()),
            ("episode".to_owned(), episode.ordinal.to_string()),
            ("step".to_owned(), step.to_string()),
        ]),
    }
}
