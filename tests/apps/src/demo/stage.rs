//! A temporary folder with the file, the people, and two running
//! applications.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{Places, found::State, lanyard::Lanyard};
use crate::{
    company::{Person, csv},
    process::Process,
};

const FILE: &str = include_str!("lanyard.toml");
pub(super) const ADMIN: (&str, &str) = ("cn=admin,dc=example,dc=org", "secret");

pub(super) struct Stage {
    pub(super) lanyard: Lanyard,
    pub(super) plugins: PathBuf,
    crm: Process,
    directory: Process,
    // Removed when everything above is gone.
    folder: tempfile::TempDir,
}

impl Stage {
    pub(super) fn set(places: &Places) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let programs = std::path::absolute(&places.programs)?;
        let plugins = std::path::absolute(&places.plugins)?;
        let start = |program: &str, name: &str, groups: &[&str]| {
            let state = at(&format!("{name}.json"));
            let log = at(&format!("{name}.log"));
            let mut arguments = vec!["--state", &state, "--log", &log];
            arguments.extend(groups.iter().flat_map(|group| ["--group", *group]));
            Process::start(&programs.join(program), arguments)
        };
        let crm = start("demo-crm", "crm", &["sales", "approvers"])?;
        let groups = ["staff", "sales", "engineering", "contractors"];
        let directory = start("demo-directory", "directory", &groups)?;
        let lanyard = Lanyard::new(programs.join("lanyard"), folder.path());
        let stage = Self { lanyard, plugins, crm, directory, folder };
        let text = stage.file(stage.crm());
        stage.write("lanyard.toml", &text)?;
        Ok(stage)
    }

    /// The operator's file, with the crm at some address.
    pub(super) fn file(&self, crm: SocketAddr) -> String {
        let (url, allowed) = (format!("http://{crm}"), format!("http://{}", self.crm()));
        // Only what is permitted says where the crm really is.
        FILE.replace("url = \"@CRM@\"", &format!("url = \"{url}\""))
            .replace("@CRM@", &allowed)
            .replace("@LDAP_PORT@", &self.directory().port().to_string())
            .replace("@PLUGINS@", &self.plugins.display().to_string())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn crm(&self) -> SocketAddr {
        self.crm.address()
    }

    pub(super) fn directory(&self) -> SocketAddr {
        self.directory.address()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        std::fs::write(self.folder().join(name), text)
            .with_context(|| format!("cannot write `{name}`"))
    }

    /// The HR file from now on.
    pub(super) fn people(&self, people: &[Person]) -> anyhow::Result<()> {
        self.write("people.csv", &csv(people))
    }

    /// What the applications hold now.
    pub(super) fn state(&self) -> anyhow::Result<State> {
        State::read(&self.folder().join("crm.json"), &self.folder().join("directory.json"))
    }

    /// How many writes the applications were sent until now.
    pub(super) fn writes(&self) -> anyhow::Result<usize> {
        let mut lines = 0;
        for log in ["crm.log", "directory.log"] {
            lines += std::fs::read_to_string(self.folder().join(log))?.lines().count();
        }
        Ok(lines)
    }
}
