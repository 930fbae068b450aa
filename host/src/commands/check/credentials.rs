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
    let targets: Vec<&ConnectorName> = policy.targets.keys().collect();
    steps.into_iter().flat_map(|(step, action)| of_step(&step, action, &targets, &known)).collect()
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

fn of_step(
    step: &str,
    action: &Action<String>,
    targets_of_file: &[&ConnectorName],
    known: &Known<'_>,
) -> Vec<Unable> {
    match action {
        Action::EndCredentials { verb, targets } => {
            let what = match verb {
                CredentialVerb::EndSessions => "end sessions",
                CredentialVerb::Revoke => "revoke credentials",
            };
            let named =
                |name: &&ConnectorName| targets.as_ref().is_none_or(|it| it.contains(*name));
            let all = targets_of_file.iter().copied();
            let meant: Vec<&ConnectorName> = all.filter(named).collect();
            let cannot =
                |name: &&&ConnectorName| known.get(**name).is_some_and(|it| !it.ends(*verb));
            let unable: Vec<&&ConnectorName> = meant.iter().filter(cannot).collect();
            if unable.len() == meant.len() {
                let text = format!("{step}: no target of it can {what}");
                return vec![Unable { text, fails: true }];
            }
            let one = |name: &&ConnectorName| Unable {
                text: format!(
                    "{step}: the connector of `{name}` cannot {what}, so that the step fails there; \
                     `targets` leaves it out, and `on-failure` says what then"
                ),
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

#[cfg(test)]
mod tests {
    use lanyard_core::workflow::Recipient;

    use super::*;

    /// Of one target that can end sessions, and one that can do nothing.
    fn said(action: &Action<String>, can: &[CredentialAbility]) -> Vec<(bool, String)> {
        let (crm, wiki) = ("crm".parse().unwrap(), "wiki".parse().unwrap());
        let credential_abilities = can.iter().copied().collect();
        let able = Capabilities { credential_abilities, ..Capabilities::default() };
        let known = Known::from([(&crm, able), (&wiki, Capabilities::default())]);
        let unable = of_step("step `x`", action, &[&crm, &wiki], &known);
        unable.into_iter().map(|it| (it.fails, it.text)).collect()
    }

    fn ends(verb: CredentialVerb, target: Option<&str>) -> Action<String> {
        let targets = target.map(|name| [name.parse().unwrap()].into());
        Action::EndCredentials { verb, targets }
    }

    #[test]
    fn what_only_some_targets_cannot_is_a_note_and_what_none_can_a_failure() {
        use CredentialAbility::{EndSessions, RevokeAll};
        let note = "step `x`: the connector of `wiki` cannot end sessions, so that the step fails \
                    there; `targets` leaves it out, and `on-failure` says what then";
        let note = vec![(false, note.to_owned())];
        let all = ends(CredentialVerb::EndSessions, None);
        assert_eq!(said(&all, &[EndSessions]), note);
        assert_eq!(said(&all, &[RevokeAll]), note, "revoking ends sessions");
        assert_eq!(said(&ends(CredentialVerb::EndSessions, Some("crm")), &[EndSessions]), []);
        let fails = |what| vec![(true, format!("step `x`: no target of it can {what}"))];
        let wiki = ends(CredentialVerb::EndSessions, Some("wiki"));
        assert_eq!(said(&wiki, &[EndSessions]), fails("end sessions"));
        let revoke = ends(CredentialVerb::Revoke, None);
        assert_eq!(said(&revoke, &[EndSessions]), fails("revoke credentials"));
    }

    #[test]
    fn a_password_that_cannot_be_set_or_has_to_stay_is_told() {
        use CredentialAbility::{MustChange, SetPassword};
        let step = |must_change| Action::Credential {
            target: "crm".parse().unwrap(),
            to: vec![Recipient::Mail("it@example.org".to_owned())],
            template: "note".parse().unwrap(),
            length: 16,
            must_change,
            again: false,
        };
        let cannot = |what| vec![(true, format!("step `x`: the connector of `crm` cannot {what}"))];
        assert_eq!(said(&step(false), &[]), cannot("set a password"));
        let changed = "have a password changed at the first sign-in; `must-change = false` does \
                       without";
        assert_eq!(said(&step(true), &[SetPassword]), cannot(changed));
        assert_eq!(said(&step(false), &[SetPassword]), []);
        assert_eq!(said(&step(true), &[SetPassword, MustChange]), []);
    }
}
