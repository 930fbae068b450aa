//! What people hold together and should not; it blocks nothing, for access
//! that somebody has is not taken away by it.

use std::collections::BTreeMap;

use super::{Finding, FindingKind};
use crate::{
    id::SeparationName,
    plan::{Plan, PlannedConflict},
};

/// How many people a finding names.
const MOST: usize = 10;

pub(super) fn findings(plan: &Plan) -> Vec<Finding> {
    let mut by_name: BTreeMap<(u32, &SeparationName), Vec<&PlannedConflict>> = BTreeMap::new();
    for conflict in &plan.conflicts {
        by_name.entry((conflict.line, &conflict.separation)).or_default().push(conflict);
    }
    let finding = |((line, name), conflicts): ((u32, &SeparationName), Vec<&PlannedConflict>)| {
        let mut who: Vec<String> = conflicts
            .iter()
            .take(MOST)
            .map(|conflict| {
                let id = conflict.identity.to_string();
                let label = plan.labels.get(&conflict.identity).unwrap_or(&id);
                format!("{label} ({})", conflict.sides.join(" and "))
            })
            .collect();
        if conflicts.len() > MOST {
            who.push(format!("{} more", conflicts.len() - MOST));
        }
        Finding {
            kind: FindingKind::Separation,
            target: None,
            text: format!(
                "`{name}` (line {line}) is to be kept apart and is held together by {}; take one \
                 from them, or write an exception",
                who.join(", ")
            ),
            blocks: Vec::new(),
        }
    };
    by_name.into_iter().map(finding).collect()
}
