//! What an application keeps: its state in one file, and a log of writes.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A JSON file replaced as a whole, so that a killed application leaves
/// either the old state or the new one.  Without a path nothing is kept.
#[derive(Debug, Default)]
pub struct StateFile {
    path: Option<PathBuf>,
}

impl StateFile {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// The saved state, or `None` when there is none yet.
    pub fn load<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let Some(path) = &self.path else { return Ok(None) };
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let state = serde_json::from_slice(&text)
            .with_context(|| format!("`{}` is not a state file", path.display()))?;
        Ok(Some(state))
    }

    pub fn save<T: Serialize>(&self, state: &T) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let next = path.with_extension("next");
        std::fs::write(&next, serde_json::to_vec_pretty(state)?)?;
        std::fs::rename(&next, path)
    }
}

/// One JSON object on a line for every write an application was sent, whether
/// it was accepted or not.
#[derive(Debug, Default)]
pub struct WriteLog {
    file: Option<File>,
}

impl WriteLog {
    /// Opens the log for appending; without a path nothing is logged.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = match path {
            Some(path) => Some(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .with_context(|| format!("cannot open `{}`", path.display()))?,
            ),
            None => None,
        };
        Ok(Self { file })
    }

    pub fn append(&mut self, line: &Value) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        // One write call for the line: a reader never sees half of it.
        file.write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_and_a_missing_file_is_no_state() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(Some(folder.path().join("state.json")));
        assert_eq!(file.load::<Vec<u8>>().unwrap(), None);
        file.save(&vec![1_u8, 2]).unwrap();
        assert_eq!(file.load::<Vec<u8>>().unwrap(), Some(vec![1, 2]));
    }

    #[test]
    fn a_broken_state_file_is_an_error_and_not_an_empty_application() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(&path, "[1, 2").unwrap();
        assert!(StateFile::new(Some(path)).load::<Vec<u8>>().is_err());
    }
}
