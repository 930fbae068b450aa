use std::collections::BTreeMap;

use lanyard_core::{
    id::{StepName, WorkflowName},
    workflow::{ConditionDefinition, Definition, Episode, EpisodeEnd, On, StepEnd, StepRecord},
};

use super::example::{ada, at, bob, entry};
use crate::store::{AuditFilter, Store};

fn definition(name: &str) -> Definition {
    Definition {
        name: WorkflowName::new(name).unwrap(),
        on: On::Demand,
        when: ConditionDefinition::default(),
        steps: Vec::new(),
    }
}

pub(crate) fn episode(ordinal: u32) -> Episode {
    let definition = definition("leaver");
    Episode {
        identity: ada(),
        workflow: definition.name.clone(),
        ordinal,
        version: definition.version().unwrap(),
        began: at(1),
        by: None,
        end: None,
        left: None,
        steps: BTreeMap::new(),
        tried: BTreeMap::new(),
    }
}

pub(crate) async fn a_workflow_keeps_the_time_it_was_first_known(store: &dyn Store) {
    let (leaver, joiner) = (definition("leaver"), definition("joiner"));
    store.know_workflows(std::slice::from_ref(&leaver), at(1)).await.unwrap();
    store.know_workflows(&[leaver.clone(), joiner.clone()], at(2)).await.unwrap();
    let known = store.workflows().await.unwrap().known_since;
    assert_eq!(known, BTreeMap::from([(leaver.name, at(1)), (joiner.name, at(2))]));
}

pub(crate) async fn every_form_of_a_workflow_is_kept(store: &dyn Store) {
    let first = definition("leaver");
    let changed = Definition { on: On::Changed([].into()), ..first.clone() };
    for form in [&first, &changed, &first] {
        store.know_workflows(std::slice::from_ref(form), at(1)).await.unwrap();
    }
    let kept = store.definitions().await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.contains(&first) && kept.contains(&changed));
}

pub(crate) async fn the_latest_episode_counts_and_what_began_is_audited(store: &dyn Store) {
    let mut second = episode(2);
    for it in [episode(1), second.clone()] {
        store.record_episodes(&[(it, Some(entry(1, "workflow")))]).await.unwrap();
    }
    let record = StepRecord::Ended { at: at(3), end: StepEnd::Done };
    second.steps.insert(StepName::new("off").unwrap(), record);
    let end = Some(EpisodeEnd::Before { at: at(1) });
    let of_bob = Episode { identity: bob(), end, ..episode(1) };
    let both = [(second.clone(), Some(entry(3, "workflow"))), (of_bob.clone(), None)];
    store.record_episodes(&both).await.unwrap();
    let by_name = |it: Episode| BTreeMap::from([(it.workflow.clone(), it)]);
    let expected = BTreeMap::from([(ada(), by_name(second)), (bob(), by_name(of_bob))]);
    assert_eq!(store.workflows().await.unwrap().episodes, expected);
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 3);
}
