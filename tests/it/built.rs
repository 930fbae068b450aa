//! Where `cargo xtask` puts what it builds.

use std::path::{Path, PathBuf};

/// The program of that name; says why a test is not run when it is missing.
pub(crate) fn program(test: &str, name: &str) -> Option<PathBuf> {
    there(test, folder("LANYARD_PROGRAMS", "debug").join(name))
}

/// The component of that name, likewise.
pub(crate) fn component(test: &str, name: &str) -> Option<PathBuf> {
    there(test, plugins().join(format!("{name}.wasm")))
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
    std::env::var_os(variable).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(default),
        PathBuf::from,
    )
}

#[expect(clippy::print_stderr, reason = "a test that is not run says so")]
fn there(test: &str, path: PathBuf) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var_os("LANYARD_REQUIRE_SERVERS").is_some();
    let missing = path.file_name().unwrap_or_default().display();
    assert!(!required, "`{missing}` is missing");
    eprintln!("not run: {test}: `{missing}` is not built (`cargo xtask guests`, `cargo build`)");
    None
}
