//! Facts that steps set: of the lowest authority, and kept apart from what
//! sources say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Fact, Identity, RecordKey},
    id::{ConnectorName, FactName, IdentityId, StepName, WorkflowName},
    policy::Policy,
    value::Value,
    workflow::{Action, Effect, PlannedStep, TaskDefinition},
};

/// The source that they come from; no other may be called so.
pub const OURS: &str = "lanyard";

/// A fact that a step set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFact {
    pub identity: IdentityId,
    pub fact: FactName,
    pub value: String,
    pub workflow: WorkflowName,
    pub step: StepName,
    pub since: Timestamp,
}

impl OwnFact {
    /// What a step that sets a fact sets, from `since` on; none for another
    /// one.
    pub fn of(step: &PlannedStep, since: Timestamp) -> Option<Self> {
        let Effect::SetFact { fact, value } = &step.effect else { return None };
        Some(Self {
            identity: step.identity,
            fact: fact.clone(),
            value: value.clone(),
            workflow: step.workflow.clone(),
            step: step.step.clone(),
            since,
        })
    }
}

/// Adds them where no source gives the fact.
pub fn add_own_facts(identities: &mut [Identity], own: &[OwnFact]) {
    let Ok(source) = ConnectorName::new(OURS) else { return };
    let mut by_identity: BTreeMap<IdentityId, Vec<&OwnFact>> = BTreeMap::new();
    for fact in own {
        by_identity.entry(fact.identity).or_default().push(fact);
    }
    for identity in identities {
        for own in by_identity.remove(&identity.id).unwrap_or_default() {
            let facts = identity.facts.entry(own.fact.clone()).or_default();
            if facts.iter().any(|fact| !fact.values.is_empty()) {
                continue;
            }
            *facts = vec![Fact {
                values: vec![Value::Text(own.value.clone())],
                record: RecordKey { source: source.clone(), key: own.workflow.to_string() },
                from: vec![own.step.to_string()],
                learned: own.since,
                effective_from: None,
                effective_until: None,
            }];
        }
    }
}

/// Takes them out again: they are kept elsewhere.
pub fn without_own_facts(identities: &mut [Identity]) {
    for identity in identities {
        for facts in identity.facts.values_mut() {
            facts.retain(|fact| fact.record.source.as_str() != OURS);
        }
        identity.facts.retain(|_, facts| !facts.is_empty());
    }
}

/// The facts that steps of the file set.
pub fn set_facts(policy: &Policy) -> impl Iterator<Item = &FactName> {
    let steps = policy.workflows.iter().flat_map(|workflow| &workflow.definition.steps);
    steps.filter_map(|step| match &step.task {
        TaskDefinition::Do(Action::SetFact { fact, .. }) => Some(fact),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn identity(given: &[(&str, &[&str])]) -> Identity {
        let hr = ConnectorName::new("hr").unwrap();
        let record = RecordKey { source: hr.clone(), key: "1001".to_owned() };
        let fact = |values: &[&str]| Fact {
            values: values.iter().map(|it| Value::Text((*it).to_owned())).collect(),
            record: record.clone(),
            from: Vec::new(),
            learned: Timestamp::UNIX_EPOCH,
            effective_from: None,
            effective_until: None,
        };
        let facts = given
            .iter()
            .map(|(name, values)| (FactName::new(*name).unwrap(), vec![fact(values)]))
            .collect::<BTreeMap<_, _>>();
        Identity {
            id: IdentityId::first_seen(&hr, "1001"),
            records: vec![record.clone()],
            facts,
            absent_since: None,
            unreadable: Vec::new(),
            unchanged: [].into(),
        }
    }

    fn with_own(given: &[(&str, &[&str])]) -> String {
        let mut people = [identity(given)];
        let own = OwnFact {
            identity: people[0].id,
            fact: FactName::new("handed_over").unwrap(),
            value: "yes".to_owned(),
            workflow: WorkflowName::new("leaver").unwrap(),
            step: StepName::new("done").unwrap(),
            since: Timestamp::UNIX_EPOCH,
        };
        add_own_facts(&mut people, &[own]);
        let facts = &people[0].facts["handed_over"];
        assert_eq!(facts.len(), 1);
        format!("{} from {}", facts[0].values[0], facts[0].record.source)
    }

    #[test]
    fn a_fact_of_ours_counts_where_no_source_gives_one() {
        assert_eq!(with_own(&[]), "yes from lanyard");
        assert_eq!(with_own(&[("handed_over", &[])]), "yes from lanyard");
        assert_eq!(with_own(&[("handed_over", &["no"])]), "no from hr");
    }
}
