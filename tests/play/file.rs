//! The firm's file, as the program loads it.

use std::{fs, path::Path};

use lanyard::config::{self, Config};

/// The file as the program loads it, or what it expands to; the plugins are
/// never run.
pub(crate) fn configured(folder: &Path, file: &str, expanded: bool) -> Result<Config, String> {
    let plugins = folder.join("plugins");
    fs::create_dir_all(&plugins).map_err(|error| error.to_string())?;
    for line in file.lines() {
        if let Some(name) = line.trim().strip_prefix("plugin = ") {
            stub(&plugins, name.trim_matches('"')).map_err(|error| error.to_string())?;
        }
    }
    let path = folder.join("lanyard.toml");
    let file = with_defaults(file)?;
    fs::write(&path, file).map_err(|error| error.to_string())?;
    // Whatever directories and secrets the file names.
    fs::create_dir_all(folder.join("hr")).map_err(|error| error.to_string())?;
    if expanded {
        let text = config::expand(&path).map_err(|errors| errors.to_string())?;
        fs::write(&path, text).map_err(|error| error.to_string())?;
    }
    config::load(&path, &|_variable| Some("example-secret".to_owned()))
        .map(|loaded| loaded.config)
        .map_err(|errors| errors.to_string())
}

/// A file of `host/examples`, as it stands there.
pub(crate) fn example(name: &str) -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/examples").join(name);
    fs::read_to_string(path).map_err(|error| format!("`{name}`: {error}"))
}

/// `default workflow leaver` stands for what `lanyard workflow default` prints.
fn with_defaults(file: &str) -> Result<String, String> {
    let mut text = String::new();
    for line in file.lines() {
        match line.strip_prefix("default workflow ") {
            None => text.push_str(line),
            Some(name) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/workflows");
                let path = path.join(name).with_extension("toml");
                let shipped = fs::read_to_string(&path);
                text.push_str(&shipped.map_err(|error| format!("`{name}`: {error}"))?);
            }
        }
        text.push('\n');
    }
    Ok(text)
}

fn stub(plugins: &Path, name: &str) -> std::io::Result<()> {
    fs::write(plugins.join(format!("{name}.wasm")), [])
}
