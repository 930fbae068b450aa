//! Conditions of rules.
/// Stub, replaced by its room.
#[derive(Debug)]
pub struct Condition;
