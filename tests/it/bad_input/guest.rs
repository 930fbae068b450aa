//! A connector that does not behave, as its operator meets it.

use insta::assert_snapshot;

use crate::{
    built,
    desk::{Desk, Said},
};

/// Plans with a source of that behaviour, warnings shown.
async fn plan_with(test: &str, behaviour: &str) -> Option<Said> {
    built::component(test, "misbehaving")?;
    let desk = Desk::new(test)?;
    desk.configure(&format!(
        "[source.hr]\nplugin = \"misbehaving\"\nconfig = {{ behaviour = \"{behaviour}\" }}\n"
    ));
    Some(desk.run(&["--log", "lanyard=error,guest=warn", "plan"]).await)
}

#[tokio::test]
async fn a_list_without_an_end_is_given_up() {
    let Some(said) = plan_with("a_list_without_an_end_is_given_up", "has-endless-pages").await
    else {
        return;
    };
    assert_snapshot!(said.complaint(), @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: more than 10000 pages; if there really is that much, raise `page-size` in its `limits`
      hint: this is a defect of the plugin: tell its author; `--log lanyard=debug` shows more of it
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_crash_is_told_without_what_the_connector_said() {
    let test = "a_crash_is_told_without_what_the_connector_said";
    let Some(said) = plan_with(test, "traps-in-list").await else { return };
    assert_snapshot!(said.complaint(), @r"
    exit 67
    error: cannot read the source `hr`; nothing was planned
      because: `hr` crashed: wasm trap: wasm `unreachable` instruction executed
      hint: this is a defect of the plugin: tell its author; `--log lanyard=debug` shows more of it
      hint: nothing was changed; mend the source and plan again
    ");
}

#[tokio::test]
async fn a_flood_of_log_lines_is_cut_and_the_call_goes_on() {
    let test = "a_flood_of_log_lines_is_cut_and_the_call_goes_on";
    let Some(said) = plan_with(test, "floods-the-log").await else { return };
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    let lines = said.stderr.lines().filter(|line| line.contains("something is wrong"));
    assert_eq!(lines.count(), 100, "of ten thousand");
}
