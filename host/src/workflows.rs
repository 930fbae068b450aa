//! Workflows to copy: what a firm begins with.

/// By name, with their text.
pub const DEFAULTS: [(&str, &str); 8] = [
    ("prehire", include_str!("../workflows/prehire.toml")),
    ("joiner", include_str!("../workflows/joiner.toml")),
    ("mover", include_str!("../workflows/mover.toml")),
    ("leave", include_str!("../workflows/leave.toml")),
    ("leaver", include_str!("../workflows/leaver.toml")),
    ("eject", include_str!("../workflows/eject.toml")),
    ("rehire", include_str!("../workflows/rehire.toml")),
    ("contractor-end", include_str!("../workflows/contractor-end.toml")),
];
