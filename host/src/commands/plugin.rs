//! `lanyard plugin inspect`.

use std::path::Path;

use lanyard_core::schema::Manifest;
use serde::Serialize;
use serde_json::Value;

use super::{output::Output, session};
use crate::{
    errors::{AppError, Exit},
    wasm::Inspection,
};

/// Deeper tables of a `config` are the connector's own to explain.
const MAX_DEPTH: usize = 6;

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
    list("asks for", &asked(&manifest), output)?;
    list("config", &config_keys(&manifest.config_schema), output)?;
    Ok(Exit::Ok)
}

fn list(title: &str, names: &[String], output: &mut Output) -> Result<(), AppError> {
    output.line(title)?;
    names.iter().try_for_each(|name| output.line(&format!("  {name}")))
}

/// Everything the manifest asks for, a line each.
pub(super) fn asked(manifest: &Manifest) -> Vec<String> {
    let Manifest { requests, streams, directories, secrets, authorizations, attributes, .. } =
        manifest;
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
    for need in authorizations {
        let schemes: Vec<&str> = need.schemes.iter().map(|kind| kind.word()).collect();
        let schemes = if schemes.is_empty() { "any".to_owned() } else { schemes.join(" or ") };
        lines.push(format!("authorization `{}` ({schemes}): {}", need.name, need.purpose));
    }
    if !attributes.is_empty() {
        lines.push(format!("attributes: {}", attributes.join(", ")));
    }
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines
}

/// The keys that `config` may have, a line each; those within tables are
/// indented.
fn config_keys(schema: &str) -> Vec<String> {
    match serde_json::from_str::<Value>(schema) {
        Err(_no_json) => vec!["its schema is no JSON".to_owned()],
        Ok(schema) => {
            let mut lines = Vec::new();
            keys_below(&schema, 0, &mut lines);
            if lines.is_empty() {
                lines.push("no keys".to_owned());
            }
            lines
        }
    }
}

fn keys_below(schema: &Value, depth: usize, lines: &mut Vec<String>) {
    if depth >= MAX_DEPTH {
        return;
    }
    let required: Vec<&str> = entries(schema, "required").filter_map(Value::as_str).collect();
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let mut about: Vec<String> = property
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .into_iter()
            .chain(required.contains(&key.as_str()).then(|| "required".to_owned()))
            .collect();
        let choices: Vec<String> =
            entries(property, "enum").chain(property.get("const")).map(shown).collect();
        if !choices.is_empty() {
            about.push(choices.join(" or "));
        }
        about.extend(property.get("default").map(|it| format!("default {}", shown(it))));
        let about =
            if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        let text = property.get("description").and_then(Value::as_str);
        let text = text.map(|text| format!(": {text}")).unwrap_or_default();
        lines.push(format!("{}`{key}`{about}{text}", "  ".repeat(depth)));
        keys_below(property, depth + 1, lines);
    }
    for alternative in entries(schema, "oneOf").chain(entries(schema, "anyOf")) {
        keys_below(alternative, depth, lines);
    }
}

fn entries<'s>(schema: &'s Value, key: &str) -> impl Iterator<Item = &'s Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Text as it is, everything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::config_keys;

    #[test]
    fn a_config_is_shown_key_by_key() {
        let schema = r#"{
            "required": ["url"],
            "properties": {
                "url": { "type": "string", "description": "base address" },
                "mode": { "enum": ["fast", 2], "default": "fast" },
                "disable": { "description": "how", "oneOf": [
                    { "properties": { "lock": { "const": "ppolicy" } } },
                    { "properties": { "flag": { "type": "boolean" } } } ] }
            }
        }"#;
        insta::assert_snapshot!(config_keys(schema).join("\n"), @r#"
        `url` (string, required): base address
        `mode` ("fast" or 2, default "fast")
        `disable`: how
          `lock` ("ppolicy")
          `flag` (boolean)
        "#);
        assert_eq!(config_keys("{}"), ["no keys"]);
        assert_eq!(config_keys("nonsense"), ["its schema is no JSON"]);
    }
}
