//! The demo from outside: what it tells, and that all of it holds.

use std::process::{Command, Stdio};

use crate::built;

#[test]
fn the_demo_tells_the_same_story_every_time_and_every_claim_in_it_holds() {
    let programs = ["demo", "lanyard", "demo-crm", "demo-directory"];
    let Some((programs, plugins)) = built::all("demo", &programs, &["csv", "scim", "ldap"]) else {
        return;
    };
    let output = Command::new(programs.join("demo"))
        .arg("--programs")
        .arg(&programs)
        .arg("--plugins")
        .arg(&plugins)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let story = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{story}");
    assert!(story.lines().last().unwrap().starts_with("demo ok: identities="), "{story}");
    insta::assert_snapshot!(story);
}
