//! Lanyard: a host for sandboxed connectors.
pub mod config;
pub mod connector;
pub mod reconcile;
pub mod store;
pub mod wasm;
