//! Write a Lanyard connector in plain Rust.
//!
//! A connector is a struct that holds the operator's `config` table and
//! implements [`Connector`], [`Directory`] and, when it writes,
//! [`Provisioning`] and [`Entitlements`].  [`export!`] makes a WebAssembly
//! component of it that exports exactly the interfaces listed.
//!
//! In a native build the host is a scripted double (see [`testing`]), so a
//! connector's tests need neither WebAssembly nor a network:
//!
//! ```
//! use lanyard_sdk::{http, prelude::*, testing::{Host, Reply}};
//!
//! # fn main() -> Result<(), Error> {
//! let host = Host::new()
//!     .reply("GET", "/people/7", Reply::json(200, &serde_json::json!({ "login": "ada" })))
//!     .install();
//! let answer = http::Request::get("https://acme.example/people/7")
//!     .authorization("default")?
//!     .send()?;
//! let person: serde_json::Value = answer.json()?;
//! assert_eq!(person["login"], "ada");
//! assert_eq!(host.requests().len(), 1);
//! # Ok(())
//! # }
//! ```

#[doc(hidden)]
pub mod bindings;
pub mod config;
pub mod connector;
mod credentials;
pub mod describe;
pub mod directory;
mod error;
mod host;
pub mod http;
pub mod journal;
pub mod log;
pub mod secrets;
mod step;
pub mod streams;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod time;
pub mod types;
mod value;

pub use connector::{Connector, Directory, Entitlements, Provisioning};
pub use credentials::{Credentials, NewPassword};
pub use describe::{Description, fingerprint};
pub use step::Step;
pub use value::attribute;

/// Everything most connectors need.
pub mod prelude {
    pub use crate::{
        connector::{Connector, Directory, Entitlements, Provisioning},
        credentials::{Credentials, NewPassword},
        describe::Description,
        step::Step,
        types::*,
        value::attribute,
    };
}
