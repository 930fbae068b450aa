//! Running `lanyard`, as a person would.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// The program, in the folder where its file is.
#[derive(Debug)]
pub(super) struct Lanyard {
    program: PathBuf,
    folder: PathBuf,
    /// What it is told the time is.
    now: String,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) output: String,
    pub(super) errors: String,
}

impl Lanyard {
    pub(super) fn new(program: PathBuf, folder: &Path) -> Self {
        Self { program, folder: folder.to_owned(), now: String::new() }
    }

    /// From now on it is eight in the morning on `date`.
    pub(super) fn on(&mut self, date: &str) {
        self.now = format!("{date}T08:00:00Z");
    }

    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        self.run_with(arguments, &[("CRM_TOKEN", "demo-token"), ("LDAP_PASSWORD", "secret")])
    }

    /// With these environment variables as secrets, and no others.
    pub(super) fn run_with(
        &self,
        arguments: &[&str],
        secrets: &[(&str, &str)],
    ) -> anyhow::Result<Ended> {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("CRM_TOKEN")
            .env_remove("LDAP_PASSWORD")
            .env_remove("LANYARD_LOG")
            .env("LANYARD_NOW", &self.now)
            .env("LANYARD_CACHE", self.folder.join("cache"))
            .envs(secrets.iter().copied())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start `{}`", self.program.display()))?;
        Ok(Ended {
            code: output.status.code().unwrap_or(-1),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Ended {
    /// # Errors
    /// When the exit status is another one: all the command said.
    pub(super) fn expect(self, code: i32) -> anyhow::Result<Self> {
        if self.code != code {
            bail!(
                "exit status\n  expected: {code}\n  found: {}\n{}{}",
                self.code,
                self.output,
                self.errors
            );
        }
        Ok(self)
    }

    /// The part of a plan about one identity, by the short form of its id.
    pub(super) fn section(&self, identity: &str) -> anyhow::Result<&str> {
        let id = format!("({identity})");
        self.output
            .split("\n\n")
            .find(|part| part.lines().next().is_some_and(|line| line.contains(&id)))
            .map(|part| part.trim_start_matches('\n'))
            .with_context(|| format!("the plan says nothing about {identity}\n{}", self.output))
    }

    /// The last line: what a plan or an apply comes to.
    pub(super) fn summary(&self) -> &str {
        self.output.lines().last().unwrap_or_default()
    }

    /// The number before a word of the summary: `777 operations`; 0 if it is
    /// not there.
    pub(super) fn count(&self, word: &str) -> usize {
        let summary = self.output.lines().rev().take_while(|line| !line.is_empty());
        let summary: Vec<&str> = summary.flat_map(str::split_whitespace).collect();
        let is_word = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()) == word;
        summary
            .windows(2)
            .find_map(|pair| match pair {
                [number, text] if is_word(text) => number.trim_matches('(').parse().ok(),
                _ => None,
            })
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_the_last_lines() {
        let output = "7 operations of old\n\nplan 0a: 12 operations (3 create, 9 grant)\n\
                      done: 11 verified, 1 held back\n";
        let ended = Ended { code: 0, output: output.into(), errors: String::new() };
        assert_eq!(ended.count("operations"), 12);
        assert_eq!(ended.count("verified"), 11);
        assert_eq!(ended.count("held"), 1);
        assert_eq!(ended.count("drifted"), 0);
    }
}
