//! Whether the tests notice when a line of the core is wrong.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

use crate::{
    build,
    phase::{Phases, cargo, installed, target},
};

/// Every how many-th mutant is in a sample: some 230 of them.
const SAMPLES: u32 = 24;

/// A test that takes longer than all the others of its pass together.
const SLOW: &str = "looking_only_when_something_is_due_misses_nothing";

/// What each pass tries on those mutants that the passes before it let live:
/// the quickest tests first, since most mutants die by them.
const PASSES: [(&str, &[&str]); 3] = [
    ("unit tests of the core", &["--lib", "--", "--skip", "properties", "--skip", SLOW]),
    ("all tests of the core", &["--lib", "--tests"]),
    ("scenarios", &["--test", "scenarios"]),
];

/// `sample` says which of the samples: the same number gives the same mutants
/// of the same source.  With `go_on` it begins where a run of the same sample
/// ended or broke off, and tries only what was not killed: of use as long as
/// nothing but tests changed since.
pub(crate) fn run(phases: &mut Phases, sample: u32, go_on: bool) -> anyhow::Result<()> {
    if !installed("mutants") {
        bail!("cargo-mutants is not installed\nhint: `cargo install --locked cargo-mutants`");
    }
    if sample >= SAMPLES {
        bail!("there are {SAMPLES} samples, 0 to {}", SAMPLES - 1);
    }
    // Scenarios play with the real components.
    build::guests(phases)?;
    let folder = target().join("mutants");
    let of_sample = folder.join("sample");
    let go_on = go_on && fs::read_to_string(&of_sample).is_ok_and(|it| it == sample.to_string());
    if folder.exists() && !go_on {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(&of_sample, sample.to_string())?;
    let (mut killed, mut unviable, mut survived) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (number, (name, tests)) in PASSES.iter().enumerate() {
        let first = number == 0 && !go_on;
        let last = number + 1 == PASSES.len();
        phases.run_with(name, pass(sample, &folder, first, last).args(*tests), finished)?;
        let told = |list: &str| listed(&folder.join("mutants.out").join(list));
        killed.extend(told("caught.txt")?);
        killed.extend(told("timeout.txt")?);
        unviable.extend(told("unviable.txt")?);
        survived = told("missed.txt")?;
        if survived.is_empty() {
            break;
        }
    }
    report(killed.len(), unviable.len(), &survived);
    Ok(())
}

fn pass(sample: u32, folder: &Path, first: bool, last: bool) -> Command {
    let mut command = cargo(["mutants", "--package", "lanyard-core", "--sharding", "round-robin"]);
    command.args(["--shard", &format!("{sample}/{SAMPLES}"), "--timeout", "120", "--output"]);
    command.arg(folder);
    if !first {
        command.arg("--iterate");
    }
    if last {
        command.args(["--test-package", "lanyard-tests"]);
    }
    // All passes build in one place: what others depend on is built once.
    command.env("CARGO_TARGET_DIR", target().join("mutated"));
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    command.env("LANYARD_PLUGINS", target().join("plugins"));
    command.arg("--");
    command
}

/// 2 says that some survived, 3 that some ran out of time: a result, both.
fn finished(status: Option<i32>) -> bool {
    matches!(status, Some(0 | 2 | 3))
}

fn listed(path: &Path) -> anyhow::Result<Vec<String>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(text.lines().map(ToOwned::to_owned).collect())
}

fn report(killed: usize, unviable: usize, survived: &[String]) {
    let viable = killed + survived.len();
    println!();
    for mutant in survived {
        println!("survived  {mutant}");
    }
    println!("{killed} of {viable} mutants killed; {unviable} more do not compile");
}
