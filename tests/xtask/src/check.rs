//! What must hold before a change lands, beside the tests.

use anyhow::bail;

use crate::{
    build::{GUESTS, guest_cargo},
    phase::{Phases, cargo, installed},
    test::in_ci,
};

pub(crate) fn all(phases: &mut Phases) -> anyhow::Result<()> {
    phases.run("formatting", &mut cargo(["fmt", "--all", "--check"]))?;
    for manifest in GUESTS {
        let mut command = cargo(["fmt", "--all", "--check", "--manifest-path", manifest]);
        phases.run(&format!("formatting of {manifest}"), &mut command)?;
    }
    let arguments = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    phases.run("clippy", &mut cargo(arguments))?;
    for manifest in GUESTS {
        let mut command = guest_cargo("clippy", manifest);
        command.args(["--all-targets", "--", "-D", "warnings"]);
        phases.run(&format!("clippy of {manifest}"), &mut command)?;
        let mut command = guest_cargo("clippy", manifest);
        command.args(["--target", "wasm32-wasip2", "--", "-D", "warnings"]);
        phases.run(&format!("clippy of {manifest} as components"), &mut command)?;
    }
    dependencies(phases)
}

/// Licences, sources and bans of everything we build on.
fn dependencies(phases: &mut Phases) -> anyhow::Result<()> {
    if !installed("deny") {
        if in_ci() {
            bail!("cargo-deny is not installed\nhint: `cargo install --locked cargo-deny`");
        }
        eprintln!("not run: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    for manifest in ["Cargo.toml"].into_iter().chain(GUESTS) {
        let mut command = cargo(["deny", "--locked", "--manifest-path", manifest]);
        command.args(["--config", "deny.toml", "check", "--hide-inclusion-graph"]);
        command.args(["bans", "licenses", "sources"]);
        phases.run(&format!("dependencies of {manifest}"), &mut command)?;
    }
    Ok(())
}
