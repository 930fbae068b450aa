//! Steps with an effect: at most once, whatever the process dies at, and after
//! what takes access away.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use lanyard::{
    messenger::{Messenger, Outgoing, Sent},
    reconcile::Stop,
    store::StoreError,
};
use lanyard_core::{
    id::IdentityId,
    policy::{Message, Policy},
    workflow::{
        Action, Address, ConditionDefinition, Definition, Episode, On, OnFailure, Recipient,
        StepDefinition, StepRecord, TaskDefinition, Workflow,
    },
};

use super::firm::{Firm, policy};

fn named<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> T {
    name.parse().unwrap()
}

/// Takes every message, and what was written to targets before it.
#[derive(Default)]
pub(super) struct Letters {
    pub(super) taken: Mutex<Vec<Outgoing>>,
    log: Arc<Mutex<Vec<String>>>,
    before: Mutex<Vec<String>>,
}

#[async_trait]
impl Messenger for Letters {
    async fn send(&self, message: &Outgoing) -> Sent {
        self.taken.lock().unwrap().push(message.clone());
        self.before.lock().unwrap().clone_from(&self.log.lock().unwrap());
        Sent::Done
    }

    async fn reach(&self, _: &Address) -> Result<(), String> {
        Ok(())
    }
}

impl Letters {
    fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

/// Two are told, one after the other.
fn telling() -> (TaskDefinition, &'static str) {
    let to = vec![
        Recipient::Mail("it@example.org".to_owned()),
        Recipient::Mail("door@example.org".to_owned()),
    ];
    (TaskDefinition::Do(Action::Notify { to, template: named("note") }), "told")
}

/// A workflow with one step, and what its message says.
fn workflow((task, body): (TaskDefinition, &str)) -> (Policy, Definition) {
    let mut policy = policy();
    let definition = Definition {
        name: named("told"),
        on: On::Demand,
        when: ConditionDefinition::default(),
        steps: vec![StepDefinition {
            id: named("tell"),
            task,
            after: BTreeSet::new(),
            when: ConditionDefinition::default(),
            timeout: None,
            on_failure: OnFailure::Stop,
        }],
    };
    let mut text = |source: &str| {
        let template = policy.expressions.template(source).unwrap();
        BTreeMap::from([("en".to_owned(), template)])
    };
    let (subject, body) = (text("about {{ given_name }}"), text(body));
    let workflow = Workflow::compile(&definition, Some(1), &mut policy.expressions).unwrap();
    policy.workflows.push(workflow);
    policy.steps.messages.insert(named("note"), Message { subject, body });
    "en".clone_into(&mut policy.steps.language);
    (policy, definition)
}

/// A firm where Ada is in the workflow, and a store that fails before or
/// after its change number `left` from then on; a negative one never does.
pub(super) async fn firm(
    left: &Arc<AtomicI64>,
    step: (TaskDefinition, &str),
) -> (Firm, Arc<Letters>, IdentityId) {
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
    let (policy, definition) = workflow(step);
    let letters = Arc::new(Letters { log: Arc::clone(&firm.log), ..Letters::default() });
    firm.context.policy = Arc::new(policy);
    firm.context.messenger = Arc::<Letters>::clone(&letters);
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
    (firm, letters, ada)
}

pub(super) async fn ended(firm: &Firm, ada: IdentityId) -> &'static str {
    let kept = firm.context.store.workflows().await.unwrap();
    let told = kept.latest(ada, &named("told")).unwrap();
    match told.steps.get("tell") {
        Some(StepRecord::Ended { end, .. }) => end.word(),
        _ => "open",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_at_most_once_wherever_the_process_dies() {
    let mut ends: BTreeSet<(usize, &str)> = BTreeSet::new();
    for boundary in 0.. {
        let left = Arc::new(AtomicI64::new(-1));
        let (firm, letters, ada) = firm(&left, telling()).await;
        left.store(boundary, Ordering::SeqCst);
        let survey = lanyard::reconcile::survey(&firm.context).await;
        let died = match survey {
            Ok(survey) => firm.execute(&survey, &Stop::default()).await.is_err(),
            Err(_) => true,
        };
        left.store(-1, Ordering::SeqCst);
        for _ in 0..3 {
            firm.settle().await;
            firm.run().await;
        }
        let mut ids = BTreeSet::new();
        for message in letters.taken.lock().unwrap().iter() {
            assert!(ids.insert(message.id.clone()), "sent twice after boundary {boundary}");
        }
        let end = ended(&firm, ada).await;
        ends.insert((letters.count(), end));
        assert_ne!(end, "open", "after boundary {boundary}");
        // What is not known to be sent is told to be unknown.
        assert!(letters.count() == 2 || end == "unknown", "{} after {boundary}", letters.count());
        if !died {
            break;
        }
    }
    assert_eq!(ends, BTreeSet::from([(0, "unknown"), (1, "unknown"), (2, "done"), (2, "unknown")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_closed_before_anybody_is_told() {
    let left = Arc::new(AtomicI64::new(-1));
    let (firm, letters, _ada) = firm(&left, telling()).await;
    firm.sent();
    firm.people(&[]);
    firm.run().await;
    assert_eq!(letters.count(), 2);
    let before = letters.before.lock().unwrap().join("\n");
    assert!(before.contains("disable"), "{before}");
}
