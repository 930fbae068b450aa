//! Lanyard: a host for sandboxed connectors.
pub mod connector;
pub mod store;
