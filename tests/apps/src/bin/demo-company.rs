//! Writes the HR files of the sample company.
//!
//! `cargo run -p demo-apps --bin demo-company -- tests/data`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

/// Writes the HR files of the sample company.
#[derive(Parser)]
struct Arguments {
    /// Folder to write into.
    folder: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Arguments { folder } = Arguments::parse();
    for (name, text) in demo_apps::company::files() {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}
