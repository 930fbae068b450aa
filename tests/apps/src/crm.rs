//! A customer-relations application that speaks SCIM 2.0 over HTTP.
//!
//! It behaves as such applications do, traps included: it takes attributes it
//! does not know and drops them, it treats `userName` as unique whatever the
//! case, it does not look for a second `externalId`, and it forgets a deleted
//! person's memberships.

mod answer;
mod fault;
mod filter;
mod model;
mod patch;
mod routes;
mod schemas;
mod server;
mod wire;

pub use fault::Fault;
pub use server::{Crm, Options};

#[cfg(test)]
mod tests;
