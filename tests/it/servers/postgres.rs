//! A real PostgreSQL in a private folder on a loopback port.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::programs::{self, Server};

/// Whom the store is to the server; so is the database called.
const USER: &str = "lanyard";

pub(crate) struct Postgres {
    folder: TempDir,
    server: Option<Server>,
    pub(crate) port: u16,
}

impl Postgres {
    /// None, after saying so, when it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = folder_of_programs() else {
            programs::not_run("PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            programs::run(Command::new("chown").arg("postgres:postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        let mut init = program(&programs.join("initdb"), folder.path());
        init.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", "-U", USER]);
        programs::run(init.arg("-D").arg(&data));
        let command = |port: u16| {
            let mut command = program(&programs.join("postgres"), folder.path());
            command.arg("-D").arg(&data).arg("-k").arg(folder.path());
            command.args(["-p", &port.to_string(), "-h", "127.0.0.1", "-c", "fsync=off"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let at = |port: u16| {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.args(["--quiet", "-h", "127.0.0.1", "-p", &port.to_string()]);
            ready.status().unwrap().success()
        };
        let (server, port) = Server::start(command, at);
        let mut create = Command::new(programs.join("createdb"));
        create.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", USER, USER]);
        programs::run(&mut create);
        Some(Self { folder, server: Some(server), port })
    }

    /// As when the machine loses its power.
    pub(crate) fn stop(&mut self) {
        drop(self.server.take());
    }

    pub(crate) fn socket(&self) -> &Path {
        self.folder.path()
    }
}

/// PostgreSQL does not run as root.
fn program(path: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(path).current_dir(folder).stdin(Stdio::null());
    command
}

/// The newest, or the one on the path.
fn folder_of_programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = installed.map(|it| it.path().join("bin")).collect();
    folders.sort();
    let on_path = programs::find("initdb").and_then(|it| Some(it.parent()?.to_owned()));
    let is_there = |folder: &PathBuf| folder.join("postgres").is_file();
    folders.into_iter().rev().chain(on_path).find(is_there)
}
