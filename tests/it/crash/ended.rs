//! Ended by a person, and what a process left that nobody can look into.

use std::{process::ExitStatus, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
};

use super::{
    JOINERS, Stage, before,
    world::{World, ready},
};

fn interrupt(child: &Child) {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
}

async fn ended(child: &mut Child) -> ExitStatus {
    tokio::time::timeout(Duration::from_secs(20), child.wait()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once_and_nothing_is_lost() {
    if !ready("a_second_signal_ends_it_at_once_and_nothing_is_lost") {
        return;
    }
    let mut undisturbed = before(Stage::Joiners, &[]).await;
    undisturbed.recover("undisturbed").await;
    let wanted = undisturbed.truth().await;
    // One create is left hanging for longer than anybody waits.
    let fault = r#"{"method": "POST", "path": "/Users", "delay-ms": 600000, "times": 1}"#;
    let limits = "limits = { wall-time = \"10m\" }";
    let mut world = World::start(&[fault], None, limits).await;
    world.people(JOINERS);
    let mut child = world.lanyard(&["--log", "warn", "apply", "--yes"]).spawn().unwrap();
    let without_it = *undisturbed.writes.borrow() - 1;
    world.writes.wait_for(|seen| *seen >= without_it).await.unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    interrupt(&child);
    loop {
        let line = said.next_line().await.unwrap().expect("it ended at the first signal");
        if line.contains("stopping after the operations that are under way") {
            break;
        }
    }
    interrupt(&child);
    assert_eq!(ended(&mut child).await.code(), Some(130));
    world.recover("a second signal").await;
    assert_eq!(world.truth().await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_open_of_an_earlier_run_ends_with_66() {
    if !ready("what_stays_open_of_an_earlier_run_ends_with_66") {
        return;
    }
    let world = before(Stage::Joiners, &[]).await;
    world.crash("after intend 1").await;
    world.forget_targets();
    for verb in [&["plan"][..], &["apply", "--yes"], &["run", "once"]] {
        let output = world.lanyard(verb).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // Which target was sent to first is chance.
        let open = said.lines().filter(|line| line.starts_with("still uncertain: "));
        let open: Vec<&str> = open.filter(|it| it.ends_with("no longer in the file")).collect();
        assert!(!open.is_empty(), "{said}");
        assert_eq!(output.status.code(), Some(66), "{verb:?}: {said}");
    }
}
