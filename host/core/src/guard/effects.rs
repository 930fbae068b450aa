//! What a leaver needs of a target: nobody is given what could not be taken
//! away again.

use std::collections::BTreeSet;

use super::{Finding, FindingKind, GuardSettings};
use crate::{
    desired::managed_object,
    observed::Observed,
    operation::OperationKind,
    plan::Plan,
    policy::TargetPolicy,
    schema::{DisableEffect, Schema},
};

/// Effects that the file requires of disabling and the connector does not
/// promise; all of them while nobody can tell which accounts are meant.
pub fn unpromised(policy: &TargetPolicy, schema: &Schema) -> BTreeSet<DisableEffect> {
    let Some(object) = managed_object(policy, schema) else { return policy.requires.clone() };
    let capabilities = &object.capabilities;
    if !capabilities.disable {
        return policy.requires.clone();
    }
    policy.requires.difference(&capabilities.leaver_effects()).copied().collect()
}

/// "`blocks-login`, `ends-sessions`"
pub fn words(effects: &BTreeSet<DisableEffect>) -> String {
    let words: Vec<String> = effects.iter().map(|effect| format!("`{}`", effect.word())).collect();
    words.join(", ")
}

pub(super) fn missing(
    settings: &GuardSettings<'_>,
    plan: &Plan,
    observed: &Observed,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (target, policy) in &settings.requires {
        let Some(there) = observed.targets.get(*target) else { continue };
        let missing = unpromised(policy, &there.schema);
        if missing.is_empty() {
            continue;
        }
        let gives = |kind: OperationKind| {
            matches!(kind, OperationKind::Create | OperationKind::Enable | OperationKind::Grant)
        };
        let here = plan.operations.iter().filter(|it| it.target == **target);
        findings.push(Finding {
            kind: FindingKind::DisableEffects,
            target: Some((*target).clone()),
            text: format!(
                "disabling an account at {target} does not do what `require` in [target.{target}] \
                 asks for ({}): nothing is given there that a leaver could not be relieved of. \
                 Change the system or its connector; or take it out of `require`",
                words(&missing)
            ),
            blocks: here.filter(|it| gives(it.change.kind())).map(|it| it.id).collect(),
        });
    }
    findings
}
