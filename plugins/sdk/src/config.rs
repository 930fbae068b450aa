//! The operator's `config` table.

use serde::de::DeserializeOwned;

use crate::{host, types::Error};

/// Reads the configuration; `misconfigured` with the path of what is wrong.
///
/// ```
/// use lanyard_sdk::{config, testing::Host};
///
/// #[derive(serde::Deserialize)]
/// struct Acme { url: String }
///
/// let host = Host::new().config(&serde_json::json!({ "url": 7 })).install();
/// let error = config::load::<Acme>().map(|acme| acme.url).unwrap_err();
/// assert_eq!(error.message, "config, `url`: invalid type: integer `7`, expected a string");
/// # drop(host);
/// ```
pub fn load<T: DeserializeOwned>() -> Result<T, Error> {
    let json = host::config();
    let mut reader = serde_json::Deserializer::from_str(&json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // The place inside the JSON means nothing to somebody who wrote TOML.
        let what = inner.split(" at line ").next().unwrap_or(&inner);
        if path == "." {
            Error::misconfigured(format!("config: {what}"))
        } else {
            Error::misconfigured(format!("config, `{path}`: {what}"))
        }
    })
}
