//! Building: the programs of the host, and the components they run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

use crate::phase::{Phases, cargo, root, target};

const WASM: &str = "wasm32-wasip2";

/// The workspaces of components: what we ship, and what the tests misuse.
pub(crate) const GUESTS: [&str; 2] = ["plugins/Cargo.toml", "tests/guests/Cargo.toml"];

/// The host and the applications of the demo.
pub(crate) fn programs(phases: &mut Phases) -> anyhow::Result<()> {
    let arguments = ["build", "--locked", "--package", "lanyard", "--package", "demo-apps"];
    phases.run("build the host and the applications", &mut cargo(arguments))
}

/// Every component, under its own name, in `target/plugins`.
pub(crate) fn guests(phases: &mut Phases) -> anyhow::Result<()> {
    wasm_target(phases)?;
    let built = target().join("guests").join(WASM).join("release");
    let plugins = target().join("plugins");
    if let Some(missing) = GUESTS.iter().find(|manifest| !root().join(manifest).is_file()) {
        bail!("`{missing}` is missing: this clone is not whole");
    }
    // A component that was renamed or removed does not stay behind.
    remove_components(&built)?;
    remove_components(&plugins)?;
    for manifest in GUESTS {
        let mut command = guest_cargo("build", manifest);
        command.args(["--release", "--target", WASM]);
        phases.run(&format!("build the components of {manifest}"), &mut command)?;
    }
    fs::create_dir_all(&plugins)
        .with_context(|| format!("cannot create `{}`", plugins.display()))?;
    let mut names = Vec::new();
    for path in components(&built)? {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
        let to = plugins.join(format!("{stem}.wasm"));
        fs::copy(&path, &to).with_context(|| format!("cannot write `{}`", to.display()))?;
        names.push(stem);
    }
    names.sort();
    eprintln!("components: {}", names.join(", "));
    Ok(())
}

/// Cargo for a workspace of components, all of which share one target folder.
pub(crate) fn guest_cargo(verb: &str, manifest: &str) -> Command {
    let mut command = cargo([verb, "--locked", "--manifest-path", manifest]);
    command.env("CARGO_TARGET_DIR", target().join("guests"));
    command
}

/// Adds the target of components where it is missing, which rustup may have
/// been told not to do by itself.
fn wasm_target(phases: &mut Phases) -> anyhow::Result<()> {
    let has_target = || {
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", WASM])
            .current_dir(root())
            .output()
            .is_ok_and(|output| {
                let folder = String::from_utf8_lossy(&output.stdout);
                output.status.success() && Path::new(folder.trim()).is_dir()
            })
    };
    if has_target() {
        return Ok(());
    }
    let added = phases.run(
        &format!("add the target {WASM}"),
        Command::new("rustup").args(["target", "add", WASM]),
    );
    if added.is_ok() && has_target() {
        return Ok(());
    }
    bail!(
        "the Rust target `{WASM}` is missing and could not be added\n\
         hint: with rustup, run `rustup target add {WASM}` here; \
         otherwise install the standard library for it the way Rust was installed"
    )
}

fn components(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
    Ok(found)
}

fn remove_components(folder: &Path) -> anyhow::Result<()> {
    for path in components(folder)? {
        fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
    }
    Ok(())
}

/// The walk, with everything it needs already built.
pub(crate) fn demo(phases: &mut Phases, arguments: &[&str]) -> anyhow::Result<()> {
    let programs = target().join("debug");
    let mut command = Command::new(programs.join("demo"));
    command.arg("--programs").arg(&programs).arg("--plugins").arg(target().join("plugins"));
    phases.run("walk through the demo", command.args(arguments))
}
