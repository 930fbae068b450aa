//! Which source decides a fact that several give.

use std::collections::BTreeMap;

use crate::id::{ConnectorName, FactName};

/// Sources in the order in which they are believed.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    /// For facts without an order of their own.  Empty: every source, in the
    /// order of their names.
    pub default: Vec<ConnectorName>,
    /// Sources, and targets whose accounts give the fact, by fact; those of
    /// `default` come after them.
    pub facts: BTreeMap<FactName, Vec<ConnectorName>>,
}

impl Authority {
    /// The place of a source among those that may give a fact, from 0; none
    /// when it may not.
    pub fn rank(&self, fact: &FactName, source: &ConnectorName) -> Option<usize> {
        let place = |order: &[ConnectorName]| order.iter().position(|it| it == source);
        let own = self.facts.get(fact).map(Vec::as_slice).unwrap_or_default();
        place(own).or_else(|| {
            let of_default = if self.default.is_empty() { Some(0) } else { place(&self.default) };
            Some(own.len() + of_default?)
        })
    }

    /// The place of a source in the default order; one that is not in it
    /// comes last.
    pub fn place(&self, source: &ConnectorName) -> usize {
        self.default.iter().position(|it| it == source).unwrap_or(self.default.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::named;

    #[test]
    fn a_source_that_is_listed_nowhere_gives_nothing() {
        let authority = Authority {
            default: vec![named("hr"), named("crm")],
            facts: BTreeMap::from([(named("mail"), vec![named("post"), named("crm")])]),
        };
        let rank = |fact: &str, source: &str| authority.rank(&named(fact), &named(source));
        assert_eq!(rank("mail", "post"), Some(0));
        assert_eq!(rank("mail", "crm"), Some(1));
        assert_eq!(rank("mail", "hr"), Some(2));
        assert_eq!(rank("title", "hr"), Some(0));
        assert_eq!(rank("title", "post"), None);
        assert_eq!(Authority::default().rank(&named("title"), &named("x")), Some(0));
    }
}
