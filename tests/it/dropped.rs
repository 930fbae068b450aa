//! Sources and targets that are taken out of the file, or renamed in it.

use demo_apps::crm::Crm;
use insta::assert_snapshot;

use crate::desk::{Desk, SOURCE, crm, with_target};

const PEOPLE: &str = "id,given_name,family_name,end\n\
     E1,Ada,Example,\n\
     E2,Ben,Beispiel,\n\
     E3,Cleo,Ejemplo,2026-07-01\n";

/// Three people with accounts, and the file that gave them.
async fn staffed(desk: &Desk) -> (Crm, String) {
    let crm = crm(desk, &[]).await;
    let file = with_target(crm.address(), "");
    desk.configure(&file).write("people.csv", PEOPLE);
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);
    (crm, file)
}

/// Exit status of a command, and its lines with that word.
async fn lines_with(desk: &Desk, command: &[&str], word: &str) -> String {
    let said = desk.run(command).await;
    let lines = said.stdout.lines().filter(|line| line.contains(word));
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("exit {}\n{lines}", said.status.unwrap_or(-1))
}

fn written(desk: &Desk) -> usize {
    std::fs::read_to_string(desk.path("crm.log")).unwrap().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_source_loses_nobody_in_silence() {
    let Some(desk) = Desk::new("a_renamed_source_loses_nobody_in_silence") else { return };
    let (_crm, file) = staffed(&desk).await;

    // Cleo is not in the file any more on the day it is read as `hrm`.
    let renamed = file.replace("[source.hr]", "[source.hrm]");
    let without_cleo = PEOPLE.lines().take(3).collect::<Vec<_>>().join("\n");
    desk.configure(&renamed).write("people.csv", without_cleo);
    assert_snapshot!(lines_with(&desk, &["plan"], "no longer in the file").await, @r#"
    exit 66
    dropped: the source `hr` is no longer in the file, and it alone knew 1 person: they are held, and keep 1 account (1 enabled) whatever became of them. Put it back; or, if all of them have left, write `retired-sources = ["hr"]` at the top of the file. Was it renamed to `hrm`? Then these are the people that `hrm` does not have.
    "#);
    assert_snapshot!(lines_with(&desk, &["check"], "no longer in the file").await, @r#"
    exit 66
    FAIL  the source `hr` is no longer in the file, and it alone knew 1 person: they are held, and keep 1 account (1 enabled) whatever became of them. Put it back; or, if all of them have left, write `retired-sources = ["hr"]` at the top of the file. Was it renamed to `hrm`? Then these are the people that `hrm` does not have.
    "#);
    assert_snapshot!(lines_with(&desk, &["check", "--offline"], "`hr`").await, @r#"
    exit 66
    FAIL  the source `hr` is no longer in the file, and it alone knew 1 person: they are held, and keep 1 account (1 enabled) whatever became of them. Put it back; or, if all of them have left, write `retired-sources = ["hr"]` at the top of the file. Was it renamed to `hrm`? Then these are the people that `hrm` does not have.
    "#);
    assert_snapshot!(lines_with(&desk, &["status"], "dropped").await, @r#"
    exit 66
    dropped     the source `hr` is no longer in the file, and it alone knew 1 person: they are held, and keep 1 account (1 enabled) whatever became of them. Put it back; or, if all of them have left, write `retired-sources = ["hr"]` at the top of the file. Was it renamed to `hrm`? Then these are the people that `hrm` does not have.
    "#);
    for command in [["run", "once"], ["apply", "--yes"]] {
        assert!(lines_with(&desk, &command, "dropped").await.starts_with("exit 66\ndropped: "));
    }
    let shown = desk.run(&["identity", "show", "E3"]).await.stdout;
    assert!(shown.contains("unclear: its source `hr` is no longer in the file"), "{shown}");
    let shown = desk.run(&["identity", "show", "E1"]).await.stdout;
    assert!(shown.contains("active: "), "{shown}");
    assert_eq!(written(&desk), 3, "nobody was given or lost anything");

    // A person says that she has left.
    desk.configure(&format!("retired-sources = [\"hr\"]\n{renamed}"));
    let retired = desk.run(&["run", "once"]).await;
    assert_eq!(retired.status, Some(0), "{}{}", retired.stdout, retired.stderr);
    let accounts = desk.run(&["account", "list"]).await.stdout;
    let cleo = accounts.lines().find(|line| line.contains("cleo.ejemplo")).unwrap();
    assert!(cleo.contains(" disabled "), "{accounts}");
    assert_eq!(accounts.matches(" active ").count(), 2, "{accounts}");
    assert_snapshot!(lines_with(&desk, &["status"], "retired").await, @r#"
    exit 0
    retired     the source `hr`: 1 person known only from it, taken to have left
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_renamed_with_its_keys_makes_no_second_accounts() {
    let Some(desk) = Desk::new("a_source_renamed_with_its_keys_makes_no_second_accounts") else {
        return;
    };
    let (_crm, file) = staffed(&desk).await;
    desk.configure(&file.replace("[source.hr]", "[source.hrm]"));
    desk.write("people.csv", PEOPLE.replace("\nE", "\n"));
    for command in [["run", "once"], ["apply", "--yes"]] {
        let said = lines_with(&desk, &command, "source-shrank").await;
        insta::allow_duplicates! {
            assert_snapshot!(said, @r"
            exit 66
            held back (source-shrank): the source hrm is read for the first time, and lacks 3 of the 3 records of `hr`, which is no longer in the file; nothing is given to those it has under new keys (3). If keys are only written differently (`00123`, `123`), mend the source. If these are other people, `lanyard apply DIGEST --release source-shrank`
            ");
        }
    }
    assert_eq!(written(&desk), 3, "nobody was given or lost anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_a_retired_source_leave_under_the_guard() {
    let Some(desk) = Desk::new("the_people_of_a_retired_source_leave_under_the_guard") else {
        return;
    };
    let (_crm, file) = staffed(&desk).await;
    let other = file.replace("[source.hr]", "[source.payroll]").replace("people.csv", "other.csv");
    let limits = "[limits]\nremovals = { percent = 10, floor = 2 }\n";
    desk.configure(&format!("retired-sources = [\"hr\"]\n{other}{limits}"));
    desk.write("other.csv", "id,given_name,family_name,end\nP1,Dora,Esempio,\n");
    let said = desk.run(&["run", "once"]).await;
    assert_eq!(said.status, Some(65), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("held back (mass-removal)"), "{}", said.stdout);
    let accounts = desk.run(&["account", "list"]).await.stdout;
    assert_eq!(accounts.matches(" active ").count(), 4, "{accounts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_at_a_target_that_left_the_file_are_told_until_somebody_answers_for_them() {
    let test = "accounts_at_a_target_that_left_the_file_are_told_until_somebody_answers_for_them";
    let Some(desk) = Desk::new(test) else { return };
    let (_crm, _file) = staffed(&desk).await;

    // Meanwhile Cleo has left.
    desk.configure(SOURCE).write("people.csv", PEOPLE.replace("2026-07-01", "2026-05-01"));
    assert_snapshot!(lines_with(&desk, &["plan"], "no longer in the file").await, @r#"
    exit 66
    dropped: the target `crm` is no longer in the file: nothing is done any more about 3 accounts of ours there (enabled: 3, of these of people who have left: 1). Put it back; or, if others answer for these accounts now, write `retired-targets = ["crm"]` at the top of the file.
    "#);
    assert_snapshot!(lines_with(&desk, &["check"], "no longer in the file").await, @r#"
    exit 66
    FAIL  the target `crm` is no longer in the file: nothing is done any more about 3 accounts of ours there (enabled: 3, of these of people who have left: 1). Put it back; or, if others answer for these accounts now, write `retired-targets = ["crm"]` at the top of the file.
    "#);
    assert_snapshot!(lines_with(&desk, &["status"], "dropped").await, @r#"
    exit 66
    dropped     the target `crm` is no longer in the file: nothing is done any more about 3 accounts of ours there (enabled: 3, of these of people who have left: 1). Put it back; or, if others answer for these accounts now, write `retired-targets = ["crm"]` at the top of the file.
    "#);
    for command in [["run", "once"], ["apply", "--yes"]] {
        assert!(lines_with(&desk, &command, "dropped").await.starts_with("exit 66\ndropped: "));
    }
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert_eq!(accounts.matches("  (target no longer in the file)").count(), 3, "{accounts}");

    desk.configure(&format!("retired-targets = [\"crm\"]\n{SOURCE}"));
    let planned = desk.run(&["plan"]).await;
    assert_eq!((planned.status, planned.stdout.as_str()), (Some(0), "nothing to do\n"));
    assert_snapshot!(lines_with(&desk, &["status"], "retired").await, @r#"
    exit 0
    retired     the target `crm`: 3 accounts of ours, left to others; what was done there stays in the audit
    "#);
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert_eq!(accounts.matches("  (target retired)").count(), 3, "{accounts}");
    assert_eq!(written(&desk), 3, "nothing was done there");
}
