//! Which room may know which: the import directions of `ARCHITECTURE.md`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A room of the host, and the rooms of the host it may name; `lib` and
/// `main` wire them.
const ALLOWED: [(&str, &[&str]); 16] = [
    ("args", &[]),
    ("telemetry", &[]),
    ("connector", &[]),
    ("config", &[]),
    ("store", &[]),
    ("workflows", &[]),
    ("wasm", &["config", "connector"]),
    ("contract", &["config", "connector", "wasm"]),
    ("messenger", &["config"]),
    ("reconcile", &["config", "connector", "messenger", "store"]),
    ("signing", &[]),
    ("receipt", &["signing", "store"]),
    ("heads", &["signing", "store"]),
    ("archive", &["store"]),
    ("errors", &["config", "messenger", "reconcile", "store", "wasm"]),
    (
        "commands",
        &[
            "archive",
            "args",
            "config",
            "connector",
            "contract",
            "errors",
            "heads",
            "messenger",
            "receipt",
            "reconcile",
            "signing",
            "store",
            "telemetry",
            "wasm",
            "workflows",
        ],
    ),
];

fn host() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host")
}

/// Rust files below a folder, except what was built.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("target") {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Code lines: comments name other rooms freely.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms named by `crate::room`, also within `use crate::{a, b::c}`.
fn named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, true);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && c.is_alphabetic() => {
                    rooms.insert(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    rooms
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The room a file of the host belongs to.
fn room(file: &Path) -> String {
    let inner = file.strip_prefix(host().join("src")).unwrap();
    let first = inner.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_of_the_host_import_only_in_their_direction() {
    let mut wrong = Vec::new();
    for file in sources(&host().join("src")) {
        let own = room(&file);
        // That every room is listed is for the next test.
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == own) else { continue };
        for other in named(&code(&file)) {
            let is_room = ALLOWED.iter().any(|(name, _)| *name == other);
            if is_room && other != own && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: `{own}` names `{other}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_of_the_host_has_its_direction_and_no_other_is_listed() {
    let there: BTreeSet<String> = sources(&host().join("src")).iter().map(|it| room(it)).collect();
    let wiring = ["lib", "main"].map(str::to_owned);
    let listed: BTreeSet<String> =
        ALLOWED.iter().map(|(name, _)| (*name).to_owned()).chain(wiring).collect();
    assert_eq!(there, listed, "list the room in `ALLOWED`, with the rooms it may name");
    let named = ALLOWED.iter().flat_map(|(_, allowed)| *allowed);
    for name in named {
        assert!(listed.contains(*name), "`{name}` is no room");
    }
}

#[test]
fn only_the_wasm_room_names_wasmtime() {
    for file in sources(&host().join("src")) {
        let names = code(&file).contains("wasmtime");
        assert!(!names || room(&file) == "wasm", "{} names wasmtime", file.display());
    }
}

#[test]
fn the_core_depends_on_nothing_that_acts() {
    let manifest = fs::read_to_string(host().join("core/Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]").unwrap();
    let dependencies = rest.split("\n[").next().unwrap();
    let names: BTreeSet<String> = dependencies
        .lines()
        .map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned())
        .collect();
    for acting in [
        "tokio",
        "async-trait",
        "futures-util",
        "wasmtime",
        "rusqlite",
        "hyper",
        "lanyard",
        "tracing",
    ] {
        assert!(!names.contains(acting), "the core depends on `{acting}`");
    }
}

#[test]
fn the_core_reads_no_clock_draws_no_number_and_touches_nothing() {
    for file in sources(&host().join("core/src")) {
        let text = code(&file);
        for acting in [
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant::",
            "Timestamp::now",
            "new_v4",
            "async fn",
        ] {
            assert!(!text.contains(acting), "{} uses `{acting}`", file.display());
        }
    }
}

#[test]
fn no_room_is_called_after_nothing() {
    let vague = ["util", "utils", "common", "helper", "helpers", "manager", "service", "misc"];
    for folder in [host(), host().join("../tests"), host().join("../plugins")] {
        if !folder.is_dir() {
            continue;
        }
        for file in sources(&folder) {
            let inner = file.strip_prefix(&folder).unwrap();
            for part in inner {
                let name = part.to_string_lossy();
                let name = name.trim_end_matches(".rs");
                assert!(!vague.contains(&name), "{} is named after nothing", file.display());
            }
        }
    }
}

#[test]
fn names_are_found_alone_and_in_groups() {
    let text = "use crate::{config::{a, b}, store};\nfn f() { crate::wasm::go() }";
    let found: Vec<String> = named(text).into_iter().collect();
    assert_eq!(found, ["config", "store", "wasm"]);
}
