//! Plans that others have to agree to, in a simulation: asked, and answered
//! by nobody.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Inquiry, InquiryKind, Simulation, released};
use crate::{
    approval::{
        Agreement, ApprovalEnd, Asker, Asks, Looked, PlanApproval, Standing, Unasked, Unread,
    },
    diff::Names,
    guard::{Finding, blocked},
    id::{Digest, IdentityId, OperationId},
    identity::{facts_now, label},
    policy::Policy,
    whole::Look,
};

/// What of a plan waits for people.
#[derive(Default)]
pub(super) struct Agreements {
    pub findings: Vec<Finding>,
    pub inquiries: Vec<Inquiry>,
}

impl Simulation<'_> {
    /// Asks about what nothing else holds back, and holds it back.
    pub(super) fn agreements(
        &mut self,
        look: &Look,
        found: &[Finding],
        at: Timestamp,
    ) -> Agreements {
        let mut agreements = Agreements::default();
        let Some(digest) = self.digest(look) else { return agreements };
        let besides = blocked(&look.plan, found, &released(found));
        let known = self.approvals.clone();
        let looked = looked((self.policy, &known), look, &digest, at);
        let over = looked.over(&Unread::default());
        let by = Asker { user: String::new(), identity: None };
        let Asks { letters, unasked } = looked.questions(&besides, &by);
        agreements.findings = looked.findings(&by);
        for letter in &letters {
            agreements.inquiries.push(self.question(look, &letter.approval, at));
        }
        for Unasked { rule, why, .. } in unasked {
            let name = rule.to_string();
            let text = format!("waits for somebody to agree, and {why}");
            if self.unasked.insert(format!("{name}: {text}")) {
                let (kind, people) = (InquiryKind::Approval, BTreeSet::new());
                agreements.inquiries.push(Inquiry { kind, name, people, lines: vec![text] });
            }
        }
        let asked = letters.into_iter().map(|letter| letter.approval);
        for approval in over.into_iter().chain(asked) {
            self.keep(approval);
        }
        agreements
    }

    /// What was agreed to before is so once.
    pub(super) fn used(&mut self, look: &Look, stopped: &BTreeSet<OperationId>, at: Timestamp) {
        let Some(digest) = self.digest(look) else { return };
        let done = look.plan.operations.iter().map(|it| it.id);
        let done = done.filter(|id| !stopped.contains(id)).collect();
        let looked = looked((self.policy, &self.approvals), look, &digest, at);
        for approval in looked.used(&done) {
            self.keep(approval);
        }
    }

    /// What it means that nobody has answered by now.
    pub(super) fn passed(&mut self, at: Timestamp) -> Vec<Inquiry> {
        let mut passed = Vec::new();
        let mut kept = std::mem::take(&mut self.approvals);
        for approval in &mut kept {
            let lines = match approval.standing(at) {
                Standing::No(ApprovalEnd::Expired) if approval.ended.is_none() => {
                    approval.ended = Some((at, ApprovalEnd::Expired));
                    vec![format!("nobody has answered, which is a no: {}", about(approval))]
                }
                Standing::Open if approval.asked.rounds < approval.asked.rounds_due(at) => {
                    approval.asked = approval.asked.clone().told(at);
                    let to = self.called(approval.asked.waits_for(at), at);
                    let about = about(approval);
                    vec![format!("nobody has answered yet, and {to} may: {about}")]
                }
                _ => continue,
            };
            passed.push(inquiry(approval, lines));
        }
        self.approvals = kept;
        passed
    }

    /// When something of it changes by time.
    pub(super) fn moments_of_approvals(&self) -> BTreeSet<Timestamp> {
        let open = self.approvals.iter().filter(|it| it.is_unanswered());
        let moments = open.flat_map(|it| {
            let escalated = it.asked.escalate.iter().map(|(from, _)| *from);
            escalated.chain([it.asked.expires]).collect::<Vec<_>>()
        });
        moments.collect()
    }

    /// None: nothing in the file has to be agreed to.
    fn digest(&self, look: &Look) -> Option<Digest> {
        let any = !self.policy.access.approvals.is_empty() && !look.plan.is_empty();
        // A plan is JSON always; without a digest nothing is asked.
        any.then(|| look.plan.digest().ok()).flatten()
    }

    fn question(&self, look: &Look, approval: &PlanApproval, at: Timestamp) -> Inquiry {
        let stages = approval.asked.stages.iter().map(|stage| self.called(stage.clone(), at));
        let stages = stages.collect::<Vec<_>>().join(", then ");
        let (until, about) = (approval.asked.expires, about(approval));
        let mut lines = vec![format!("? ask {stages} to agree until {until:.0}: {about}")];
        let names = Names::new(&look.observed.targets);
        let part = approval.part(&look.plan, &[]);
        let siblings: Vec<_> = look.plan.operations.iter().collect();
        lines.extend(part.operations.iter().map(|operation| {
            let own = siblings.iter().filter(|it| it.identity == operation.identity);
            let own: Vec<_> = own.copied().collect();
            let who = look.plan.labels.get(&operation.identity).map_or("", String::as_str);
            format!("{who} waits: {}", names.headline(operation, &own))
        }));
        inquiry(approval, lines)
    }

    /// "Bob Example or Grace Example"
    pub(super) fn called(
        &self,
        people: impl IntoIterator<Item = IdentityId>,
        at: Timestamp,
    ) -> String {
        let names = people.into_iter().map(|id| {
            let known = self.whole.assembled().identity(id);
            known.map_or_else(|| id.to_string(), |it| label(it, &facts_now(it, at)))
        });
        names.collect::<Vec<_>>().join(" or ")
    }

    fn keep(&mut self, approval: PlanApproval) {
        match self.approvals.iter_mut().find(|it| it.id == approval.id) {
            Some(known) => *known = approval,
            None => self.approvals.push(approval),
        }
    }
}

fn looked<'a>(
    (policy, known): (&'a Policy, &'a [PlanApproval]),
    look: &'a Look,
    digest: &'a Digest,
    now: Timestamp,
) -> Looked<'a> {
    let Look { assembled, observed, desired, plan } = look;
    Looked { policy, plan, digest, assembled, desired, observed, known, now }
}

fn about(approval: &PlanApproval) -> String {
    match &approval.about {
        Agreement::Operations(_) => approval.asked.reason.clone(),
        Agreement::Release(_) => approval.about.to_string(),
    }
}

fn inquiry(approval: &PlanApproval, lines: Vec<String>) -> Inquiry {
    let (kind, name) = (InquiryKind::Approval, approval.rule.to_string());
    Inquiry { kind, name, people: approval.people.clone(), lines }
}
