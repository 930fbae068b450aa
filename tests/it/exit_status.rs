//! The exit status is part of the interface: scripts go by it.

use lanyard::errors::Exit;

use crate::{
    built,
    desk::{Desk, PEOPLE, SOURCE, crm, with_target},
};

/// A desk, a command, and how it ends.
struct Case {
    name: &'static str,
    file: String,
    people: &'static str,
    command: &'static [&'static str],
    exit: Exit,
}

impl Case {
    fn new(name: &'static str, command: &'static [&'static str], exit: Exit) -> Self {
        Self { name, file: SOURCE.to_owned(), people: PEOPLE, command, exit }
    }

    fn file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }
}

const FAILING_TEST: &str = r#"
[[test]]
name = "nobody is active"
at = "2026-06-01"
facts = { given_name = "Ada" }
expect = { state = "departed" }
"#;

fn cases() -> Vec<Case> {
    let plan: &[&str] = &["plan"];
    vec![
        Case::new("a check", &["check"], Exit::Ok),
        Case::new("a plan", plan, Exit::Ok),
        Case::new("a schema", &["schema"], Exit::Ok),
        Case::new("help", &["--help"], Exit::Ok),
        Case::new("no verb", &[], Exit::Usage),
        Case::new("an unknown verb", &["destroy"], Exit::Usage),
        Case::new("an unknown option", &["plan", "--force"], Exit::Usage),
        Case::new("an unknown plan", &["apply", "0123456789ab"], Exit::Usage),
        Case::new("a plan named too briefly", &["apply", "abc"], Exit::Usage),
        Case::new("an unknown identity", &["explain", "E99"], Exit::Usage),
        Case::new("an unknown finding", &["apply", "--release", "all"], Exit::Usage),
        Case::new("no file", &["-c", "other.toml", "plan"], Exit::Config),
        Case::new("a key nobody knows", plan, Exit::Config).file("[sauce.hr]\n"),
        Case::new("a test that fails", &["check", "--offline"], Exit::Config)
            .file(format!("{SOURCE}{FAILING_TEST}")),
        Case { people: "", ..Case::new("a source that cannot be read", plan, Exit::Connector) },
        Case { people: "", ..Case::new("the same, checked", &["check"], Exit::Connector) },
        Case::new("no component", &["plugin", "inspect", "people.csv"], Exit::Connector),
        Case::new("a store that is none", plan, Exit::Store)
            .file(format!("[store]\npath = \"people.csv\"\n{SOURCE}")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_with_the_status_that_is_documented() {
    let test = "every_command_ends_with_the_status_that_is_documented";
    for case in cases() {
        let Some(desk) = Desk::new(test) else { return };
        desk.configure(&case.file).write("people.csv", case.people);
        let said = desk.run(case.command).await;
        let expected = Some(case.exit as i32);
        assert_eq!(said.status, expected, "{}: {}{}", case.name, said.stdout, said.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_held_back_ends_with_65() {
    let Some(desk) = Desk::new("work_held_back_ends_with_65") else { return };
    let crm = crm(&desk, &[]).await;
    let file = with_target(crm.address(), "protected = [\"ada.example\"]");
    desk.configure(&file).write("people.csv", PEOPLE);
    let planned = desk.run(&["plan"]).await;
    assert_eq!(planned.status, Some(Exit::Blocked as i32), "{}{}", planned.stdout, planned.stderr);
    let applied = desk.run(&["apply", "--yes"]).await;
    assert_eq!(applied.status, Some(Exit::Blocked as i32), "{}{}", applied.stdout, applied.stderr);
}

/// `script` gives it a terminal to ask at.
#[tokio::test(flavor = "multi_thread")]
async fn saying_no_ends_as_the_plan_does() {
    let test = "saying_no_ends_as_the_plan_does";
    let Some(desk) = Desk::new(test) else { return };
    if built::there(test, "/usr/bin/script".into()).is_none() {
        return;
    }
    let crm = crm(&desk, &[]).await;
    let held = with_target(crm.address(), "protected = [\"ada.example\"]");
    for (file, status) in [(with_target(crm.address(), ""), Exit::Ok), (held, Exit::Blocked)] {
        desk.configure(&file).write("people.csv", PEOPLE);
        let said = desk.answer("no", &["apply"]).await;
        assert!(said.stdout.contains("[y/N]"), "{said:?}");
        assert_eq!(said.status, Some(status as i32), "{said:?}");
        assert_eq!(desk.run(&["plan"]).await.status, Some(status as i32));
    }
    assert_eq!(std::fs::read_to_string(desk.path("crm.log")).unwrap_or_default(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_failed_ends_with_66() {
    let Some(desk) = Desk::new("work_that_failed_ends_with_66") else { return };
    let crm = crm(&desk, &[r#"{"status": 400, "method": "POST", "times": null}"#]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    let said = desk.run(&["apply", "--yes"]).await;
    assert_eq!(said.status, Some(Exit::Failed as i32), "{}{}", said.stdout, said.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_another_world_ends_with_75_and_does_nothing() {
    let Some(desk) = Desk::new("a_plan_for_another_world_ends_with_75_and_does_nothing") else {
        return;
    };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    desk.run(&["plan", "--out", "plan.json"]).await;
    desk.write("people.csv", format!("{PEOPLE}E4,Dora,Esempio,Legal\n"));
    let said = desk.run(&["apply", "--yes", "plan.json"]).await;
    assert_eq!(said.status, Some(Exit::Changed as i32), "{}{}", said.stdout, said.stderr);
    let written = std::fs::read_to_string(desk.path("crm.log")).unwrap_or_default();
    assert_eq!(written, "");
}

#[tokio::test]
async fn the_help_names_every_status() {
    let Some(desk) = Desk::new("the_help_names_every_status") else { return };
    let help = desk.run(&["--help"]).await.stdout;
    let all = [
        Exit::Ok,
        Exit::Usage,
        Exit::Config,
        Exit::Blocked,
        Exit::Failed,
        Exit::Connector,
        Exit::Store,
        Exit::Bug,
        Exit::Changed,
        Exit::Interrupted,
    ];
    for exit in all {
        let number = exit as i32;
        let named =
            help.split(|c: char| !c.is_ascii_digit()).any(|word| word == number.to_string());
        assert!(named, "{number} ({exit:?}) is not in the help: {help}");
    }
}
