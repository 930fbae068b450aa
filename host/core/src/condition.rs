//! Conditions of rules: tests of facts first, an expression for the rest.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    id::FactName,
    template::{EvaluationError, Expression, Expressions, Scope},
};

/// Holds when every test and the expression hold.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    pub all: Vec<(FactName, Test)>,
    pub expr: Option<Expression>,
}

/// A test of one fact.  Text is compared exactly; a fact with several values
/// passes when one of them does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// One of its values is in the list; an absent fact is not.
    OneOf(Vec<String>),
    /// None of its values is in the list; an absent fact passes.
    NoneOf(Vec<String>),
    /// It has a value (or, with false, has none).
    Present(bool),
}

impl Condition {
    /// The condition of a rule without `when`.
    pub fn always() -> Self {
        Self::default()
    }

    /// # Errors
    /// When the expression cannot be evaluated for these facts, unless a
    /// test has said no already.
    pub fn holds(&self, expressions: &Expressions, scope: &Scope) -> Result<bool, EvaluationError> {
        if !self.all.iter().all(|(fact, test)| test.holds(fact, scope)) {
            return Ok(false);
        }
        self.expr.as_ref().map_or(Ok(true), |expr| expressions.holds(expr, scope))
    }

    /// The names it looks at.
    pub fn reads(&self) -> BTreeSet<&str> {
        let tested = self.all.iter().map(|(fact, _)| fact.as_str());
        let read = self.expr.iter().flat_map(|expr| expr.reads().iter().map(String::as_str));
        tested.chain(read).collect()
    }
}

impl Test {
    fn holds(&self, fact: &FactName, scope: &Scope) -> bool {
        let listed = |list: &Vec<String>| {
            scope.any_value(fact.as_str(), |value| list.iter().any(|listed| listed == value))
        };
        match self {
            Self::OneOf(list) => listed(list),
            Self::NoneOf(list) => !listed(list),
            Self::Present(expected) => scope.has_fact(fact.as_str()) == *expected,
        }
    }
}
