//! Commands, one after the other, and what each took.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

pub(crate) struct Phases {
    start: Instant,
    done: Vec<(String, Duration)>,
}

impl Phases {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), done: Vec::new() }
    }

    /// Runs a command to its end; a status other than 0 is an error.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> anyhow::Result<()> {
        self.run_with(name, command, |status| status == Some(0))
    }

    /// As `run`, for a command that says more by its status.
    pub(crate) fn run_with(
        &mut self,
        name: &str,
        command: &mut Command,
        fine: impl Fn(Option<i32>) -> bool,
    ) -> anyhow::Result<()> {
        eprintln!("── {name}");
        let start = Instant::now();
        let status = command
            .current_dir(root())
            .status()
            .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        self.done.push((name.to_owned(), start.elapsed()));
        if !fine(status.code()) {
            bail!("{name}: {status}");
        }
        Ok(())
    }

    /// Says what the time was spent on, when there was more than one thing.
    pub(crate) fn report(&self) {
        if self.done.len() < 2 {
            return;
        }
        eprintln!();
        for (name, duration) in &self.done {
            eprintln!("{:>8.1} s  {name}", duration.as_secs_f64());
        }
        eprintln!("{:>8.1} s  in all", self.start.elapsed().as_secs_f64());
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where the workspace is built.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Cargo, the very one that runs us.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    // Set for this program by the cargo that started it, and not meant for
    // what it builds.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"]
    {
        command.env_remove(name);
    }
    command
}

/// Whether a cargo command of that name is installed.
pub(crate) fn installed(name: &str) -> bool {
    Command::new(format!("cargo-{name}"))
        .args([name, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}
