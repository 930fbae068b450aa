//! A company directory that speaks LDAP.
//!
//! It keeps the rules of a real one that a connector trips over: a
//! `groupOfNames` never loses its last member, `pwdAccountLockedTime` is taken
//! without a word and blocks nobody unless a password policy says so, a
//! deleted person stays a member, and a size limit cuts paged searches too.

mod dn;
mod entry;
mod filter;
mod request;
mod schema;
mod search;
mod server;
mod tree;

pub use server::{Directory, Options};

#[cfg(test)]
mod tests;
