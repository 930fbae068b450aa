//! A mover, a leaver, a rehire; and why somebody has what they have.

use anyhow::{Context as _, ensure};

use super::Walk;
use crate::{
    company::{later, staff},
    demo::{doors, expected::Application, found::Found, stage},
};

/// Somebody the demo follows.
pub(super) struct Followed {
    /// Employee number.
    pub(super) number: &'static str,
    /// Beginning of the id that Lanyard gives the person for good.
    pub(super) identity: &'static str,
}

/// Ada Example, from Sales to Engineering.
pub(super) const MOVER: Followed = Followed { number: "E1062", identity: "40728efe" };
/// Đức Trần of Sales, who leaves and comes back.
pub(super) const LEAVER: Followed = Followed { number: "E1112", identity: "d9c10834" };

const PASSWORD: &str = "xin chào";

impl Walk<'_> {
    pub(super) fn a_week_later(&mut self) -> anyhow::Result<()> {
        self.story.chapter("A week later: movers and leavers")?;
        self.story.say(
            "HR sends a new file.  Eight people moved, six left, two are simply not in it any\n\
             more, five are new, one is back from leave and one has a new family name.\n\
             Meanwhile somebody gave Đức Trần a password in the directory: he can sign in.",
        )?;
        let before = self.found(Application::Directory, LEAVER.number)?;
        let directory = self.stage.directory();
        doors::set_password(directory, stage::ADMIN, &before.login, PASSWORD)?;
        self.story.say("")?;
        self.signs_in(true)?;
        self.day("2026-11-30", later(staff()))?;
        let ended = self.command("plan", 0)?;
        let mover = ended.section(MOVER.identity)?;
        let line = |start: &str| mover.lines().position(|line| line.starts_with(start));
        ensure!(
            line("  + grant").context("the mover is granted nothing")?
                < line("  - revoke").context("nothing is revoked from the mover")?,
            "a mover is granted the new before the old is revoked\n{mover}"
        );
        self.story.show(ended.section(LEAVER.identity)?)?;
        self.story.say("")?;
        self.story.show(mover)?;
        self.story.left_out("and so on, for everybody else something happened to")?;
        self.story.show(ended.summary())?;
        self.story.say(
            "\nLeavers come first in every plan.  A mover is granted the new before the old is\n\
             taken away.",
        )?;
        self.apply_all()?;
        let count = self.everything_is_right()?;
        self.signs_in(false)?;
        let mover = self.found(Application::Directory, MOVER.number)?;
        ensure!(mover.access.groups.contains("engineering") && mover.access.open);
        ensure!(!self.found(Application::Crm, MOVER.number)?.access.open);
        self.story
            .checked("Ada Example is in `engineering`, and her account in the crm is closed")?;
        self.story.checked(&format!("all {count} accounts are as the new file has them"))?;
        Ok(())
    }

    pub(super) fn rehire(&mut self) -> anyhow::Result<()> {
        self.story.chapter("Another week later: somebody comes back")?;
        self.story
            .say("Đức Trần is hired again.  His accounts were closed and not yet deleted.")?;
        let closed = self.found(Application::Directory, LEAVER.number)?;
        let back = self.person_before(LEAVER.number)?;
        let mut people = self.company.clone();
        for person in people.iter_mut().filter(|it| it.employee_id == back.employee_id) {
            person.clone_from(&back);
        }
        self.day("2026-12-07", people)?;
        let ended = self.command("plan", 0)?;
        self.story.show(ended.section(LEAVER.identity)?)?;
        self.apply_all()?;
        let count = self.everything_is_right()?;
        let open = self.found(Application::Directory, LEAVER.number)?;
        ensure!(open.id == closed.id, "he should have the account back that he had");
        self.signs_in(true)?;
        self.story.checked("it is the same account as before, with its groups")?;
        self.story.checked(&format!("all {count} accounts are as they should be"))?;
        Ok(())
    }

    pub(super) fn explain(&mut self) -> anyhow::Result<()> {
        self.story.chapter("Why does Ada Example have that?")?;
        self.story.say(
            "`explain` goes back from each account and group to the rule and to the field of\n\
             the HR file.  It calls nobody and needs no secrets.",
        )?;
        let command = ["explain", MOVER.number];
        self.story.command(&format!("lanyard {}", command.join(" ")))?;
        let ended = self.stage.lanyard.run_with(&command, &[])?.expect(0)?;
        self.story.show(&ended.output)?;
        Ok(())
    }

    fn person_before(&self, number: &str) -> anyhow::Result<crate::company::Person> {
        self.person(number)?;
        let before = staff().into_iter().find(|person| person.employee_id == number);
        before.with_context(|| format!("{number} did not work here at the beginning"))
    }

    fn found(&self, application: Application, number: &str) -> anyhow::Result<Found> {
        self.stage.state()?.one(application, number).cloned()
    }

    /// Whether Đức Trần gets in, at both doors.
    fn signs_in(&mut self, expected: bool) -> anyhow::Result<()> {
        let entry = self.found(Application::Directory, LEAVER.number)?;
        let user = self.found(Application::Crm, LEAVER.number)?;
        let directory = doors::directory_lets_in(self.stage.directory(), &entry.login, PASSWORD)?;
        let crm = doors::crm_lets_in(self.stage.crm(), &user.login)?;
        ensure!(
            (directory, crm) == (expected, expected),
            "whether {} can sign in\n  expected: {expected}\n  found: directory {directory}, crm {crm}",
            LEAVER.number
        );
        let how = if expected { "can sign in" } else { "is refused" };
        self.story.checked(&format!("Đức Trần {how} at the directory and at the crm"))?;
        Ok(())
    }
}
