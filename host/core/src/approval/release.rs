//! Findings that nobody releases alone.

use std::collections::BTreeSet;

use super::{
    Agreement, ApprovalRule, Asker, Letter, Looked, PlanApproval, Standing,
    ask::{Subject, said},
};
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
    /// Of what is to be released, what stands in this plan, and people have
    /// agreed to where they have to.
    pub fn honoured(
        &self,
        findings: &[Finding],
        released: &BTreeSet<FindingKind>,
        by: &Asker,
    ) -> BTreeSet<FindingKind> {
        let stands =
            |kind: FindingKind| findings.iter().any(|it| it.kind == kind && it.holds_back());
        let may = |kind: FindingKind| self.release(findings, &[kind].into(), by).waits.is_empty();
        released.iter().copied().filter(|kind| stands(*kind) && may(*kind)).collect()
    }

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
            let standing: Vec<&Finding> = findings.iter().filter(stands).collect();
            if !standing.is_empty() {
                self.by_rule_released(rule, (kinds, &standing), by, &mut release);
            }
        }
        release
    }

    fn by_rule_released(
        &self,
        rule: &ApprovalRule,
        (kinds, standing): (BTreeSet<FindingKind>, &[&Finding]),
        by: &Asker,
        release: &mut Release,
    ) {
        let covers = |it: &&PlanApproval| {
            let named = matches!(&it.about, Agreement::Release(of) if kinds.is_subset(of));
            let standing = it.standing(self.now);
            // Who is asked on other terms than the file's decides nothing.
            let asked = standing != Standing::Open || it.terms == rule.terms();
            named
                && it.rule == rule.name
                && it.plan == *self.digest
                && standing != Standing::Over
                && asked
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
        let freed: BTreeSet<OperationId> =
            standing.iter().flat_map(|finding| finding.blocks.iter().copied()).collect();
        let freed = self.plan.operations.iter().filter(|it| freed.contains(&it.id));
        let freed: Vec<&Operation> = freed.collect();
        let people: BTreeSet<IdentityId> = freed.iter().map(|it| it.identity).collect();
        let reason = if freed.is_empty() {
            // It frees no operation: what it is about is in its own words.
            standing.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(" ")
        } else {
            said(&desk, &freed, &people)
        };
        let about = Agreement::Release(kinds);
        match self.ask(&desk, rule, Subject { about, people, reason }, by) {
            Ok(letter) => {
                let how = self.how(&desk, &letter.approval, &Standing::Open);
                release.waits.push(format!("{what}: {how}"));
                release.asks.push(letter);
            }
            Err(sentence) => release.waits.push(format!("{what}, and {sentence}")),
        }
    }
}
