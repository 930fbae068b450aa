//! Where `cargo xtask` puts what it builds.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// The program of that name; says why a test is not run when it is missing.
pub(crate) fn program(test: &str, name: &str) -> Option<PathBuf> {
    there(test, folder("LANYARD_PROGRAMS", "debug").join(name))
}

/// The component of that name, likewise.
pub(crate) fn component(test: &str, name: &str) -> Option<PathBuf> {
    there(test, plugins().join(format!("{name}.wasm")))
}

/// The folders of programs and components; none when one of these is not
/// there.
pub(crate) fn all(test: &str, programs: &[&str], plugins: &[&str]) -> Option<(PathBuf, PathBuf)> {
    for name in programs {
        program(test, name)?;
    }
    for name in plugins {
        component(test, name)?;
    }
    Some((folder("LANYARD_PROGRAMS", "debug"), self::plugins()))
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of all components.
pub(crate) fn plugins() -> PathBuf {
    folder("LANYARD_PLUGINS", "plugins")
}

/// For components compiled to machine code; shared by all tests.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")
}

fn folder(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| root().join("target").join(default), PathBuf::from)
}

/// What stands there.
pub(crate) fn there(test: &str, path: PathBuf) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path);
    }
    // `cargo xtask test` builds them all, and says where.
    let required = ["LANYARD_PROGRAMS", "LANYARD_REQUIRE_SERVERS"];
    let required = required.iter().any(|name| std::env::var_os(name).is_some());
    let missing = path.display();
    assert!(!required, "`{missing}` is missing");
    let what =
        format!("not run: {test}: `{missing}` is missing (`cargo xtask guests`, `cargo build`)\n");
    // Not a print macro: those are swallowed where tests pass.
    std::io::stderr().write_all(what.as_bytes()).unwrap();
    None
}
