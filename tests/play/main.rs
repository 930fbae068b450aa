//! Scenarios: what happens to the people of a firm, as text.
//!
//! `cargo xtask scenarios` plays all of them, one line each; with `--bless`
//! it writes the answers that are given into the files.
#![expect(clippy::print_stderr, reason = "it talks to the person who runs it")]

mod agreed;
mod answers;
mod applying;
mod asked;
mod becoming;
mod cases;
mod components;
mod demand;
mod erasures;
mod file;
mod history;
mod keys;
mod lives;
mod owed;
mod pace;
mod people;
mod recorded;
mod requests;
mod reviewed;
mod script;
mod stage;
mod system;
mod undone;
mod xray;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use libtest_mimic::{Arguments, Failed, Trial};
use script::Script;
use stage::Stage;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = match texts(&folder) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("error: `{}` cannot be read: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    files.sort();
    let trials = files.into_iter().map(|file| {
        let name = file.strip_prefix(&folder).unwrap_or(&file).with_extension("");
        Trial::test(name.display().to_string(), move || played(&file))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn texts(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(texts(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Plays a file; the answers must be those that are written in it, also when
/// the firm's file is expanded first.
fn played(file: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    let script = Script::parse(&text)?;
    let answered = answered(file, &script, false)?;
    if answered != text && std::env::var_os("LANYARD_BLESS").is_some() {
        fs::write(file, &answered)?;
    } else if answered != text {
        return Err(difference(&text, &answered, BLESS).into());
    }
    let [written, expanded] =
        [answered, self::answered(file, &script, true)?].map(|text| without_lines(&text));
    if written == expanded {
        return Ok(());
    }
    Err(difference(&written, &expanded, "the file means something else when it is expanded").into())
}

const BLESS: &str = "`cargo xtask scenarios --bless` accepts what is given";

/// The file with the answers that are given.
fn answered(file: &Path, script: &Script, expanded: bool) -> Result<String, Failed> {
    let mut stage = Stage::new(expanded)?;
    let mut answers = Vec::new();
    for statement in script.statements() {
        let answer = stage.play(statement);
        let at = |error| format!("{}:{}: {error}", file.display(), statement.line);
        answers.push(answer.map_err(at)?);
    }
    Ok(script.with_answers(&answers))
}

/// Without the numbers of lines, which no two forms of a file share.
fn without_lines(text: &str) -> String {
    let mut parts = text.split("(line ");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    kept
}

/// The lines that differ, expected and given.
fn difference(expected: &str, given: &str, why: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, given);
    let shown = diff.unified_diff().context_radius(3).header("expected", "given").to_string();
    format!("{shown}\n{why}\n")
}
