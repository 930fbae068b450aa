//! The applications of the demo and of the tests, and the company that
//! uses them.
//!
//! The applications stand for systems somebody else runs: each keeps its own
//! state in its own file, listens on loopback only, and logs every write it
//! was sent, so that a test can count what reached it without asking a
//! connector of ours.
//!
//! - [`crm`] speaks SCIM 2.0 over HTTP, with fault switches;
//! - [`directory`] speaks LDAP;
//! - [`mail`] takes mails;
//! - [`process`] starts either as a process;
//! - [`company`] writes the HR files in `tests/data`;
//! - [`demo`] walks that company through Lanyard and both applications.

pub mod company;
pub mod crm;
pub mod demo;
pub mod directory;
pub mod mail;
pub mod process;
pub mod state;
