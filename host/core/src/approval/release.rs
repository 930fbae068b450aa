//! Findings that nobody releases alone.

use std::collections::BTreeSet;

use super::{Agreement, ApprovalRule, Asker, Letter, Looked, PlanApproval, Standing};
use crate::{
    desired::desk::Everybody,
    guard::{Finding, FindingKind},
    id::{IdentityId, OperationId},
    operation::Operation,
};

/// What stands between a person and what they want to release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Questions to be asked.
    pub asks: Vec<Letter>,
    /// Why it is not released, in sentences; none: it is.
    pub waits: Vec<String>,
}

impl Looked<'_> {
    /// Whether `by` may release these findings of this plan.
    pub fn release(
        &self,
        findings: &[Finding],
        released: &BTreeSet<FindingKind>,
        by: &Asker,
    ) -> Release {
        let mut release = Release::default();
        for rule in &self.policy.access.approvals {
            let kinds: BTreeSet<FindingKind> =
                rule.releases.intersection(released).copied().collect();
            let stands = |it: &&Finding| kinds.contains(&it.kind) && it.holds_back();
            let mut standing = findings.iter().filter(stands).peekable();
            if standing.peek().is_none() {
                continue;
            }
            let freed: BTreeSet<OperationId> =
                standing.flat_map(|finding| finding.blocks.iter().copied()).collect();
            let freed = self.plan.operations.iter().filter(|it| freed.contains(&it.id));
            let freed: Vec<&Operation> = freed.collect();
            self.by_rule_released(rule, (kinds, &freed), by, &mut release);
        }
        release
    }

    fn by_rule_released(
        &self,
        rule: &ApprovalRule,
        (kinds, freed): (BTreeSet<FindingKind>, &[&Operation]),
        by: &Asker,
        release: &mut Release,
    ) {
        let covers = |it: &&PlanApproval| {
            let named = matches!(&it.about, Agreement::Release(of) if kinds.is_subset(of));
            named
                && it.rule == rule.name
                && it.plan == *self.digest
                && it.standing(self.now) != Standing::Over
        };
        let everybody = Everybody::of(self.assembled, self.desired, self.now);
        let desk = everybody.desk(self.policy);
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let what = format!(
            "releasing {} needs the agreement of others by `[approval.{}]` (line {})",
            words.join(", "),
            rule.name,
            rule.line
        );
        if let Some(approval) = self.known.iter().rfind(covers) {
            let standing = approval.standing(self.now);
            let agreed = |id: IdentityId| approval.asked.approved.iter().any(|it| it.by == id);
            if standing != Standing::Given {
                let how = self.how(&desk, approval, &standing);
                release.waits.push(format!("{what}: {how}"));
            } else if by.identity.is_some_and(agreed) {
                release.waits.push(format!("{what}, and whoever agreed does not release it"));
            }
            return;
        }
        match self.ask(&desk, rule, (Agreement::Release(kinds), freed), by.clone()) {
            Ok(letter) => {
                let how = self.how(&desk, &letter.approval, &Standing::Open);
                release.waits.push(format!("{what}: {how}"));
                release.asks.push(letter);
            }
            Err(sentence) => release.waits.push(format!("{what}, and {sentence}")),
        }
    }
}
