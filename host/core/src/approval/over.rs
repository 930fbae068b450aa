//! Agreements that are over.

use std::collections::BTreeSet;

use super::{Agreement, ApprovalEnd, Looked, PlanApproval, Standing, Waiting, judge::key};
use crate::{
    guard::FindingKind,
    id::{ConnectorName, Digest, OperationId},
};

/// What a look could not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    pub sources: BTreeSet<ConnectorName>,
    pub targets: BTreeSet<ConnectorName>,
}

impl Looked<'_> {
    /// Agreements that are over, or as they are by now: what is not to be done
    /// any more is no longer agreed to, where that is known.  A no stays one.
    pub fn over(&self, unread: &Unread) -> Vec<PlanApproval> {
        let planned: BTreeSet<Digest> = self.plan.operations.iter().filter_map(key).collect();
        let rules = &self.policy.access.approvals;
        let ends = |approval: &PlanApproval| {
            let standing = approval.standing(self.now);
            if approval.ended.is_none() && standing == Standing::Over {
                return Some(ApprovalEnd::Lapsed);
            }
            let asks = rules.iter().any(|rule| rule.name == approval.rule);
            match standing {
                Standing::Over => None,
                _ if !asks => Some(ApprovalEnd::Changed),
                Standing::Open if !approval.is_of(rules) => Some(ApprovalEnd::Changed),
                Standing::No(ApprovalEnd::Expired) if approval.ended.is_none() => {
                    Some(ApprovalEnd::Expired)
                }
                Standing::No(_) | Standing::Open | Standing::Given => None,
            }
        };
        let mut changed = Vec::new();
        for approval in self.known {
            if let Some(end) = ends(approval) {
                changed.push(approval.clone().ends(end, self.now));
                continue;
            }
            let answered = matches!(approval.standing(self.now), Standing::No(_) | Standing::Over);
            if answered || approval.undoing {
                continue;
            }
            let gone = approval
                .waiting()
                .filter(|(key, waiting)| !planned.contains(*key) && self.tells(waiting, unread));
            let gone: BTreeSet<Digest> = gone.map(|(key, _)| key.clone()).collect();
            if !gone.is_empty() {
                changed.push(approval.without(&gone, self.now));
            }
        }
        changed
    }

    /// Whether a look that does not want it says that it is not to be done:
    /// it was made of all that speaks of it.
    fn tells(&self, Waiting { identity, target, .. }: &Waiting, unread: &Unread) -> bool {
        let person = self.desired.identities.get(identity);
        let decided = person.is_none_or(|it| it.holds.is_empty() && it.unread.is_empty());
        let there = self.observed.targets.get(target);
        let seen = !unread.targets.contains(target)
            && there.is_none_or(|it| it.accounts_coverage.proves_absence());
        // A table says something of people who have no record in it.
        let tables = &self.policy.tables;
        let told = !unread.sources.iter().any(|source| tables.contains_key(source));
        let records = self.assembled.identity(*identity).into_iter().flat_map(|it| &it.records);
        let mut records = records.filter(|record| unread.sources.contains(&record.source));
        decided && seen && told && records.next().is_none()
    }

    /// Agreements without what `done` says has been carried out.
    pub fn used(&self, done: &BTreeSet<OperationId>) -> Vec<PlanApproval> {
        let done = self.plan.operations.iter().filter(|it| done.contains(&it.id));
        let done: BTreeSet<Digest> = done.filter_map(key).collect();
        let known = self.known.iter().filter(|it| it.standing(self.now) == Standing::Given);
        let used = known.map(|approval| (approval, approval.without(&done, self.now)));
        used.filter(|(before, after)| *before != after).map(|(_, after)| after).collect()
    }

    /// Agreements to releasing these of this plan, which are for one run.
    pub fn spent(&self, released: &BTreeSet<FindingKind>) -> Vec<PlanApproval> {
        let of = |it: &&PlanApproval| {
            let named = matches!(&it.about, Agreement::Release(of) if !of.is_disjoint(released));
            named && it.plan == *self.digest && it.standing(self.now) == Standing::Given
        };
        let spent = self.known.iter().filter(of).cloned();
        spent.map(|it| it.ends(ApprovalEnd::Used, self.now)).collect()
    }
}

impl PlanApproval {
    fn ends(self, end: ApprovalEnd, now: jiff::Timestamp) -> Self {
        Self { ended: Some((now, end)), ..self }
    }
}
