//! Whether the tests notice when a line of the core is wrong.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{
    build,
    phase::{Phases, cargo, installed, root, target},
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
    let folder = target().join("mutants").join(sample.to_string());
    let mut known = if go_on && folder.exists() {
        Known::left_in(&folder)?
    } else {
        Known::begin(sample, folder)?
    };
    for (number, (name, tests)) in PASSES.iter().enumerate() {
        if known.left().is_empty() {
            break;
        }
        known.select()?;
        let last = number + 1 == PASSES.len();
        phases.run_with(name, pass(&known.folder, last).args(*tests), finished)?;
        known.learn()?;
    }
    known.report();
    Ok(())
}

/// What is known of the mutants of a sample, by the names that cargo-mutants
/// gives them; kept in files, so that a later run can go on.
struct Known {
    folder: PathBuf,
    /// All there are, in the order of their places.
    all: Vec<String>,
    sample: BTreeSet<String>,
    killed: BTreeSet<String>,
    unviable: BTreeSet<String>,
}

impl Known {
    fn begin(sample: u32, folder: PathBuf) -> anyhow::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let mut list = cargo(["mutants", "--package", "lanyard-core", "--list"]);
        let list = list.current_dir(root()).stdout(Stdio::piped()).output();
        let list = list.context("cannot list the mutants")?;
        if !list.status.success() {
            bail!("cannot list the mutants: {}", String::from_utf8_lossy(&list.stderr));
        }
        let all: Vec<String> = lines(&String::from_utf8(list.stdout)?);
        let (sample, step) = (usize::try_from(sample)?, usize::try_from(SAMPLES)?);
        let sample = all.iter().skip(sample).step_by(step).cloned().collect();
        let known =
            Self { folder, all, sample, killed: BTreeSet::new(), unviable: BTreeSet::new() };
        known.keep()?;
        Ok(known)
    }

    /// What a run that ended or broke off has found out.
    fn left_in(folder: &Path) -> anyhow::Result<Self> {
        let mut known = Self {
            folder: folder.to_owned(),
            all: listed(&folder.join("all.txt"))?,
            sample: listed(&folder.join("sample.txt"))?,
            killed: listed(&folder.join("killed.txt"))?,
            unviable: listed(&folder.join("unviable.txt"))?,
        };
        known.learn()?;
        Ok(known)
    }

    /// Takes in what the last pass found out.
    fn learn(&mut self) -> anyhow::Result<()> {
        let told = self.folder.join("mutants.out");
        // A run that broke off before its first mutant has told nothing.
        if told.join("caught.txt").exists() {
            self.killed.append(&mut listed(&told.join("caught.txt"))?);
            self.killed.append(&mut listed(&told.join("timeout.txt"))?);
            self.unviable.append(&mut listed(&told.join("unviable.txt"))?);
        }
        self.keep()
    }

    fn keep(&self) -> anyhow::Result<()> {
        fs::write(self.folder.join("all.txt"), self.all.join("\n"))?;
        let files =
            [("sample", &self.sample), ("killed", &self.killed), ("unviable", &self.unviable)];
        for (name, list) in files {
            let text = list.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
            fs::write(self.folder.join(name).with_extension("txt"), text)?;
        }
        Ok(())
    }

    fn left(&self) -> BTreeSet<&str> {
        let tried = |it: &&String| self.killed.contains(*it) || self.unviable.contains(*it);
        self.sample.iter().filter(|it| !tried(it)).map(String::as_str).collect()
    }

    /// Has cargo-mutants take all but what is left for caught before: what it
    /// selects by name or by part is not only what was asked for.
    fn select(&self) -> anyhow::Result<()> {
        let told = self.folder.join("mutants.out");
        if told.exists() {
            fs::remove_dir_all(&told)?;
        }
        fs::create_dir(&told)?;
        let left = self.left();
        let others = self.all.iter().map(String::as_str).filter(|it| !left.contains(it));
        let others = others.collect::<Vec<_>>().join("\n");
        fs::write(told.join("previously_caught.txt"), others)?;
        Ok(())
    }

    fn report(&self) {
        let left = self.left();
        println!();
        for mutant in &left {
            println!("survived  {mutant}");
        }
        let (killed, unviable) = (self.killed.len(), self.unviable.len());
        let viable = killed + left.len();
        println!("{killed} of {viable} mutants killed; {unviable} more do not compile");
    }
}

fn pass(folder: &Path, last: bool) -> Command {
    let mut command = cargo(["mutants", "--package", "lanyard-core", "--iterate"]);
    command.args(["--timeout", "120", "--output"]).arg(folder);
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

fn listed<C: FromIterator<String>>(path: &Path) -> anyhow::Result<C> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(lines(&text))
}

fn lines<C: FromIterator<String>>(text: &str) -> C {
    text.lines().map(ToOwned::to_owned).collect()
}
