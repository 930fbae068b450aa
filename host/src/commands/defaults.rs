//! Workflows to copy: what a firm begins with.

use crate::{
    config::nearest,
    errors::{AppError, Exit},
};

/// By name, with their text.
pub(super) const DEFAULTS: [(&str, &str); 7] = [
    ("prehire", include_str!("../../workflows/prehire.toml")),
    ("joiner", include_str!("../../workflows/joiner.toml")),
    ("mover", include_str!("../../workflows/mover.toml")),
    ("leave", include_str!("../../workflows/leave.toml")),
    ("leaver", include_str!("../../workflows/leaver.toml")),
    ("rehire", include_str!("../../workflows/rehire.toml")),
    ("contractor-end", include_str!("../../workflows/contractor-end.toml")),
];

/// One of them, or what there is.
pub(super) fn shown(name: Option<&str>) -> Result<String, AppError> {
    let names = || DEFAULTS.iter().map(|(name, _)| *name);
    let Some(name) = name else {
        let lines = DEFAULTS.iter().map(|(name, text)| {
            let about = text.lines().next().unwrap_or_default().trim_start_matches("# ");
            format!("{name:<16} {about}\n")
        });
        return Ok(lines.collect());
    };
    if let Some((_, text)) = DEFAULTS.iter().find(|(known, _)| *known == name) {
        return Ok((*text).to_owned());
    }
    let error = AppError::new(Exit::Usage, format!("there is no default `{name}`"));
    Err(match nearest(name, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
    })
}
