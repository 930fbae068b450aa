//! Plans that need the agreement of people.
//!
//! What gives access can wait for them, and what a person wants to release.
//! Nothing that takes access away ever does: no rule can speak of it, so that
//! a plan that waits for everybody still closes every leaver.

mod ask;
mod carried;
mod judge;
mod over;
mod release;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    guard::{Finding, FindingKind},
    id::{ApprovalName, ConnectorName, Digest, IdentityId},
    operation::{Event, Operation, OperationKind},
    plan::Plan,
    template::Template,
    workflow::{Approve, Asked, Delivery},
};

pub use self::{
    ask::{Asks, Unasked},
    judge::Looked,
    over::Unread,
    release::Release,
};

#[cfg(test)]
pub(crate) use self::judge::key as key_of;

/// What was agreed to and not carried out for so long is agreed to no longer.
pub const AGREED_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);

/// An `[approval.…]` of the file.
#[derive(Debug)]
pub struct ApprovalRule {
    pub name: ApprovalName,
    /// Line in the operator's file, from 1.
    pub line: u32,
    /// Findings that nobody releases alone.
    pub releases: BTreeSet<FindingKind>,
    pub gives: Gives,
    pub approve: Approve<Template>,
}

impl ApprovalRule {
    /// Who decides and in what time: what tells it from a rule of the same
    /// name that asks others.
    pub fn terms(&self) -> Option<Digest> {
        let Approve { stages, expire, reason: _, escalate, template: _ } = &self.approve;
        let escalate = escalate.as_ref().map(|(after, whom)| (after.as_secs(), whom));
        Digest::of_json(&(stages, expire.as_secs(), escalate)).ok()
    }
}

/// Which operations wait; only such as give access can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gives {
    /// All of them.
    pub everything: bool,
    /// Grants of what is privileged.
    pub privileged: bool,
    /// All of a kind where a plan has more of it than this.
    pub more_than: BTreeMap<OperationKind, u32>,
}

/// What can wait for people: it gives access, and ejects nobody.
pub fn gives(operation: &Operation) -> bool {
    let kind = operation.change.kind();
    let giving =
        matches!(kind, OperationKind::Create | OperationKind::Enable | OperationKind::Grant);
    giving && operation.event != Event::Eject
}

/// A question about a plan, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanApproval {
    /// What people call it by: the beginning is enough.
    pub id: String,
    /// By which `[approval.…]`.
    pub rule: ApprovalName,
    /// On whose [terms](ApprovalRule::terms).
    #[serde(default)]
    pub terms: Option<Digest>,
    /// The plan in which it was asked.
    pub plan: Digest,
    /// That plan undoes another one: no look at what is desired says whether
    /// it is still to be carried out.
    #[serde(default)]
    pub undoing: bool,
    pub about: Agreement,
    /// Whom it concerns: they do not decide.
    pub people: BTreeSet<IdentityId>,
    pub by: Asker,
    pub at: Timestamp,
    pub asked: Asked,
    /// How those are called who agreed.
    pub agreed: Vec<String>,
    /// Since when nobody has to agree any more.
    pub given: Option<Timestamp>,
    pub ended: Option<(Timestamp, ApprovalEnd)>,
}

/// What is agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Operations, by what tells each from every other.
    Operations(BTreeMap<Digest, Waiting>),
    /// Findings, of the plan that it was asked in and of no other.
    Release(BTreeSet<FindingKind>),
}

/// An operation that waits for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub identity: IdentityId,
    pub target: ConnectorName,
    /// It has been carried out, or is no longer to be.
    pub over: bool,
}

/// Who began what is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// The OS user.
    pub user: String,
    /// Who that is among the people, where the file says so.
    pub identity: Option<IdentityId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalEnd {
    /// Somebody who was asked said no.
    Denied {
        by: String,
        /// Who that is.
        #[serde(default)]
        who: Option<IdentityId>,
    },
    /// Nobody answered in time.
    Expired,
    /// Nothing of it is to be done any more.
    Over,
    /// What was released by it has been carried out.
    Used,
    /// It was agreed to, and not carried out in time.
    Lapsed,
    /// The file asks for it no more, or asks others.
    Changed,
    /// It was a no, and a person wants it asked anew.
    Anew { by: String },
}

impl ApprovalEnd {
    /// Without names of people.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "denied",
            Self::Expired => "not answered",
            Self::Over => "over",
            Self::Used => "carried out",
            Self::Lapsed => "not carried out in time",
            Self::Changed => "the file asks others",
            Self::Anew { .. } => "to be asked anew",
        }
    }
}

impl fmt::Display for ApprovalEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { by, who: _ } => write!(f, "denied by {by}"),
            Self::Expired => f.write_str("answered by nobody in time, which is a no"),
            Self::Over => f.write_str("nothing of it is left to do"),
            Self::Used => f.write_str("it was carried out"),
            Self::Lapsed => f.write_str("agreed to, and not carried out in time"),
            Self::Changed => f.write_str("the file asks for it no more, or asks others"),
            Self::Anew { by } => write!(f, "to be asked anew, says {by}"),
        }
    }
}

impl PlanApproval {
    /// Whether people still have to agree.
    pub fn is_unanswered(&self) -> bool {
        self.ended.is_none() && self.given.is_none()
    }

    /// Those who may not decide about it.
    pub fn own(&self) -> BTreeSet<IdentityId> {
        self.people.iter().copied().chain(self.by.identity).collect()
    }

    /// How it stands; nobody has to look in time.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match &self.ended {
            Some((_, end @ (ApprovalEnd::Denied { .. } | ApprovalEnd::Expired))) => {
                Standing::No(end.clone())
            }
            Some(_) => Standing::Over,
            None => match self.given {
                Some(given) if now.duration_since(given) >= AGREED_FOR => Standing::Over,
                Some(_) => Standing::Given,
                None if self.asked.expires <= now => Standing::No(ApprovalEnd::Expired),
                None => Standing::Open,
            },
        }
    }

    /// Operations it still speaks of.
    pub fn waiting(&self) -> impl Iterator<Item = (&Digest, &Waiting)> {
        let operations = match &self.about {
            Agreement::Operations(operations) => Some(operations),
            Agreement::Release(_) => None,
        };
        operations.into_iter().flatten().filter(|(_, waiting)| !waiting.over)
    }

    /// Without these, which are done or no longer to be.
    #[must_use]
    pub fn without(&self, over: &BTreeSet<Digest>, now: Timestamp) -> Self {
        let mut approval = self.clone();
        if let Agreement::Operations(operations) = &mut approval.about {
            for (_, waiting) in operations.iter_mut().filter(|(key, _)| over.contains(*key)) {
                waiting.over = true;
            }
            if operations.values().all(|waiting| waiting.over) && approval.ended.is_none() {
                approval.ended = Some((now, ApprovalEnd::Over));
            }
        }
        approval
    }

    /// Whether it is asked as the file says by now.
    pub fn is_of(&self, rules: &[ApprovalRule]) -> bool {
        rules.iter().any(|rule| rule.name == self.rule && rule.terms() == self.terms)
    }

    /// As it is after an answer of somebody and how they are called; `asked`
    /// with it.
    #[must_use]
    pub fn answered(
        self,
        (asked, no): (Asked, bool),
        (who, label): (IdentityId, String),
        at: Timestamp,
    ) -> Self {
        let mut approval = self;
        if no {
            approval.ended = Some((at, ApprovalEnd::Denied { by: label, who: Some(who) }));
        } else {
            approval.agreed.push(label);
            approval.given = asked.is_agreed().then_some(at);
        }
        approval.asked = asked;
        approval
    }

    /// What of the plan is asked about and not over, for people to read.
    pub fn part(&self, plan: &Plan, findings: &[Finding]) -> Plan {
        let left: BTreeSet<&Digest> = self.waiting().map(|(key, _)| key).collect();
        let released = self.released(findings);
        let meant = |operation: &&Operation| {
            judge::key(operation).is_some_and(|key| left.contains(&key))
                || released.iter().any(|it| it.blocks.contains(&operation.id))
        };
        let operations = plan.operations.iter().filter(meant).cloned().collect();
        let erases =
            |it: &Finding| matches!(it.kind, FindingKind::MassErase | FindingKind::ClockJump);
        let erasures = if released.iter().any(erases) { plan.erasures.clone() } else { Vec::new() };
        Plan { operations, erasures, labels: plan.labels.clone(), ..Plan::default() }
    }

    /// The findings that are to be released.
    pub fn released(&self, findings: &[Finding]) -> Vec<Finding> {
        let Agreement::Release(kinds) = &self.about else { return Vec::new() };
        findings.iter().filter(|it| kinds.contains(&it.kind)).cloned().collect()
    }

    /// As it is when somebody wants to have it asked anew.
    #[must_use]
    pub fn anew(self, by: &str, now: Timestamp) -> Self {
        let ended = Some((now, ApprovalEnd::Anew { by: by.to_owned() }));
        Self { ended, ..self }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Open,
    Given,
    No(ApprovalEnd),
    /// It counts for nothing.
    Over,
}

/// A question to be asked, or of which others have to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// As it is from then on.
    pub approval: PlanApproval,
    pub deliveries: Vec<Delivery>,
    /// Why some of those who are asked cannot be told so.
    pub untold: Vec<String>,
}

impl fmt::Display for PlanApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of plan {}", self.about, self.plan.short())
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operations(operations) => {
                f.write_str(&crate::diff::counted(operations.len(), "operation", "operations"))
            }
            Self::Release(findings) => {
                let words: Vec<&str> = findings.iter().map(|kind| kind.word()).collect();
                write!(f, "the release of {}", words.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
