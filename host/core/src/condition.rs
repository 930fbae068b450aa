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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{example::named, value::Value};

    #[test]
    fn a_fact_is_in_a_list_or_not_and_an_absent_one_is_in_none() {
        let mut scope = Scope::new();
        let values = ["Sales", "Support"].map(|it| Value::Text(it.to_owned()));
        scope.fact("department", &values);
        let holds = |fact: &str, test: Test| {
            let condition = Condition { all: vec![(named(fact), test)], expr: None };
            condition.holds(&Expressions::new(), &scope).unwrap()
        };
        let list = |it: &str| vec!["Research".to_owned(), it.to_owned()];
        assert!(holds("department", Test::OneOf(list("Support"))));
        assert!(!holds("department", Test::OneOf(list("sales"))));
        assert!(!holds("department", Test::NoneOf(list("Sales"))));
        assert!(holds("department", Test::NoneOf(list("Legal"))));
        assert!(!holds("country", Test::OneOf(list("DE"))));
        assert!(holds("country", Test::NoneOf(list("DE"))));
        for (fact, there) in [("department", true), ("country", false)] {
            assert_eq!(holds(fact, Test::Present(true)), there);
            assert_eq!(holds(fact, Test::Present(false)), !there);
        }
    }
}
