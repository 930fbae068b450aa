//! What Lanyard does not do: believe a broken file, or let a connector go
//! where it may not.

use anyhow::ensure;

use super::{Walk, expect_text};
use crate::demo::doors::Stranger;

impl Walk<'_> {
    pub(super) fn mass_removal(&mut self) -> anyhow::Result<()> {
        self.story.chapter("Half a file")?;
        self.story.say(
            "One night the transfer of the HR file breaks off in the middle.  Half of the\n\
             company seems to have left.",
        )?;
        let whole = self.company.clone();
        self.stage.lanyard.on("2026-12-14");
        self.stage.people(whole.get(..whole.len() / 2).unwrap_or_default())?;
        let before = self.stage.writes()?;
        let ended = self.command("apply --yes", 65)?;
        let told: Vec<&str> = ended
            .output
            .lines()
            .filter(|line| line.starts_with("held back") || line.ends_with("operations blocked"))
            .collect();
        self.story.show(&told.join("\n"))?;
        self.story.show(ended.summary())?;
        self.story.say("")?;
        ensure!(!told.is_empty(), "the guard found nothing");
        let held = ended.count("held");
        ensure!(held == ended.count("operations"), "something was done\n{}", ended.output);
        ensure!(self.stage.writes()? == before, "the guard let writes through");
        self.everything_is_right()?;
        self.totals.refused += held;
        self.story.checked(&format!(
            "exit status 65; {held} operations held back, nothing was written, nobody lost anything"
        ))?;
        self.story.say("\nIn the morning the whole file is there again.")?;
        self.stage.people(&whole)?;
        let ended = self.command("plan", 0)?;
        self.story.show(&ended.output)?;
        expect_text("the plan for the whole file", "nothing to do", ended.output.trim())
    }

    pub(super) fn forbidden_call(&mut self) -> anyhow::Result<()> {
        self.story.chapter("A connector that calls somebody else")?;
        self.story.say(
            "A second file, where somebody has changed the address of the crm.  The connector\n\
             would take the crm's token there.  The permissions still name the crm alone.",
        )?;
        let stranger = Stranger::start()?;
        self.story.call(stranger.address, "127.0.0.1:STRANGER");
        let store = "[store]\npath = \"stranger.db\"\n\n[source.hr]";
        let text = self.stage.file(stranger.address).replace("[source.hr]", store);
        self.stage.write("stranger.toml", &text)?;
        let ended = self.command("-c stranger.toml check", 67)?;
        let crm: Vec<&str> = ended
            .output
            .lines()
            .skip_while(|line| !line.starts_with("FAIL"))
            .take_while(|line| !line.starts_with("ok"))
            .collect();
        self.story.show(&crm.join("\n"))?;
        self.story.left_out("what is right with the rest")?;
        self.story.say("")?;
        let calls = stranger.calls()?;
        ensure!(calls == 0, "calls that reached the stranger\n  expected: 0\n  found: {calls}");
        self.totals.refused += 1;
        self.story.checked("the other server was not called: not one connection")?;
        Ok(())
    }
}
