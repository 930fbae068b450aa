//! Whole files: what they load to, and how their mistakes are shown.

mod access;
mod approvals;
mod audit;
mod components;
mod credentials;
mod expanded;
mod form;
mod lives;
mod meaning;
mod obligation;
mod pacing;
mod permitted;
mod requests;
mod reviews;
mod shape;
mod sources;
mod steps;
mod store;
mod unused;
mod whole;

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::{ConfigErrors, Loaded, expand, load};

/// A folder with a file, some plugins and some environment.
pub(super) struct Folder {
    folder: tempfile::TempDir,
    env: BTreeMap<&'static str, &'static str>,
}

impl Folder {
    pub(super) fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("plugins")).unwrap();
        fs::create_dir_all(folder.path().join("hr")).unwrap();
        fs::create_dir_all(folder.path().join("secrets")).unwrap();
        fs::write(folder.path().join("secrets/ldap"), "example-password\n").unwrap();
        for plugin in ["csv", "ldap", "scim", "handover"] {
            fs::write(folder.path().join(format!("plugins/{plugin}.wasm")), b"\0asm").unwrap();
        }
        fs::write(folder.path().join("lanyard.toml"), toml).unwrap();
        Self { folder, env: BTreeMap::from([("CRM_TOKEN", "example-token")]) }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("lanyard.toml")
    }

    pub(super) fn load(&self) -> Result<Loaded, ConfigErrors> {
        load(&self.path(), &|name| self.env.get(name).map(|value| (*value).to_owned()))
    }

    pub(super) fn loaded(&self) -> Loaded {
        let loaded = self.load().unwrap_or_else(|errors| panic!("{}", errors.render()));
        assert_eq!(loaded.absent, None);
        loaded
    }

    /// The rendered errors, without the name of the temporary folder.
    pub(super) fn errors(&self) -> String {
        let errors = match self.load() {
            Err(errors) => errors,
            Ok(loaded) => loaded.absent.expect("the file has mistakes"),
        };
        errors.render().replace(&format!("{}/", self.folder.path().display()), "")
    }

    pub(super) fn expanded(&self) -> Self {
        let text = expand(&self.path()).unwrap_or_else(|errors| panic!("{}", errors.render()));
        Self::new(&text)
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }
}

/// One source, one target, and `more`.
pub(super) fn with(more: &str) -> Folder {
    Folder::new(&format!(
        "[source.hr]\nplugin = \"csv\"\n\n[target.crm]\nplugin = \"scim\"\n{more}\n"
    ))
}

/// The errors of [`with`].
pub(super) fn errors_with(more: &str) -> String {
    with(more).errors()
}
