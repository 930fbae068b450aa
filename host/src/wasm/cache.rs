//! What was compiled, kept in a directory that is the host's own.
//!
//! Loading a compiled component maps it executable and runs it unchecked
//! (`Component::deserialize` is unsafe for that reason), so files are only
//! taken from a directory that nobody else can write to.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use lanyard_core::id::Digest;

/// A private directory of compiled components, keyed by component and engine.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    directory: PathBuf,
}

/// Why a directory cannot hold compiled components.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheRefused {
    #[error("cannot make the directory `{0}`")]
    Make(PathBuf, #[source] io::Error),
    #[error("`{0}` is not a directory of this user alone (mode 0700)")]
    NotPrivate(PathBuf),
}

impl Cache {
    /// Makes the directory if it is not there; refuses one that others can
    /// get into.
    pub(super) fn open(directory: &Path) -> Result<Self, CacheRefused> {
        let make = |error| CacheRefused::Make(directory.to_owned(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(make)?;
        if is_private(&fs::symlink_metadata(directory).map_err(make)?) {
            Ok(Self { directory: directory.to_owned() })
        } else {
            Err(CacheRefused::NotPrivate(directory.to_owned()))
        }
    }

    /// The compiled form of `bytes`, from the cache or compiled now.
    ///
    /// # Errors
    /// When the component cannot be compiled.  A cache that cannot be read
    /// or written only costs time.
    pub(super) fn load(
        &self,
        engine: &wasmtime::Engine,
        digest: &Digest,
        bytes: &[u8],
    ) -> wasmtime::Result<wasmtime::component::Component> {
        let path = self.directory.join(format!("{digest}-{:016x}.cwasm", engine_key(engine)));
        if let Some(component) = take(engine, &path) {
            return Ok(component);
        }
        let component = wasmtime::component::Component::from_binary(engine, bytes)?;
        if let Err(error) = keep(&path, &component.serialize()?) {
            tracing::warn!(%error, path = %path.display(), "cannot keep what was compiled");
        }
        Ok(component)
    }
}

/// Different for every engine that could not run the other's code.
fn engine_key(engine: &wasmtime::Engine) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

fn take(engine: &wasmtime::Engine, path: &Path) -> Option<wasmtime::component::Component> {
    let file = fs::symlink_metadata(path).ok()?;
    if !file.is_file() || !is_private(&file) {
        tracing::warn!(path = %path.display(), "a compiled component others could write is not used");
        return None;
    }
    #[expect(unsafe_code, reason = "the API of wasmtime for compiled components")]
    // SAFETY: the file lies in a directory, and is itself, writable by this
    // user alone, and was written by `keep` below.
    let component = unsafe { wasmtime::component::Component::deserialize_file(engine, path) };
    component.inspect_err(|error| tracing::debug!(%error, "compiled anew")).ok()
}

/// Written beside and renamed, so that a crash leaves no half file.  Nobody
/// else writes the same file beside: process ids repeat in containers that
/// share a cache, so its name is random.
fn keep(path: &Path, compiled: &[u8]) -> io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let random = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    let partial = path.with_extension(format!("{random:016x}.partial"));
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(compiled)?;
    fs::rename(&partial, path)
}

/// Nothing set in the last six bits: no rights for group and others.
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode().trailing_zeros() >= 6
        && !metadata.is_symlink()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_directory_others_can_enter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cache");
        assert!(Cache::open(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Cache::open(&path), Err(CacheRefused::NotPrivate(_))));
    }

    #[test]
    fn a_file_others_can_write_is_compiled_anew() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(&directory.path().join("cache")).unwrap();
        let engine = wasmtime::Engine::default();
        let bytes = b"\0asm\x0d\0\x01\0";
        let digest = Digest::of(bytes);
        cache.load(&engine, &digest, bytes).unwrap();
        let file = fs::read_dir(&cache.directory).unwrap().next().unwrap().unwrap().path();
        assert!(take(&engine, &file).is_some());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(take(&engine, &file).is_none());
        assert!(cache.load(&engine, &digest, bytes).is_ok());
    }
}
