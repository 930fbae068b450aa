//! All tests, and the benchmarks.

use std::{path::PathBuf, process::Command};

use anyhow::bail;

use crate::{
    build::guest_cargo,
    phase::{Phases, cargo, installed, target},
};

/// Every test of the host, of the documentation and of the connectors.
pub(crate) fn all(phases: &mut Phases) -> anyhow::Result<()> {
    let mut command = if installed("nextest") {
        cargo(["nextest", "run", "--locked", "--workspace", "--no-fail-fast"])
    } else {
        cargo(["test", "--locked", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    phases.run("tests", with_surroundings(&mut command))?;
    phases.run("documentation tests", &mut cargo(["test", "--locked", "--workspace", "--doc"]))?;
    let mut command = guest_cargo("test", "plugins/Cargo.toml");
    match slapd() {
        Some(program) => command.env("LANYARD_TEST_SLAPD", program),
        None if in_ci() => bail!("slapd is not installed\nhint: `.ci/run` installs it"),
        None => &mut command,
    };
    phases.run("tests of the connectors", &mut command)
}

/// The program of OpenLDAP, which is not always on the path of users.
fn slapd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/libexec"].map(Into::into));
    folders.map(|folder| folder.join("slapd")).find(|program| program.is_file())
}

pub(crate) fn bench(phases: &mut Phases, name: Option<&str>) -> anyhow::Result<()> {
    let mut command = cargo(["bench", "--locked", "--package", "lanyard-tests"]);
    match name {
        Some(name) => command.args(["--bench", name]),
        None => command.arg("--benches"),
    };
    phases.run("benchmarks", with_surroundings(&mut command))
}

/// `names` choose scenarios; `--bless` accepts what they answer.
pub(crate) fn scenarios(phases: &mut Phases, names: &[&str]) -> anyhow::Result<()> {
    let mut command =
        cargo(["test", "--locked", "--package", "lanyard-tests", "--test", "scenarios", "--"]);
    let (bless, names): (Vec<&str>, Vec<&str>) = names.iter().partition(|it| **it == "--bless");
    if !bless.is_empty() {
        command.env("LANYARD_BLESS", "1");
    }
    phases.run("scenarios", command.args(names))
}

/// Worlds drawn from seeds; with `--release` many times as many in a minute,
/// once that is built.
pub(crate) fn simulate(phases: &mut Phases, words: &[&str]) -> anyhow::Result<()> {
    let (release, words): (Vec<&str>, Vec<&str>) = words.iter().partition(|it| **it == "--release");
    let number = |text: &str| text.parse::<u64>().is_ok();
    match words.as_slice() {
        ["--broken"] => {}
        ["--seeds" | "--replay", one] if number(one) => {}
        ["--seeds", count, "--from", from] if number(count) && number(from) => {}
        _ => bail!("say `--seeds N`, `--seeds N --from S`, `--replay SEED` or `--broken`"),
    }
    let mut command = cargo(["test", "--locked", "--package", "lanyard-tests", "--test", "world"]);
    command.args(release).arg("--").args(words);
    phases.run("simulation", &mut command)
}

/// Whether this is the continuous integration, where nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Tells the tests where the programs and components are, and whether a
/// server that is not installed is a failure.
fn with_surroundings(command: &mut Command) -> &mut Command {
    command
        .env("LANYARD_PROGRAMS", target().join("debug"))
        .env("LANYARD_PLUGINS", target().join("plugins"));
    if in_ci() {
        command.env("LANYARD_REQUIRE_SERVERS", "1");
    }
    command
}
