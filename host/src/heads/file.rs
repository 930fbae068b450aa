//! A file of heads: a line of JSON for each, in the order they were signed.

use std::{
    fs,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use super::{Head, Line, PURPOSE};
use crate::{
    signing::{PublicKey, SealError},
    store::chain::KnownHead,
};

/// More than a line has.
const LONGEST: u64 = 512 << 10;

/// What a file says.
#[derive(Debug)]
pub struct Heads {
    pub heads: Vec<KnownHead>,
    /// Whose key signed them.
    pub key: PublicKey,
    /// Numbers of lines that are no head: one whose writing was cut off, say.
    pub unreadable: Vec<usize>,
}

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Unbelieved {
    #[error("line {line}: the signature does not hold")]
    Seal {
        line: usize,
        #[source]
        source: SealError,
    },
    #[error("line {line} is signed by the key {found}, and not by {expected}")]
    OtherKey { line: usize, found: PublicKey, expected: PublicKey },
    #[error("line {line} is a head of version {version}, which this program does not know")]
    Version { line: usize, version: u32 },
    #[error("there is no head in it")]
    Empty,
}

/// The heads of a file, all signed by the same key: by `expected`, where
/// somebody knows whose it has to be.
///
/// # Errors
/// The first line that is not as it was signed.
pub fn read(text: &str, expected: Option<&PublicKey>) -> Result<Heads, Unbelieved> {
    let mut key = expected.copied();
    let (mut heads, mut unreadable) = (Vec::new(), Vec::new());
    for (line, text) in (1_usize..).zip(text.lines()) {
        let Ok(written) = serde_json::from_str::<Line>(text) else {
            unreadable.push(line);
            continue;
        };
        if written.head.version != 1 {
            return Err(Unbelieved::Version { line, version: written.head.version });
        }
        let sealed = written.seal.verify(PURPOSE, &written.head);
        let found = sealed.map_err(|source| Unbelieved::Seal { line, source })?;
        let expected = *key.get_or_insert(found);
        if found != expected {
            return Err(Unbelieved::OtherKey { line, found, expected });
        }
        heads.push(written.known());
    }
    match key {
        Some(key) if !heads.is_empty() => Ok(Heads { heads, key, unreadable }),
        _ => Err(Unbelieved::Empty),
    }
}

/// The last head of a file, whatever it says of its signature; none: there is
/// no file, or no head in it.
pub(super) fn last(path: &Path) -> io::Result<Option<Head>> {
    let mut file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let mut lines = end.rsplit(|byte| *byte == b'\n');
    Ok(lines.find_map(|line| serde_json::from_slice::<Line>(line).ok()).map(|line| line.head))
}

/// Appends a line, durably.  What stands before it that was cut off in its
/// middle stays a line of its own.
pub(super) fn append(path: &Path, line: &str) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = fs::OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let apart = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{apart}{line}\n").as_bytes())?;
    file.sync_all()?;
    if is_new {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
