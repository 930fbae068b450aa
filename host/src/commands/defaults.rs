//! `lanyard workflow default`.

use crate::{
    config::nearest,
    errors::{AppError, Exit},
    workflows::DEFAULTS,
};

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
