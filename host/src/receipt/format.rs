//! The three forms of a document.  Each carries the document itself, as it
//! was signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Signed, html, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Html,
}

pub(super) const BEGIN: &str = "-----BEGIN LANYARD DOCUMENT-----";
pub(super) const END: &str = "-----END LANYARD DOCUMENT-----";
/// Characters of a line of the block.
const WIDTH: usize = 76;

/// A whole file.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn written(signed: &Signed, format: Format) -> Result<String, serde_json::Error> {
    Ok(match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(signed)?),
        Format::Text => text::whole(signed, &block(signed)?),
        Format::Html => html::page(signed, &block(signed)?),
    })
}

/// The document with its seal, between two lines by which it is found.
fn block(signed: &Signed) -> Result<String, serde_json::Error> {
    let encoded = STANDARD.encode(serde_json::to_vec(signed)?);
    let mut block = format!("{BEGIN}\n");
    let mut rest = encoded.as_str();
    while let Some((line, more)) = rest.split_at_checked(WIDTH.min(rest.len())) {
        if line.is_empty() {
            break;
        }
        block.push_str(line);
        block.push('\n');
        rest = more;
    }
    block.push_str(END);
    Ok(block)
}

/// What a block has between its lines; none: there is no block.
pub(super) fn decoded(file: &str) -> Option<Vec<u8>> {
    let (_, after) = file.rsplit_once(BEGIN)?;
    let (inside, _) = after.split_once(END)?;
    let packed: String = inside.split_whitespace().collect();
    STANDARD.decode(packed).ok()
}
