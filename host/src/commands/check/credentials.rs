//! Whether what steps of workflows do with credentials can be done anywhere.

use std::collections::BTreeMap;

use lanyard_core::{
    desired::managed_object,
    id::ConnectorName,
    operation::CredentialVerb,
    policy::Policy,
    schema::{Capabilities, CredentialAbility},
    workflow::{Action, TaskDefinition},
};

use crate::connector::Connectors;

/// What cannot be done, in words.
pub(super) struct Unable {
    pub(super) text: String,
    /// The step can do nothing at all.
    pub(super) fails: bool,
}

/// What targets can do, of those that said it.
type Known<'a> = BTreeMap<&'a ConnectorName, Capabilities>;

pub(super) async fn unable(policy: &Policy, connectors: &Connectors) -> Vec<Unable> {
    let mut steps = Vec::new();
    for workflow in &policy.workflows {
        for step in &workflow.definition.steps {
            if let TaskDefinition::Do(
                action @ (Action::EndCredentials { .. } | Action::Credential { .. }),
            ) = &step.task
            {
                steps.push((format!("workflow `{}`, step `{}`", workflow.name, step.id), action));
            }
        }
    }
    if steps.is_empty() {
        return Vec::new();
    }
    let known = known(policy, connectors).await;
    steps.into_iter().flat_map(|(step, action)| of_step(&step, action, policy, &known)).collect()
}

async fn known<'a>(policy: &'a Policy, connectors: &Connectors) -> Known<'a> {
    let mut known = Known::new();
    for (name, target) in &policy.targets {
        let Some(attached) = connectors.targets.get(name) else { continue };
        // Why it says nothing is told where it is looked at.
        let Ok(schema) = attached.connector.discover().await else { continue };
        if let Some(object) = managed_object(target, &schema) {
            known.insert(name, object.capabilities.clone());
        }
    }
    known
}

fn of_step(step: &str, action: &Action<String>, policy: &Policy, known: &Known<'_>) -> Vec<Unable> {
    match action {
        Action::EndCredentials { verb, targets } => {
            let what = match verb {
                CredentialVerb::EndSessions => "end sessions",
                CredentialVerb::Revoke => "revoke credentials",
            };
            let named =
                |name: &&ConnectorName| targets.as_ref().is_none_or(|it| it.contains(*name));
            let meant: Vec<&ConnectorName> = policy.targets.keys().filter(named).collect();
            let cannot =
                |name: &&&ConnectorName| known.get(**name).is_some_and(|it| !it.ends(*verb));
            let unable: Vec<&&ConnectorName> = meant.iter().filter(cannot).collect();
            if unable.len() == meant.len() {
                let text = format!("{step}: no target of it can {what}");
                return vec![Unable { text, fails: true }];
            }
            let one = |name: &&ConnectorName| Unable {
                text: format!("{step}: the connector of `{name}` cannot {what}"),
                fails: false,
            };
            unable.into_iter().map(one).collect()
        }
        Action::Credential { target, must_change, .. } => {
            let Some(can) = known.get(target).map(|it| &it.credential_abilities) else {
                return Vec::new();
            };
            let what = if !can.contains(&CredentialAbility::SetPassword) {
                "set a password"
            } else if *must_change && !can.contains(&CredentialAbility::MustChange) {
                "have a password changed at the first sign-in; `must-change = false` does without"
            } else {
                return Vec::new();
            };
            let text = format!("{step}: the connector of `{target}` cannot {what}");
            vec![Unable { text, fails: true }]
        }
        _ => Vec::new(),
    }
}
