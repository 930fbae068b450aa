//! One binary for all tests that look at the project from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails where it stands"
)]

mod connector_test;
mod directions;
