use lanyard_core::{
    id::{FactName, StepName, WorkflowName},
    workflow::{OwnFact, StepEnd, StepRecord},
};

use super::{
    example::{ada, at, entry},
    workflows::episode,
};
use crate::store::{AuditFilter, Store};

fn own(value: &str) -> OwnFact {
    OwnFact {
        identity: ada(),
        fact: FactName::new("handed_over").unwrap(),
        value: value.to_owned(),
        workflow: WorkflowName::new("leaver").unwrap(),
        step: StepName::new("done").unwrap(),
        since: at(2),
    }
}

pub(crate) async fn a_fact_of_ours_is_kept_with_its_step_and_its_entry(store: &dyn Store) {
    let mut of_ada = episode(1);
    let ended = StepRecord::Ended { at: at(2), end: StepEnd::Done };
    of_ada.steps.insert(StepName::new("done").unwrap(), ended);
    store.set_fact(&own("no"), &of_ada, &entry(1, "step")).await.unwrap();
    store.set_fact(&own("yes"), &of_ada, &entry(2, "step")).await.unwrap();
    assert_eq!(store.own_facts().await.unwrap(), [own("yes")]);
    let kept = store.workflows().await.unwrap();
    assert_eq!(kept.latest(ada(), &of_ada.workflow), Some(&of_ada));
    assert_eq!(store.audit(&AuditFilter::default()).await.unwrap().len(), 2);
}
