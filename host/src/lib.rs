//! Lanyard: a host for sandboxed connectors that gives every person the
//! right accounts and access, for exactly as long as they should have it.
//!
//! Rooms in reading order, along the one road: the operator's file
//! (`config`), what connects (`connector`, `wasm`, tried by `contract`), what
//! is kept (`store`), what tells people (`messenger`), the road itself
//! (`reconcile`), what is said of it to others (`signing`, `receipt`, `heads`)
//! or kept for long (`archive`), and the verbs people use (`commands`).
//! Everything that decides is in `lanyard-core`.

pub mod archive;
pub mod args;
pub mod commands;
pub mod config;
pub mod connector;
pub mod contract;
pub mod errors;
pub mod heads;
pub mod messenger;
pub mod receipt;
pub mod reconcile;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod wasm;
pub mod workflows;
