//! By whose agreement each operation of a plan is carried out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Agreement, Looked, PlanApproval, Standing, judge::key};
use crate::{
    guard::{Finding, FindingKind},
    id::{Digest, OperationId},
};

impl Looked<'_> {
    /// Operations that somebody agreed to or released, each with a sentence of
    /// ids; `by` releases.
    pub fn agreed(
        &self,
        findings: &[Finding],
        released: &BTreeSet<FindingKind>,
        by: &str,
    ) -> BTreeMap<OperationId, String> {
        let mut agreed: BTreeMap<OperationId, Vec<String>> = BTreeMap::new();
        let given = || self.known.iter().filter(|it| it.standing(self.now) == Standing::Given);
        let mut by_key: BTreeMap<&Digest, Vec<&PlanApproval>> = BTreeMap::new();
        for approval in given() {
            approval.waiting().for_each(|(key, _)| by_key.entry(key).or_default().push(approval));
        }
        for operation in &self.plan.operations {
            let of_it = key(operation).and_then(|key| by_key.get(&key));
            let words = of_it.into_iter().flatten().map(|it| said(it));
            for word in words {
                agreed.entry(operation.id).or_default().push(word);
            }
        }
        for finding in findings.iter().filter(|it| released.contains(&it.kind)) {
            let of_it = given().filter(|it| {
                it.plan == *self.digest
                    && matches!(&it.about, Agreement::Release(kinds) if kinds.contains(&finding.kind))
            });
            let released = format!("`{}` released by {by}", finding.kind.word());
            let words: Vec<String> = std::iter::once(released).chain(of_it.map(said)).collect();
            let word = words.join(", ");
            for id in &finding.blocks {
                agreed.entry(*id).or_default().push(word.clone());
            }
        }
        agreed.into_iter().map(|(id, words)| (id, words.join("; "))).collect()
    }
}

/// "approval 1a2b3c4d by ID, ID"
fn said(approval: &PlanApproval) -> String {
    let by: Vec<String> = approval.asked.approved.iter().map(|it| it.by.to_string()).collect();
    format!("approval {} by {}", approval.id, by.join(", "))
}
