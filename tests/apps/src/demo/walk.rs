//! The steps, in their order.

mod limits;
mod people;

use std::{collections::BTreeSet, io::Write};

use anyhow::{Context as _, bail, ensure};

use super::{
    Places, Totals,
    expected::{self, Accounts},
    lanyard::Ended,
    stage::Stage,
    story::Story,
};
use crate::company::{Person, staff};

pub(super) fn walk(places: &Places, out: &mut dyn Write) -> anyhow::Result<Totals> {
    let mut stage = Stage::set(places)?;
    let mut story = Story::new(out);
    story.call(stage.crm(), "127.0.0.1:CRM");
    story.call(stage.directory(), "127.0.0.1:DIRECTORY");
    story.call_folder(stage.folder(), "FOLDER");
    let mut walk = Walk {
        stage: &mut stage,
        story,
        today: String::new(),
        company: Vec::new(),
        expected: Accounts::new(),
        everybody: BTreeSet::new(),
        totals: Totals::default(),
    };
    walk.day("2026-11-23", staff())?;
    walk.introduction()?;
    walk.check()?;
    walk.plan()?;
    walk.apply()?;
    walk.nothing_left()?;
    walk.a_week_later()?;
    walk.rehire()?;
    walk.explain()?;
    walk.mass_removal()?;
    walk.forbidden_call()?;
    walk.end()
}

struct Walk<'a> {
    stage: &'a mut Stage,
    story: Story<'a>,
    today: String,
    /// Who stands in the HR file today.
    company: Vec<Person>,
    /// What the applications should hold once Lanyard has run.
    expected: Accounts,
    everybody: BTreeSet<String>,
    totals: Totals,
}

impl Walk<'_> {
    /// A new day with a new HR file.
    fn day(&mut self, date: &str, people: Vec<Person>) -> anyhow::Result<()> {
        date.clone_into(&mut self.today);
        self.stage.lanyard.on(date);
        self.stage.people(&people)?;
        self.expected = expected::accounts(&self.expected, &people, date);
        self.everybody.extend(people.iter().map(|person| person.employee_id.clone()));
        self.company = people;
        Ok(())
    }

    fn introduction(&mut self) -> anyhow::Result<()> {
        let count = self.company.len();
        self.story.say(&format!(
            "A company has {count} people in an HR file, and two applications: a crm that speaks\n\
             SCIM, and a directory that speaks LDAP.  Both run on this machine and are empty.\n\
             The file is as such files are: several people are called Ada Example, some names\n\
             are not written in Latin letters, some departments are in capitals, some people\n\
             are on leave, have left already, or start in years.\n\n\
             `lanyard.toml` (tests/apps/src/demo/lanyard.toml) says who should have what:\n\
             everybody is in the directory; sales and managers are in the crm; groups follow\n\
             from department, title and kind of contract; who leaves is locked out at once and\n\
             deleted after 30 days.\n\n\
             Everything marked ✓ is read from the applications' own files or tried at their\n\
             doors, and is not what Lanyard says of itself.",
        ))?;
        Ok(())
    }

    fn check(&mut self) -> anyhow::Result<()> {
        self.story.chapter("Is the file right?")?;
        self.story.say(
            "`check` reads the file, runs the tests that stand in it, starts each connector in\n\
             its sandbox, compares what it asks for with what it is permitted, and calls the\n\
             applications.",
        )?;
        let ended = self.command("check", 0)?;
        self.story.show(&ended.output)?;
        Ok(())
    }

    fn plan(&mut self) -> anyhow::Result<()> {
        self.story.chapter("What would happen?")?;
        self.story
            .say("`plan` only looks.  This is what it says about one of the Ada Examples:")?;
        let ended = self.command("plan", 0)?;
        self.story.show(ended.section(people::MOVER.identity)?)?;
        self.story.left_out("and so on, for everybody else")?;
        self.story.show(ended.summary())?;
        self.story.say("")?;
        ensure!(self.stage.writes()? == 0, "a plan sent writes to an application");
        self.story.checked("planning wrote nothing to either application")?;
        Ok(())
    }

    fn apply(&mut self) -> anyhow::Result<()> {
        self.story.chapter("Do it")?;
        self.story.say("Each operation is noted before it is sent, and read back afterwards.")?;
        self.apply_all()?;
        let count = self.everything_is_right()?;
        self.story.checked(&format!(
            "{count} accounts, one for each person and application, none twice, groups right"
        ))?;
        Ok(())
    }

    fn nothing_left(&mut self) -> anyhow::Result<()> {
        self.story.chapter("And again")?;
        self.story.say("A second plan finds everything as it should be.")?;
        let before = self.stage.writes()?;
        let ended = self.command("plan", 0)?;
        self.story.show(&ended.output)?;
        expect_text("the second plan", "nothing to do", ended.output.trim())?;
        ensure!(self.stage.writes()? == before, "a plan sent writes to an application");
        Ok(())
    }

    fn end(mut self) -> anyhow::Result<Totals> {
        self.totals.identities = self.everybody.len();
        self.totals.accounts = self.everything_is_right()?;
        let Totals { accounts, operations, verified, .. } = self.totals;
        ensure!(
            verified == operations,
            "operations that were read back\n  expected: {operations}\n  found: {verified}"
        );
        self.story.say("")?;
        self.story.say(&format!(
            "In the end {accounts} accounts are in the applications, each as it should be."
        ))?;
        Ok(self.totals)
    }

    /// Tells and runs a command.
    fn command(&mut self, command: &str, code: i32) -> anyhow::Result<Ended> {
        self.story.command(&format!("lanyard {command}"))?;
        let arguments: Vec<&str> = command.split(' ').collect();
        let ended = self.stage.lanyard.run(&arguments).and_then(|ended| ended.expect(code));
        ended.with_context(|| format!("`lanyard {command}` on {}", self.today))
    }

    /// Plans and applies, and counts; shows what it came to.
    fn apply_all(&mut self) -> anyhow::Result<Ended> {
        let ended = self.command("apply --yes", 0)?;
        self.totals.operations += ended.count("operations");
        self.totals.verified += ended.count("verified");
        self.story.show(ended.summary())?;
        self.story.say("")?;
        Ok(ended)
    }

    /// Compares the applications with what should be; gives the accounts.
    fn everything_is_right(&self) -> anyhow::Result<usize> {
        let state = self.stage.state()?;
        state.compare(&self.expected).with_context(|| format!("after the run of {}", self.today))
    }

    fn person(&self, number: &str) -> anyhow::Result<Person> {
        let found = self.company.iter().find(|person| person.employee_id == number);
        found.cloned().with_context(|| format!("nobody has the number {number}"))
    }
}

fn expect_text(what: &str, expected: &str, found: &str) -> anyhow::Result<()> {
    if expected != found {
        bail!("{what}\n  expected: {expected}\n  found: {found}");
    }
    Ok(())
}
