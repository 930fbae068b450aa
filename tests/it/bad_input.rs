//! What cannot be used is told in words a person can act on, and nothing is
//! lost: each bad input through the real program, as its operator meets it.

mod component;
mod file;
mod guest;
mod sheet;
mod target;
