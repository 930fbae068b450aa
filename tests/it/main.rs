//! One binary for all tests that look at the project from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails where it stands"
)]

mod abilities;
mod agreed;
mod approval;
mod asking;
mod bad_input;
mod built;
mod cases;
mod clock;
mod connector_test;
mod crash;
mod demo;
mod desk;
mod directions;
mod dropped;
mod erased;
mod exit_status;
mod halts;
mod handover;
mod heads;
mod held;
mod leavers;
mod lives;
mod messages;
mod named;
mod pages;
mod people;
mod receipt;
mod record;
mod requests;
mod samples;
mod sandbox;
mod servers;
mod simulated;
mod stores;
mod suppose;
mod undo;
mod workflow;
