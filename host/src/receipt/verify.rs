//! Whether a document is as it was signed: by its file alone.

use super::{
    Document, Format, PURPOSE, Signed,
    format::{decoded, written},
};
use crate::signing::{PublicKey, SealError};

/// A document that is as it was signed.
#[derive(Debug)]
pub struct Verified {
    pub document: Document,
    pub key: PublicKey,
    pub format: Format,
}

/// Why it is not.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the file has no document of Lanyard in it, or a part of one")]
    NotOne,
    #[error("the file is no text: its byte {0} is none of UTF-8, as what was signed is")]
    NotText(usize),
    #[error("the document in it cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("it is a document of version {0}, which this program does not know")]
    Version(u32),
    #[error("the signature does not hold")]
    Seal(#[source] SealError),
    #[error("it is signed by the key {found}, and not by {expected}")]
    OtherKey { found: PublicKey, expected: PublicKey },
    #[error(
        "the signed document says something else than line {line} of the file:\n  \
         signed  {signed}\n  file    {found}"
    )]
    Differs { line: usize, signed: String, found: String },
}

/// Whether a file is what it was when it was signed, byte for byte; by
/// `expected`, where somebody knows whose key it has to be.
///
/// # Errors
/// What is wrong with it, and where.
pub fn verify(file: impl AsRef<[u8]>, expected: Option<&PublicKey>) -> Result<Verified, Refused> {
    let file = std::str::from_utf8(file.as_ref());
    let file = file.map_err(|error| Refused::NotText(error.valid_up_to()))?;
    let (format, json) = if file.trim_start().starts_with('{') {
        (Format::Json, file.as_bytes().to_vec())
    } else {
        let page = file.trim_start().starts_with("<!DOCTYPE html>");
        let format = if page { Format::Html } else { Format::Text };
        (format, decoded(file).ok_or(Refused::NotOne)?)
    };
    let signed: Signed = serde_json::from_slice(&json).map_err(Refused::Unreadable)?;
    let Signed { document, seal } = &signed;
    if document.version != 1 {
        return Err(Refused::Version(document.version));
    }
    let key = seal.verify(PURPOSE, document).map_err(Refused::Seal)?;
    if let Some(expected) = expected.filter(|expected| **expected != key) {
        return Err(Refused::OtherKey { found: key, expected: *expected });
    }
    let whole = written(&signed, format).map_err(Refused::Unreadable)?;
    if whole != file {
        return Err(first_difference(&whole, file));
    }
    Ok(Verified { document: signed.document, key, format })
}

fn first_difference(signed: &str, file: &str) -> Refused {
    let mut left = signed.split('\n');
    let mut right = file.split('\n');
    let mut line = 0_usize;
    loop {
        line = line.saturating_add(1);
        match (left.next(), right.next()) {
            (Some(signed), Some(found)) if signed == found => {}
            (signed, found) => {
                let shown = |text: Option<&str>| -> String {
                    let text = text.map_or("(nothing)".to_owned(), |text| format!("{text:?}"));
                    text.chars().take(200).collect()
                };
                return Refused::Differs { line, signed: shown(signed), found: shown(found) };
            }
        }
    }
}
