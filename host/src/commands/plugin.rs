//! `lanyard plugin inspect`.

use std::path::Path;

use lanyard_core::schema::Manifest;
use serde::Serialize;

use super::{output::Output, session};
use crate::{
    errors::{AppError, Exit},
    wasm::Inspection,
};

/// As `--json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    digest: &'a str,
    bytes: u64,
    imports: &'a [String],
    exports: &'a [String],
    manifest: &'a Manifest,
}

pub(super) async fn inspect(
    file: &Path,
    json: bool,
    output: &mut Output,
) -> Result<Exit, AppError> {
    let Inspection { digest, size, imports, exports, manifest } =
        session::sandbox()?.inspect(file).await?;
    if json {
        output.json(&Shown {
            digest: digest.as_str(),
            bytes: size,
            imports: &imports,
            exports: &exports,
            manifest: &manifest,
        })?;
        return Ok(Exit::Ok);
    }
    output.line(&format!("{} ({}) {}", manifest.display_name, manifest.id, manifest.version))?;
    output.line(&format!("  {size} bytes, sha256 {digest}"))?;
    list("exports", &exports, output)?;
    list("imports", &imports, output)?;
    asks(&manifest, output)
}

fn list(title: &str, names: &[String], output: &mut Output) -> Result<(), AppError> {
    output.line(title)?;
    names.iter().try_for_each(|name| output.line(&format!("  {name}")))
}

fn asks(manifest: &Manifest, output: &mut Output) -> Result<Exit, AppError> {
    output.line("asks for")?;
    for line in asked(manifest) {
        output.line(&format!("  {line}"))?;
    }
    Ok(Exit::Ok)
}

/// Everything the manifest asks for, a line each.
pub(super) fn asked(manifest: &Manifest) -> Vec<String> {
    let Manifest { requests, streams, directories, secrets, attributes, .. } = manifest;
    let mut lines = Vec::new();
    for need in requests {
        let reads = if need.reads { ", which only read" } else { "" };
        lines.push(format!(
            "requests to {} below {} ({}{reads}): {}",
            need.host,
            need.path,
            need.methods.join(" "),
            need.purpose
        ));
    }
    for need in streams {
        lines.push(format!("stream `{}` to {}: {}", need.name, need.host, need.purpose));
    }
    for need in directories {
        let access = if need.writable { "read and write" } else { "read" };
        lines.push(format!("directory `{}` ({access}): {}", need.name, need.purpose));
    }
    for need in secrets {
        let required = if need.required { "required" } else { "optional" };
        let reveal = if need.reveal { ", IN PLAIN TEXT" } else { "" };
        lines.push(format!("secret `{}` ({required}{reveal}): {}", need.name, need.purpose));
    }
    if !attributes.is_empty() {
        lines.push(format!("attributes: {}", attributes.join(", ")));
    }
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines
}
