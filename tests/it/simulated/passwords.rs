//! A new password is the one that was told, or nobody takes it for that,
//! wherever the process dies.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use lanyard::reconcile::Stop;
use lanyard_core::{
    schema::CredentialAbility,
    workflow::{Action, Recipient, TaskDefinition},
};

use super::{
    pace::no_writes,
    steps::{ended, firm},
};

fn making() -> (TaskDefinition, &'static str) {
    let action = Action::Credential {
        target: "directory".parse().unwrap(),
        to: vec![Recipient::Mail("it@example.org".to_owned())],
        template: "note".parse().unwrap(),
        length: 16,
        must_change: false,
        again: false,
    };
    (TaskDefinition::Do(action), "{{ login }} {{ credential }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_works_was_told_last_wherever_the_process_dies() {
    let mut ends: BTreeSet<(usize, usize, &str)> = BTreeSet::new();
    for boundary in 0.. {
        let left = Arc::new(AtomicI64::new(-1));
        let (firm, letters, ada) = firm(&left, making()).await;
        firm.directory.inner().abilities.insert(CredentialAbility::SetPassword);
        left.store(boundary, Ordering::SeqCst);
        let survey = lanyard::reconcile::survey(&firm.context).await;
        let died = match survey {
            Ok(survey) => firm.execute(&survey, &Stop::default()).await.is_err(),
            Err(_) => true,
        };
        left.store(-1, Ordering::SeqCst);
        for _ in 0..4 {
            firm.settle().await;
            firm.run().await;
        }
        let set = firm.directory.inner().passwords.clone();
        let told = letters.taken.lock().unwrap().clone();
        let end = ended(&firm, ada).await;
        assert_ne!(end, "open", "after boundary {boundary}");
        assert!(told.len() <= 1, "one that was told is not told of again by itself");
        if let Some(last) = told.last() {
            let works = set.last().unwrap();
            assert_eq!(last.body, format!("ada {works}"), "after boundary {boundary}");
        }
        assert!(!told.is_empty() || end == "unknown", "{end} after boundary {boundary}");
        ends.insert((set.len(), told.len(), end));
        if !died {
            break;
        }
    }
    // One that was set before the process died is replaced; one that may have
    // been told is not.
    let expected = [(1, 0, "unknown"), (1, 1, "done"), (1, 1, "unknown"), (2, 1, "done")];
    assert_eq!(ends, BTreeSet::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_set_while_nothing_is_written_there() {
    let (mut firm, letters, ada) = firm(&Arc::new(AtomicI64::new(-1)), making()).await;
    firm.directory.inner().abilities.insert(CredentialAbility::SetPassword);
    let free = firm.context.connectors.targets["directory"].gate.clone();
    let now = (firm.context.clock)();
    no_writes(&mut firm, "directory", now);
    firm.run().await;
    assert_eq!(firm.directory.inner().passwords, [""; 0]);
    assert_eq!(ended(&firm, ada).await, "open");
    firm.context.connectors.targets.get_mut("directory").unwrap().gate = free;
    firm.run().await;
    assert_eq!(firm.directory.inner().passwords.len(), 1);
    assert_eq!(letters.taken.lock().unwrap().len(), 1);
    assert_eq!(ended(&firm, ada).await, "done");
}
