//! Answers that get lost on the way are found again in the same run.

use super::{
    CHANGES, JOINERS, Stage, before,
    world::{World, ready},
};

/// One apply ends well and leaves nothing to do, whatever gets lost.
async fn survives(test: &str, stage: Stage, faults: &[&str], limits: &str) {
    if !ready(test) {
        return;
    }
    let mut undisturbed = before(stage, &[]).await;
    undisturbed.recover("undisturbed").await;
    let wanted = undisturbed.truth().await;
    for fault in faults {
        let mut world = World::start(&[fault], None, limits).await;
        world.people(JOINERS);
        if stage >= Stage::Changes {
            world.recover(fault).await;
            world.people(CHANGES);
        }
        one_apply(&mut world, fault, &wanted).await;
    }
}

async fn one_apply(world: &mut World, case: &str, wanted: &str) {
    let output = world.apply().await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{case}: {said}");
    assert_eq!(world.truth().await, wanted, "{case}: {said}");
    world.recover(case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_fails_on_the_way_is_there_exactly_once() {
    let faults = [
        r#"{"method": "POST", "path": "/Users", "drop": "after-applying", "times": 2}"#,
        r#"{"method": "POST", "path": "/Users", "drop": "before-applying", "times": 2}"#,
        r#"{"method": "POST", "path": "/Users", "half": true}"#,
        r#"{"method": "POST", "path": "/Users", "status": 500}"#,
        r#"{"method": "POST", "path": "/Users", "html": true}"#,
        r#"{"method": "POST", "path": "/Users", "status": 429, "retry-after": 1, "times": 2}"#,
    ];
    let test = "a_create_that_fails_on_the_way_is_there_exactly_once";
    survives(test, Stage::Joiners, &faults, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_takes_longer_than_its_time_is_there_exactly_once() {
    let fault = r#"{"method": "POST", "path": "/Users", "delay-ms": 600000}"#;
    let test = "a_create_that_takes_longer_than_its_time_is_there_exactly_once";
    survives(test, Stage::Joiners, &[fault], "limits = { wall-time = \"3s\" }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_on_the_way_is_made() {
    let faults = [
        r#"{"method": "PATCH", "path": "/Users", "drop": "after-applying"}"#,
        r#"{"method": "PATCH", "path": "/Users", "drop": "before-applying"}"#,
        r#"{"method": "PATCH", "path": "/Groups", "drop": "after-applying", "skip": 3}"#,
    ];
    survives("a_change_that_fails_on_the_way_is_made", Stage::Changes, &faults, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_closes_instead_of_answering_has_everybody_once() {
    if !ready("a_directory_that_closes_instead_of_answering_has_everybody_once") {
        return;
    }
    let mut undisturbed = before(Stage::Joiners, &[]).await;
    undisturbed.recover("undisturbed").await;
    let wanted = undisturbed.truth().await;
    for write in [1, 5, 9] {
        let mut world = World::start(&[], Some(write), "").await;
        world.people(JOINERS);
        one_apply(&mut world, &format!("write {write}"), &wanted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_world_changed_is_refused_and_nothing_is_done() {
    if !ready("a_plan_whose_world_changed_is_refused_and_nothing_is_done") {
        return;
    }
    let mut world = World::start(&[], None, "").await;
    world.people(JOINERS);
    let plan = world.lanyard(&["plan", "--out", "plan.json"]).output().await.unwrap();
    assert_eq!(plan.status.code(), Some(0));
    world.people(CHANGES);
    let output = world.lanyard(&["apply", "plan.json", "--yes"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(75));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the world changed since plan"), "{said}");
    assert!(said.contains("nothing was done"), "{said}");
    assert_eq!(*world.writes.borrow(), 0);
    assert_eq!(world.truth().await, "");
    world.people(JOINERS);
    let output = world.lanyard(&["apply", "plan.json", "--yes"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
