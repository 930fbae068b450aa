//! What the tests and their helpers share; the tests themselves are in `it/`.

pub mod around;
