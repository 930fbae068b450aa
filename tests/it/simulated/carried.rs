//! Steps that components carry out: sent at most once, whatever the process
//! dies at, unless they certainly had no effect.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use lanyard::{
    connector::{Outcome, Status, StepCall, StepComponent, WriteContext},
    reconcile::Stop,
    store::StoreError,
};
use lanyard_core::{
    fault::Fault,
    id::{Digest, IdentityId},
    workflow::{
        Action, ConditionDefinition, Definition, Episode, Given, On, OnFailure, StepDefinition,
        StepRecord, TaskDefinition, Workflow,
    },
};

use super::firm::{Firm, policy};

fn named<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> T {
    name.parse().unwrap()
}

/// Marks what it did in its journal, as the contract asks, and counts it.
struct Carrier {
    plugin: Digest,
    sent: Mutex<Vec<(String, u32)>>,
    recalled: Mutex<Vec<Option<String>>>,
}

#[async_trait]
impl StepComponent for Carrier {
    fn plugin(&self) -> &Digest {
        &self.plugin
    }

    async fn plan(&self, _call: &StepCall) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    async fn run(&self, context: WriteContext, call: &StepCall) -> Result<Outcome, Fault> {
        assert_eq!(call.request.with["who"], Given::One("Ada".to_owned()));
        self.sent.lock().unwrap().push((context.idempotency_key.clone(), context.attempt));
        let recalled = context.journal.recall("done").await.unwrap();
        self.recalled.lock().unwrap().push(recalled);
        // The store may have died; what was done is done.
        let _lost = context.journal.mark("done", "yes").await;
        Ok(Outcome {
            status: Status::Applied,
            account: None,
            side_effects: Vec::new(),
            failed: Vec::new(),
        })
    }

    async fn poll(&self, _context: WriteContext, _ticket: &str) -> Result<Outcome, Fault> {
        unreachable!("nothing was pending")
    }
}

fn definition() -> Definition {
    let with = BTreeMap::from([("who".to_owned(), Given::One("{{ given_name }}".to_owned()))]);
    Definition {
        name: named("carried"),
        on: On::Demand,
        when: ConditionDefinition::default(),
        steps: vec![StepDefinition {
            id: named("hand"),
            task: TaskDefinition::Do(Action::Run { component: named("handover"), with }),
            after: BTreeSet::new(),
            when: ConditionDefinition::default(),
            timeout: None,
            on_failure: OnFailure::Ask,
        }],
    }
}

/// Ada is in the workflow; the store fails at its change number `left`.
async fn firm(left: &Arc<AtomicI64>) -> (Firm, Arc<Carrier>, IdentityId) {
    let counted = Arc::clone(left);
    let mut firm = Firm::beside(
        &[("Ada", "Support")],
        Box::new(move |_side, _method| {
            if counted.load(Ordering::SeqCst) >= 0 && counted.fetch_sub(1, Ordering::SeqCst) == 0 {
                return Err(StoreError::Damaged("the process died here".to_owned()));
            }
            Ok(())
        }),
    );
    let definition = definition();
    let mut policy = policy();
    let workflow = Workflow::compile(&definition, Some(1), &mut policy.expressions).unwrap();
    policy.workflows.push(workflow);
    policy.steps.components.insert(named("handover"), BTreeSet::new());
    firm.context.policy = Arc::new(policy);
    let carrier = Arc::new(Carrier {
        plugin: Digest::of("plugin"),
        sent: Mutex::default(),
        recalled: Mutex::default(),
    });
    let component = Arc::<Carrier>::clone(&carrier);
    firm.context.connectors.components.insert(named("handover"), component);
    assert!(firm.run().await.is_clean());
    let store = &firm.context.store;
    let ada = store.identities().await.unwrap()[0].id;
    let began = (firm.context.clock)();
    store.know_workflows(std::slice::from_ref(&definition), began).await.unwrap();
    let episode = Episode {
        identity: ada,
        workflow: definition.name.clone(),
        ordinal: 1,
        version: definition.version().unwrap(),
        began,
        by: Some("operator".to_owned()),
        end: None,
        left: None,
        steps: BTreeMap::new(),
        tried: BTreeMap::new(),
    };
    store.record_episodes(&[(episode, None)]).await.unwrap();
    (firm, carrier, ada)
}

async fn ended(firm: &Firm, ada: IdentityId) -> &'static str {
    let kept = firm.context.store.workflows().await.unwrap();
    match kept.latest(ada, &named("carried")).unwrap().steps.get("hand") {
        Some(StepRecord::Ended { end, .. }) => end.word(),
        _ => "open",
    }
}

/// Survey and run, with the store failing at that change; false when there
/// are not so many.
async fn dies_at(boundary: i64) -> (Firm, Arc<Carrier>, IdentityId, bool) {
    let left = Arc::new(AtomicI64::new(-1));
    let (firm, carrier, ada) = firm(&left).await;
    left.store(boundary, Ordering::SeqCst);
    if let Ok(survey) = lanyard::reconcile::survey(&firm.context).await {
        let _died = firm.execute(&survey, &Stop::default()).await;
    }
    let died = left.swap(-1, Ordering::SeqCst) < 0;
    for _ in 0..3 {
        firm.settle().await;
        firm.run().await;
    }
    (firm, carrier, ada, died)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_sent_to_its_component_at_most_once_wherever_the_process_dies() {
    let mut ends: BTreeSet<(usize, &str)> = BTreeSet::new();
    for boundary in 0.. {
        let (firm, carrier, ada, died) = dies_at(boundary).await;
        let sent = carrier.sent.lock().unwrap().len();
        let end = ended(&firm, ada).await;
        ends.insert((sent, end));
        assert!(sent <= 1, "sent {sent} times after boundary {boundary}");
        if !died {
            break;
        }
    }
    assert_eq!(ends, BTreeSet::from([(0, "unknown"), (1, "done"), (1, "unknown")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_it_tried_anew_under_the_same_key_and_it_remembers() {
    for boundary in 0.. {
        let (firm, carrier, ada, died) = dies_at(boundary).await;
        assert!(died, "no boundary left one unknown after it was sent");
        let sent = carrier.sent.lock().unwrap().len();
        if sent == 0 || ended(&firm, ada).await != "unknown" {
            continue;
        }
        let now = (firm.context.clock)();
        lanyard::reconcile::say_of_step(
            firm.context.store.as_ref(),
            ada,
            (&named("carried"), &named("hand")),
            lanyard::reconcile::Saying::Retry,
            ("operator", now),
        )
        .await
        .unwrap();
        firm.run().await;
        let sent = carrier.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].0, sent[1].0, "another key would be another step");
        assert_eq!((sent[0].1, sent[1].1), (1, 2));
        let recalled = carrier.recalled.lock().unwrap().clone();
        if recalled[1].as_deref() == Some("yes") {
            assert_eq!(ended(&firm, ada).await, "done");
            return;
        }
    }
}
