//! Templates.
#[derive(Debug)]
pub struct Template;
#[derive(Debug)]
pub struct Expressions;
