//! Where the programs and components are, for tests that start them.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn folder(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| root().join("target").join(default), PathBuf::from)
}

/// Programs and components, or nothing when one of these is not built:
/// `cargo xtask test` builds them all, and then a missing one is a failure.
pub(crate) fn built(test: &str, programs: &[&str], plugins: &[&str]) -> Option<(PathBuf, PathBuf)> {
    let (program_folder, plugin_folder) =
        (folder("LANYARD_PROGRAMS", "debug"), folder("LANYARD_PLUGINS", "plugins"));
    let programs = programs.iter().map(|name| program_folder.join(name));
    let plugins = plugins.iter().map(|name| plugin_folder.join(format!("{name}.wasm")));
    let missing = programs.chain(plugins).find(|path| !path.is_file());
    let Some(missing) = missing else { return Some((program_folder, plugin_folder)) };
    let what = format!("{test}: `{}` is missing, `cargo xtask test` builds it", missing.display());
    let required = ["LANYARD_PROGRAMS", "LANYARD_REQUIRE_SERVERS"];
    assert!(required.iter().all(|name| std::env::var_os(name).is_none()), "{what}");
    // Not a print macro: those are swallowed where tests pass.
    std::io::stderr().write_all(format!("not run: {what}\n").as_bytes()).unwrap();
    None
}
