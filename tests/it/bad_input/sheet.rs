//! Files of people that cannot be believed.

use insta::assert_snapshot;

use crate::desk::{Desk, PEOPLE, SOURCE, crm, with_target};

/// Plans with that file and answers exit status and complaint.
async fn plan_with(test: &str, people: impl AsRef<[u8]>) -> Option<String> {
    let desk = Desk::new(test)?;
    desk.configure(SOURCE).write("people.csv", people);
    let said = desk.run(&["plan"]).await;
    assert_eq!(said.stdout, "", "nothing is planned");
    Some(said.complaint())
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() {
    let Some(desk) = Desk::new("a_file_that_is_missing_is_named") else { return };
    desk.configure(SOURCE);
    assert_snapshot!(desk.run(&["plan"]).await.complaint(), @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv` is not in the directory `data`: put it there, or mend `file`
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_missing_column_is_named_with_those_that_are_there() {
    let people = "number,given_name\nE1,Ada\n";
    let said = plan_with("a_missing_column_is_named_with_those_that_are_there", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: no column `id` (key); the columns are `number`, `given_name`
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_quote_that_never_closes_is_told_with_its_line() {
    let people = "id,given_name\nE1,Ada\nE2,\"Ben\nE3,Cleo\n";
    let said = plan_with("a_quote_that_never_closes_is_told_with_its_line", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: line 3: a quote opens here and never closes
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn two_rows_with_one_key_are_told_with_their_lines() {
    let people = "id,given_name\nE1,Ada\nE2,Ben\nE1,Cleo\n";
    let said = plan_with("two_rows_with_one_key_are_told_with_their_lines", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: lines 2, 4: the same key `E1`
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn an_empty_file_is_no_empty_company() {
    let Some(said) = plan_with("an_empty_file_is_no_empty_company", "").await else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: the file is empty: there is not even a header
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_header_alone_is_no_empty_company() {
    let said = plan_with("a_header_alone_is_no_empty_company", "id,given_name\n").await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: 0 people: an empty company is never read
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_file_that_is_not_utf_8_is_told_with_the_line() {
    let people = b"id,given_name\nE1,Ada\nE2,J\xf6rg\n";
    let said = plan_with("a_file_that_is_not_utf_8_is_told_with_the_line", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: line 3: not UTF-8: save the file as UTF-8
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_row_with_a_cell_too_few_is_told_with_its_line() {
    let people = "id,given_name,family_name\nE1,Ada,Example\nE2,Ben\n";
    let said = plan_with("a_row_with_a_cell_too_few_is_told_with_its_line", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: line 3: 2 cells where the header has 3
      hint: nothing was changed; mend the source and plan again
    ");
}

/// The same people, many more of them.
fn company(people: u32) -> String {
    let (header, _) = PEOPLE.split_once('\n').unwrap();
    let rows = (0..people).map(|number| format!("E{number},Ada,Example{number},Sales\n"));
    format!("{header}\n{}", rows.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_half_as_long_as_the_last_takes_nothing_from_anybody() {
    let test = "a_file_half_as_long_as_the_last_takes_nothing_from_anybody";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", company(30));
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);

    desk.write("people.csv", company(15));
    let said = desk.run(&["plan"]).await;
    let finding = said.stdout.lines().filter(|line| line.contains("source-shrank"));
    let finding = finding.collect::<Vec<_>>().join("\n");
    assert_snapshot!(format!("{}{finding}", said.complaint()), @r"
    exit 65
    held back (source-shrank): the source hr no longer has 15 of the 30 records it had last time; nothing is taken from those who are missing. If they really left, `lanyard apply DIGEST --release source-shrank`
    ");

    let once = desk.run(&["run", "once"]).await;
    assert_eq!(once.status, Some(65), "{}{}", once.stdout, once.stderr);
    let written = std::fs::read_to_string(desk.path("crm.log")).unwrap();
    assert!(written.lines().all(|line| line.contains("POST")), "{written}");
    assert_eq!(written.lines().count(), 30, "only the first run wrote anything");

    // A person says that they really left: that plan is done, and what the
    // source says is the measure from then on.
    let unseen = ["apply", "--yes", "--release", "source-shrank", "--release", "mass-removal"];
    assert_eq!(desk.run(&unseen).await.status, Some(2));
    desk.run(&["plan", "--out", "plan.json"]).await;
    let both = [&["apply", "plan.json"], &unseen[1..]].concat();
    let released = desk.run(&both).await;
    assert_eq!(released.status, Some(0), "{}{}", released.stdout, released.stderr);
    let after = desk.run(&["plan"]).await;
    assert_eq!((after.status, after.stdout.as_str()), (Some(0), "nothing to do\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_written_differently_make_no_second_account_for_anybody() {
    let test = "keys_written_differently_make_no_second_account_for_anybody";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let numbered = |width: usize| {
        let (header, _) = PEOPLE.split_once('\n').unwrap();
        let rows = (1..=12).map(|n| format!("{n:0width$},Ada,Example{n},Sales\n"));
        format!("{header}\n{}", rows.collect::<String>())
    };
    desk.configure(&with_target(crm.address(), "")).write("people.csv", numbered(5));
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);

    desk.write("people.csv", numbered(1));
    for _ in 0..2 {
        let once = desk.run(&["run", "once"]).await;
        let finding = once.stdout.lines().filter(|line| line.contains("source-shrank"));
        let finding = finding.collect::<Vec<_>>().join("\n");
        insta::allow_duplicates! {
            assert_snapshot!(format!("exit {}\n{finding}", once.status.unwrap()), @r"
            exit 65
            held back (source-shrank): the source hr no longer has 12 of the 12 records it had last time; nothing is taken from those who are missing, and nothing is given to those it has under new keys (12). If keys are only written differently (`00123`, `123`), mend the source. If they really left, `lanyard apply DIGEST --release source-shrank`
            ");
        }
    }
    let written = std::fs::read_to_string(desk.path("crm.log")).unwrap();
    assert_eq!(written.lines().count(), 12, "only the first run wrote anything");

    // Mended, nothing is left of it.
    desk.write("people.csv", numbered(5));
    let mended = desk.run(&["plan"]).await;
    assert_eq!((mended.status, mended.stdout.as_str()), (Some(0), "nothing to do\n"));
    assert_eq!(desk.run(&["identity", "list"]).await.stdout.lines().count(), 12);

    // A person says that these really are others: both go.
    desk.write("people.csv", numbered(1));
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).await.status, Some(65));
    let both =
        ["apply", "plan.json", "--yes", "--release", "source-shrank", "--release", "mass-removal"];
    let released = desk.run(&both).await;
    assert_eq!(released.status, Some(0), "{}{}", released.stdout, released.stderr);
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert_eq!(accounts.matches(" disabled ").count(), 12, "{accounts}");
    assert_eq!(accounts.matches(" active ").count(), 12, "{accounts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_read_keeps_nobody_of_another_one() {
    let test = "a_source_that_cannot_be_read_keeps_nobody_of_another_one";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let more = SOURCE.replace("[source.hr]", "[source.more]").replace("people.csv", "more.csv");
    desk.configure(&format!("{}{more}", with_target(crm.address(), "")));
    desk.write("people.csv", company(8));
    desk.write("more.csv", PEOPLE.replace("\nE", "\nM"));
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);

    std::fs::remove_file(desk.path("more.csv")).unwrap();
    desk.write("people.csv", company(7));
    let planned = desk.run(&["plan"]).await;
    let note = planned.stdout.lines().filter(|line| line.starts_with("not read: "));
    let note = note.collect::<Vec<_>>().join("\n");
    assert_snapshot!(format!("{}{note}", planned.complaint()), @r"
    exit 67
    warning: `more` could not be read, so what it said before still counts: `more.csv` is not in the directory `data`: put it there, or mend `file` (misconfigured)
    not read: the source `more` was not read, so nobody is taken to have left it, though 3 people may have (with an enabled account: 3)
    ");
    let checked = desk.run(&["check"]).await;
    let failed = checked.stdout.lines().filter(|line| line.starts_with("FAIL"));
    let failed = failed.collect::<Vec<_>>().join("\n");
    assert_snapshot!(format!("exit {}\n{failed}", checked.status.unwrap()), @r"
    exit 67
    FAIL  more: misconfigured: `more.csv` is not in the directory `data`: put it there, or mend `file`
    ");

    let once = desk.run(&["run", "once"]).await;
    assert_eq!(once.status, Some(67), "{}{}", once.stdout, once.stderr);
    let accounts = desk.run(&["account", "list", "crm"]).await.stdout;
    assert_eq!(accounts.matches(" disabled ").count(), 1, "{accounts}");
    assert_eq!(accounts.matches(" active ").count(), 10, "{accounts}");

    desk.write("more.csv", PEOPLE.replace("\nE", "\nM"));
    let mended = desk.run(&["plan"]).await;
    assert_eq!((mended.status, mended.stdout.as_str()), (Some(0), "nothing to do\n"));
}

#[tokio::test]
async fn two_spellings_of_one_key_are_told_with_their_lines() {
    let people = "id,given_name\nE1,Ada\nE2 ,Ben\ne1,Cleo\n";
    let said = plan_with("two_spellings_of_one_key_are_told_with_their_lines", people).await;
    let Some(said) = said else { return };
    assert_snapshot!(said, @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `people.csv`: line 3: the key `E2 ` has space around it; lines 2, 4: the keys `E1`, `e1` differ only in case or in the space around them
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_fact_in_a_rule_takes_nothing_from_anybody() {
    let test = "a_misspelt_fact_in_a_rule_takes_nothing_from_anybody";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    let right = with_target(crm.address(), "");
    desk.configure(&right).write("people.csv", PEOPLE);
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);

    let wrong =
        right.replace("[rule.everyone]", "[rule.everyone]\nwhen = { departmnt = [\"Sales\"] }");
    desk.configure(&wrong);
    let said = desk.run(&["run", "once"]).await;
    assert_snapshot!(said.complaint(), @r"
    exit 64
    error: rule `everyone` (line 17) asks for the fact `departmnt`, which no source gives
      hint: nothing was planned: by this rule everybody would lose what it gives
      hint: did you mean `department`?
    ");
    let written = std::fs::read_to_string(desk.path("crm.log")).unwrap();
    assert!(written.lines().all(|line| line.contains("POST")), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_after_a_run_is_what_the_run_left() {
    let test = "what_is_shown_after_a_run_is_what_the_run_left";
    let Some(desk) = Desk::new(test) else { return };
    let crm = crm(&desk, &[]).await;
    desk.configure(&with_target(crm.address(), "")).write("people.csv", PEOPLE);
    let first = desk.run(&["apply", "--yes"]).await;
    assert_eq!(first.status, Some(0), "{}{}", first.stdout, first.stderr);
    let accounts = desk.run(&["account", "list", "crm"]).await;
    assert_eq!(accounts.stdout.lines().count(), 3, "{}", accounts.stdout);
    assert!(!accounts.stdout.contains("not ours"), "{}", accounts.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_answers_does_not_keep_the_program_from_ending() {
    let test = "a_file_that_never_answers_does_not_keep_the_program_from_ending";
    let Some(desk) = Desk::new(test) else { return };
    desk.configure(&format!("{SOURCE}limits = {{ wall-time = \"1s\" }}\n"));
    let made = std::process::Command::new("mkfifo").arg(desk.path("people.csv")).status();
    assert!(made.unwrap().success());
    let said = tokio::time::timeout(std::time::Duration::from_secs(30), desk.run(&["plan"]));
    let said = said.await.unwrap();
    assert_eq!(said.status, Some(67), "{}", said.stderr);
}
