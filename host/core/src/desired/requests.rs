//! What people asked for, as it stands: what is given, what is over, who is
//! to be asked.

use jiff::Timestamp;

use super::{
    access::{self, Settled},
    effects::{About, Teller},
    jobs,
    person::Besides,
    reach::Reach,
    steps::{Subject, Wish},
    topic::Topic,
};
use crate::{
    access::Side,
    fact::Identity,
    id::{ConnectorName, IdentityId},
    lifecycle::{Kept, StateNow},
    operation::Cause,
    policy::Policy,
    request::{PlannedQuestion, Request},
    template::Template,
    workflow::{Action, Approve, Asked},
};

/// The requests of somebody, after this look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestsNow {
    /// Their first day, over all jobs that follow each other.
    pub start: Option<Timestamp>,
    /// Those that stand.
    pub open: Vec<RequestNow>,
    /// Those that are over by what is so now, to be recorded.
    pub ended: Vec<Request>,
    /// Who is to be asked, or told that they are.
    pub questions: Vec<PlannedQuestion>,
    /// What requests gave that ended, and since when nothing of it is given.
    pub taken: Vec<Taken>,
}

/// A request that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestNow {
    pub request: Request,
    /// Why it gives nothing yet, or no longer, in a sentence.
    pub waits: Option<String>,
    /// People have to agree, and nobody can be asked.
    pub is_unasked: bool,
    /// What must not be held together and would be.
    pub conflicts: Vec<String>,
}

/// An entitlement, as the file writes it, that a request gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub target: ConnectorName,
    pub entitlement: String,
    pub since: Timestamp,
    pub cause: Cause,
}

/// Requests before rules are asked.
pub(super) fn standing(
    policy: &Policy,
    (identity, state, start): (IdentityId, &StateNow, Option<Timestamp>),
    kept: &Kept,
    now: Timestamp,
) -> RequestsNow {
    let mut standing = RequestsNow { start, ..RequestsNow::default() };
    let Some(requests) = kept.requests.get(&identity) else { return standing };
    for request in requests.iter().filter(|it| it.is_open()) {
        if let Some(ended) = request.ends(state, start, now) {
            standing.ended.push(Request { ended: Some(ended), ..request.clone() });
            continue;
        }
        let known = policy.access.requestable.contains_key(&request.access);
        let waits = match (known, request.from.filter(|from| *from > now)) {
            (false, _) => Some("the file no longer says that it can be asked for".to_owned()),
            (true, _) if request.is_unanswered() => Some(unanswered(request)),
            (true, Some(from)) => Some(format!("begins at {from:.0}")),
            (true, None) => None,
        };
        let request = request.clone();
        standing.open.push(RequestNow { request, waits, is_unasked: false, conflicts: Vec::new() });
    }
    standing
}

fn unanswered(request: &Request) -> String {
    match &request.asked {
        Some(asked) => format!(
            "waits for approval {}, stage {} of {}, no longer than until {:.0}",
            request.id,
            asked.approved.len() + 1,
            asked.stages.len(),
            asked.expires
        ),
        None => "nobody is asked yet".to_owned(),
    }
}

impl RequestsNow {
    /// Those that give something now.
    pub(super) fn in_force(&self) -> Vec<Request> {
        let giving = self.open.iter().filter(|it| it.waits.is_none());
        giving.map(|it| it.request.clone()).collect()
    }

    /// Looks what could not be held together with what is asked for, and what
    /// has nothing to hold it.
    pub(super) fn look(
        &mut self,
        subject: &Subject<'_>,
        (wishes, settled): (&[Wish], &Settled),
        identity: &Identity,
    ) {
        for now in &mut self.open {
            if now.request.is_unanswered() {
                now.conflicts = conflicts(subject, wishes, (identity, settled), &now.request);
            }
            let taken = settled.access.reviewed.requests.get(&now.request.id);
            if let (Side::Entitlement { .. }, None, Some(cause)) =
                (&now.request.access, &now.waits, taken)
            {
                now.waits = Some(cause.clone());
            }
            if let Side::Entitlement { target, .. } = &now.request.access
                && now.waits.is_none()
                && !settled.wanted.contains_key(target)
            {
                now.waits = Some(format!("there is no account at {target} to hold it"));
            }
        }
        let Subject { policy, scope, observed, .. } = subject;
        let before = observed.kept.requests.get(&subject.id).into_iter().flatten();
        for request in before.chain(&self.ended).filter(|it| it.given.is_some()) {
            let Some(ended) = &request.ended else { continue };
            let taken = access::gives(policy, scope, &request.access).into_iter();
            self.taken.extend(taken.map(|(target, entitlement)| Taken {
                target,
                entitlement,
                since: ended.at,
                cause: request.cause(),
            }));
        }
    }

    /// Whether people have to be asked or told, or may not be there any more.
    pub(super) fn due(&self, policy: &Policy) -> bool {
        self.open.iter().any(|it| question(policy, &it.request).is_some())
    }

    /// Who is asked what; whoever cannot be is told in `waits`.
    pub(super) fn ask(
        &mut self,
        policy: &Policy,
        about: &About<'_>,
        reach: &Reach<'_>,
        now: Timestamp,
    ) {
        for it in &mut self.open {
            let RequestNow { request, waits, is_unasked, conflicts } = it;
            let Some(approve) = question(policy, request) else { continue };
            let action = Action::Approve(approve.clone());
            let conflicts = conflicts.join("; ");
            let topic = Topic::Request { request, conflicts: &conflicts };
            let teller = Teller { policy, about, topic, action: &action, reach };
            // Who is told nothing has nothing to be told.
            let is_told =
                |asked: &Asked| approve.template.is_none() || asked.rounds >= asked.rounds_due(now);
            let effect = match request.asked.as_ref().filter(|asked| is_told(asked)) {
                Some(asked) => teller.others(approve, asked, now).transpose(),
                None => Some(teller.effect(now)),
            };
            match effect {
                None => {}
                Some(Ok(effect)) => self.questions.push(PlannedQuestion {
                    identity: about.id,
                    request: request.id.clone(),
                    effect,
                    causes: vec![request.cause()],
                }),
                Some(Err(sentence)) => {
                    *is_unasked = true;
                    *waits = Some(request.unasked(&sentence));
                }
            }
        }
    }
}

/// On which terms a request is asked about, while nobody has answered.
fn question<'p>(policy: &'p Policy, request: &Request) -> Option<&'p Approve<Template>> {
    let approve = policy.access.requestable.get(&request.access)?.approval.as_ref()?;
    request.is_unanswered().then_some(approve)
}

/// What would stand between a request and what else they have.
fn conflicts(
    subject: &Subject<'_>,
    wishes: &[Wish],
    (identity, settled): (&Identity, &Settled),
    request: &Request,
) -> Vec<String> {
    let Subject { policy, entitlements, facts, scope, state, others, now, .. } = *subject;
    if policy.access.separations.is_empty() {
        return Vec::new();
    }
    let more = [subject.requests, std::slice::from_ref(request)].concat();
    let subject = Subject { requests: &more, ..*subject };
    let besides = Besides { requests: &more, ..Besides::nothing(now) };
    let about = (facts, scope, state);
    let given = jobs::given(policy, Some(entitlements), about, others, &besides);
    let Ok(given) = given else { return Vec::new() };
    let Ok(with) = access::settle(&subject, wishes, given, identity) else { return Vec::new() };
    let new = with.access.conflicts.iter().filter(|it| !settled.access.conflicts.contains(it));
    new.map(ToString::to_string).collect()
}

/// Whether somebody has requests that hang on other people.
pub(crate) fn hang_on_others(kept: &Kept, ids: impl Iterator<Item = IdentityId>) -> bool {
    let mut requests = ids.filter_map(|id| kept.requests.get(&id)).flatten();
    requests.any(Request::is_unanswered)
}
