//! The variables of one evaluation.

use std::{collections::BTreeMap, sync::Arc};

use minijinja::{
    Value as Dynamic,
    value::{Enumerator, Object},
};

use crate::value::Value;

/// What templates and conditions can read about one identity (or, in a
/// source's `facts`, about one record).
#[derive(Debug, Clone, Default)]
pub struct Scope {
    variables: Arc<Variables>,
}

#[derive(Debug, Clone, Default)]
struct Variables {
    /// Set by the mapping itself (`login`, `suffix`): no fact hides them.
    own: BTreeMap<String, Dynamic>,
    facts: BTreeMap<String, Dynamic>,
    /// What Lanyard knows (`id`, `key`, `state`); a fact of the same name
    /// comes first.
    known: BTreeMap<String, Dynamic>,
    /// Every attribute under its exact name.
    record: Option<Dynamic>,
    /// Accounts of other people.
    reference: Option<Dynamic>,
}

impl Variables {
    fn lookup(&self, name: &str) -> Option<&Dynamic> {
        self.own
            .get(name)
            .or_else(|| self.facts.get(name))
            .or_else(|| self.known.get(name))
            .or_else(|| self.record.as_ref().filter(|_| name == "record"))
            .or_else(|| self.reference.as_ref().filter(|_| name == "reference"))
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        self.lookup(key.as_str()?).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Dynamic> {
        self.lookup(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl Scope {
    pub fn new() -> Self {
        Self::default()
    }

    /// A fact or attribute: one value as it is, several as a list, none as
    /// empty text.
    pub fn fact(&mut self, name: impl Into<String>, values: &[Value]) {
        Arc::make_mut(&mut self.variables).facts.insert(name.into(), dynamic(values));
    }

    /// Something known besides facts; a fact of that name comes first.
    pub fn known(&mut self, name: impl Into<String>, text: impl Into<String>) {
        let text = Dynamic::from(text.into());
        Arc::make_mut(&mut self.variables).known.insert(name.into(), text);
    }

    /// A variable that no fact hides.
    pub fn own(&mut self, name: &str, text: &str) {
        let own = &mut Arc::make_mut(&mut self.variables).own;
        own.insert(name.to_owned(), Dynamic::from(text));
    }

    /// A variable with parts (`accounts.crm`) that no fact hides.
    pub fn own_map<'a>(&mut self, name: &str, parts: impl Iterator<Item = (&'a str, &'a str)>) {
        let map: BTreeMap<String, Dynamic> =
            parts.map(|(name, text)| (name.to_owned(), Dynamic::from(text))).collect();
        let own = &mut Arc::make_mut(&mut self.variables).own;
        own.insert(name.to_owned(), Dynamic::from(map));
    }

    /// The facts of somebody else (`manager.mail`), which no fact hides.
    pub fn own_facts<'a>(
        &mut self,
        name: &str,
        facts: impl Iterator<Item = (&'a str, &'a [Value])>,
    ) {
        let map: BTreeMap<String, Dynamic> =
            facts.map(|(name, values)| (name.to_owned(), dynamic(values))).collect();
        let own = &mut Arc::make_mut(&mut self.variables).own;
        own.insert(name.to_owned(), Dynamic::from(map));
    }

    /// The attributes of a record under their exact names, as `record`.
    pub fn record<'a>(&mut self, attributes: impl Iterator<Item = (&'a str, &'a [Value])>) {
        let map: BTreeMap<String, Dynamic> =
            attributes.map(|(name, values)| (name.to_owned(), dynamic(values))).collect();
        Arc::make_mut(&mut self.variables).record = Some(Dynamic::from(map));
    }

    /// What attributes of accounts of other people are, as
    /// `reference.NAME.ATTRIBUTE`.
    pub fn references(&mut self, known: BTreeMap<String, BTreeMap<&'static str, String>>) {
        let map: BTreeMap<String, Dynamic> =
            known.into_iter().map(|(name, known)| (name, Dynamic::from(known))).collect();
        Arc::make_mut(&mut self.variables).reference = Some(Dynamic::from(map));
    }

    /// Whether a variable of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.variables.lookup(name).is_some()
    }

    /// Whether a fact of that name is there and has a value.
    pub fn has_fact(&self, name: &str) -> bool {
        self.any_value(name, |_| true)
    }

    /// Whether a value of the fact `name` is one that `test` accepts.
    pub fn any_value(&self, name: &str, test: impl Fn(&str) -> bool) -> bool {
        let Some(value) = self.variables.facts.get(name) else { return false };
        match value.as_str() {
            Some(value) => !value.is_empty() && test(value),
            None => match value.try_iter() {
                Ok(mut values) => values
                    .any(|value| value.as_str().map_or_else(|| test(&value.to_string()), &test)),
                Err(_) => test(&value.to_string()),
            },
        }
    }

    pub(super) fn context(&self) -> Dynamic {
        Dynamic::from_dyn_object(Arc::clone(&self.variables))
    }
}

fn dynamic(values: &[Value]) -> Dynamic {
    match values {
        [] => Dynamic::from(""),
        [one] => single(one),
        many => many.iter().map(single).collect(),
    }
}

fn single(value: &Value) -> Dynamic {
    match value {
        Value::Integer(number) => Dynamic::from(*number),
        Value::Boolean(truth) => Dynamic::from(*truth),
        other => Dynamic::from(other.to_string()),
    }
}
