//! `kill -9` anywhere: afterwards every account exists exactly once, in the
//! applications' own state, and the second plan is empty.

mod ended;
mod lost;
mod world;

use self::world::{World, killed, ready};

/// Two of them have one name.
const JOINERS: &str = "\
key,given_name,family_name,department,title,status
E1,Ada,Example,Sales,Head,Active
E2,Ben,Example,Sales,Seller,Active
E3,Cyd,Sample,Sales,Seller,Active
E4,Dot,Sample,Support,Agent,Active
E5,Eve,Tester,Support,Agent,Active
E6,Ada,Example,Support,Agent,Active
";

/// E1 leaves Sales, E2 leaves, E3 marries, E4 comes to Sales, E7 is new.
const CHANGES: &str = "\
key,given_name,family_name,department,title,status
E1,Ada,Example,Support,Head,Active
E2,Ben,Example,Sales,Seller,Former
E3,Cyd,Wedded,Sales,Head,Active
E4,Dot,Sample,Sales,Seller,Active
E5,Eve,Tester,Support,Agent,Active
E6,Ada,Example,Support,Agent,Active
E7,Flo,Tester,Sales,Seller,Active
";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Joiners,
    Changes,
    Deletions,
}

/// Everything before the stage is done; what the stage is about is not.
async fn before(stage: Stage, faults: &[&str]) -> World {
    let world = World::start(faults, None, "").await;
    world.people(JOINERS);
    if stage >= Stage::Changes {
        world.recover("joiners").await;
        world.people(CHANGES);
    }
    if stage >= Stage::Deletions {
        world.recover("changes").await;
        world.delete_leavers();
    }
    world
}

/// The same, and the stage done without a crash.
async fn undisturbed(stage: Stage) -> World {
    let world = before(stage, &[]).await;
    world.recover("undisturbed").await;
    world
}

async fn killed_at(stage: Stage, points: &[&str]) {
    let wanted = undisturbed(stage).await.truth().await;
    for point in points {
        let mut world = before(stage, &[]).await;
        world.crash(point).await;
        world.recover(point).await;
        assert_eq!(world.truth().await, wanted, "killed {point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_crash_everybody_has_what_they_should() {
    if !ready("without_a_crash_everybody_has_what_they_should") {
        return;
    }
    let mut world = before(Stage::Joiners, &[]).await;
    world.recover("joiners").await;
    insta::assert_snapshot!(world.truth().await, @r#"
    crm E1 "ada-example" active sales
    crm E2 "ben-example" active sales
    crm E3 "cyd-sample" active sales
    directory E1 "ada-example" active staff sales
    directory E2 "ben-example" active staff sales
    directory E3 "cyd-sample" active staff sales
    directory E4 "dot-sample" active staff
    directory E5 "eve-tester" active staff
    directory E6 "ada-example2" active staff
    "#);
    world.people(CHANGES);
    world.recover("changes").await;
    insta::assert_snapshot!(world.truth().await, @r#"
    crm E1 "ada-example" off
    crm E2 "ben-example" off
    crm E3 "cyd-wedded" active sales
    crm E4 "dot-sample" active sales
    crm E7 "flo-tester" active sales
    directory E1 "ada-example" active staff
    directory E2 "ben-example" off
    directory E3 "cyd-wedded" active staff sales
    directory E4 "dot-sample" active staff sales
    directory E5 "eve-tester" active staff
    directory E6 "ada-example2" active staff
    directory E7 "flo-tester" active staff sales
    "#);
    world.delete_leavers();
    world.recover("deletions").await;
    insta::assert_snapshot!(world.truth().await, @r#"
    crm E3 "cyd-wedded" active sales
    crm E4 "dot-sample" active sales
    crm E7 "flo-tester" active sales
    directory E1 "ada-example" active staff
    directory E3 "cyd-wedded" active staff sales
    directory E4 "dot-sample" active staff sales
    directory E5 "eve-tester" active staff
    directory E6 "ada-example2" active staff
    directory E7 "flo-tester" active staff sales
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_a_boundary_while_people_join() {
    if !ready("killed_at_a_boundary_while_people_join") {
        return;
    }
    let points = [
        "before record-identities 1",
        "after record-identities 1",
        "before record-observation 1",
        "after record-observation 2",
        "before save-plan 1",
        "after save-plan 1",
        "before begin-run 1",
        "after begin-run 1",
        "before claim 1",
        "after claim 1",
        "before intend 1",
        "after intend 1",
        "before intend 8",
        "after intend 8",
        "before mark 1",
        "after mark 1",
        "before mark 4",
        "after mark 4",
        "before answer 1",
        "after answer 1",
        "before answer 6",
        "after answer 6",
        "before answer 15",
        "before end-run 1",
        "after end-run 1",
    ];
    killed_at(Stage::Joiners, &points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_a_boundary_while_people_move_and_leave() {
    if !ready("killed_at_a_boundary_while_people_move_and_leave") {
        return;
    }
    let points = [
        "after intend 1",
        "after intend 5",
        "before answer 1",
        "before answer 2",
        "before answer 3",
        "before answer 4",
        "before answer 6",
        "before answer 8",
        "before answer 10",
        "after answer 5",
        "before end-run 1",
    ];
    killed_at(Stage::Changes, &points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_a_boundary_while_accounts_are_deleted() {
    if !ready("killed_at_a_boundary_while_accounts_are_deleted") {
        return;
    }
    killed_at(Stage::Deletions, &["after intend 1", "before answer 1", "after answer 1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_ten_random_points_of_an_apply() {
    if !ready("killed_at_ten_random_points_of_an_apply") {
        return;
    }
    let mut undisturbed = undisturbed(Stage::Joiners).await;
    let wanted = undisturbed.truth().await;
    let all = u64::try_from(*undisturbed.writes.borrow()).unwrap();
    for seed in 1..=10_u64 {
        // SplitMix64, one step.
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        random = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        random = (random ^ (random >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Late enough to have written, early enough to be still at it.
        let writes = usize::try_from(1 + (random ^ (random >> 31)) % (all - 5)).unwrap();
        eprintln!("seed {seed}: killed after {writes} writes of {all}");
        let mut world = before(Stage::Joiners, &[]).await;
        let mut child = world.begin_apply();
        world.writes.wait_for(|seen| *seen >= writes).await.unwrap();
        child.start_kill().unwrap();
        assert!(killed(child.wait().await.unwrap()), "seed {seed}: it had ended before");
        world.recover(&format!("seed {seed}")).await;
        assert_eq!(world.truth().await, wanted, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_target_has_applied_a_create_and_not_answered() {
    if !ready("killed_while_the_target_has_applied_a_create_and_not_answered") {
        return;
    }
    let fault = r#"{"method": "POST", "path": "/Users", "delay-ms": 600000, "times": 1}"#;
    let mut world = before(Stage::Joiners, &[fault]).await;
    // The rest of the apply goes on; only that create is left hanging.
    let mut undisturbed = undisturbed(Stage::Joiners).await;
    let without_it = *undisturbed.writes.borrow() - 1;
    let mut child = world.begin_apply();
    world.writes.wait_for(|seen| *seen >= without_it).await.unwrap();
    child.start_kill().unwrap();
    assert!(killed(child.wait().await.unwrap()));
    world.recover("killed in the call").await;
    assert_eq!(world.truth().await, undisturbed.truth().await);
}

/// Between the rename and the groups that hold the old name, give or take.
#[tokio::test(flavor = "multi_thread")]
async fn killed_as_soon_as_an_account_was_renamed() {
    if !ready("killed_as_soon_as_an_account_was_renamed") {
        return;
    }
    let wanted = undisturbed(Stage::Changes).await.truth().await;
    for _ in 0..3 {
        let mut world = before(Stage::Changes, &[]).await;
        let mut child = world.begin_apply();
        while !world.has_renamed() {
            world.writes.changed().await.unwrap();
        }
        child.start_kill().unwrap();
        assert!(killed(child.wait().await.unwrap()));
        world.recover("after the rename").await;
        assert_eq!(world.truth().await, wanted);
    }
}
