//! Files in the directories the operator permits.

use std::path::PathBuf;

use crate::host;

/// Path of a permitted directory: `/NAME` inside the component.
pub fn path(name: &str) -> PathBuf {
    host::directory(name)
}
