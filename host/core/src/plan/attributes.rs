//! What of an account's content differs, as the target sees it.

use std::collections::BTreeMap;

use crate::{
    account::Account,
    desired::AccountContent,
    matching,
    operation::Before,
    schema::{AttributeDef, Mutability, ObjectDef, Returned, Sensitivity},
    value::{Attribute, AttributeChange, Completeness, Value, ValueChange},
};

/// Name, anchor and attributes that an update would change.
#[derive(Default)]
pub(super) struct Difference {
    pub(super) name: Option<String>,
    pub(super) anchor: Option<String>,
    pub(super) attributes: Vec<AttributeChange>,
    pub(super) before: Before,
}

impl Difference {
    pub(super) fn is_empty(&self) -> bool {
        self.name.is_none() && self.anchor.is_none() && self.attributes.is_empty()
    }
}

/// What a create sends: everything that may be written, without what carries
/// name and anchor.
pub(super) fn initial(def: &ObjectDef, content: &AccountContent) -> Vec<Attribute> {
    let managed = content.attributes.iter().chain(&content.initial);
    let managed = managed.filter(|(_, values)| !values.is_empty());
    managed
        .filter(|(name, _)| own(def, name).is_some_and(|it| it.mutability != Mutability::ReadOnly))
        .map(|(name, values)| Attribute::new(name, values.clone()))
        .collect()
}

/// Attributes of the content that the target does not have.
pub(super) fn unknown<'a>(
    def: &'a ObjectDef,
    content: &'a AccountContent,
) -> impl Iterator<Item = &'a String> {
    content
        .attributes
        .keys()
        .chain(content.initial.keys())
        .filter(|name| def.attribute(name).is_none())
}

pub(super) fn difference(
    def: &ObjectDef,
    content: &AccountContent,
    account: &Account,
) -> Difference {
    let mut difference = Difference::default();
    if !same_text(def, &def.name_attribute, &content.name, &account.name) {
        difference.name = Some(content.name.clone());
        difference.before.name = Some(account.name.clone());
    }
    if let Some(attribute) = &def.anchor_attribute
        && account.anchor.as_ref().is_none_or(|it| !same_text(def, attribute, &content.anchor, it))
    {
        difference.anchor = Some(content.anchor.clone());
        difference.before.anchor.clone_from(&account.anchor);
    }
    let observed: BTreeMap<&str, &Attribute> =
        account.attributes.iter().map(|it| (it.name.as_str(), it)).collect();
    for (name, desired) in &content.attributes {
        let Some(attribute) = own(def, name) else { continue };
        let found = observed.get(name.as_str()).copied();
        if attribute.mutability != Mutability::ReadWrite || !compared(attribute, found) {
            continue;
        }
        let Some(change) = value_change(attribute, desired, found) else { continue };
        difference.attributes.push(AttributeChange { name: name.clone(), change });
        if matches!(attribute.sensitivity, Sensitivity::Ordinary | Sensitivity::Personal) {
            let old = found.map(|it| it.values.clone()).unwrap_or_default();
            difference.before.attributes.insert(name.clone(), old);
        }
    }
    difference
}

/// The attribute, unless it carries name or anchor, which are written as
/// such.
fn own<'a>(def: &'a ObjectDef, name: &str) -> Option<&'a AttributeDef> {
    let apart = name == def.name_attribute || def.anchor_attribute.as_deref() == Some(name);
    def.attribute(name).filter(|_| !apart)
}

/// Whether what was read says anything about an attribute.
pub(crate) fn compared(def: &AttributeDef, found: Option<&Attribute>) -> bool {
    let withheld = found.is_some_and(|it| it.completeness == Completeness::Withheld);
    let readable = match def.returned {
        Returned::Always => def.mutability != Mutability::WriteOnly,
        Returned::OnRequest => def.mutability != Mutability::WriteOnly && found.is_some(),
        Returned::Never => false,
    };
    readable && !withheld
}

/// Whether the target holds the two lists of values equal.
pub(crate) fn same_values(def: &AttributeDef, left: &[Value], right: &[Value]) -> bool {
    if def.ordered {
        left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(def, l, r))
    } else {
        missing(def, left, right).is_empty() && missing(def, right, left).is_empty()
    }
}

fn value_change(
    def: &AttributeDef,
    desired: &[Value],
    found: Option<&Attribute>,
) -> Option<ValueChange> {
    let observed = found.map(|it| it.values.as_slice()).unwrap_or_default();
    if found.is_some_and(|it| it.completeness == Completeness::Incomplete) {
        // What was not read may be there: nothing is taken away, and only a
        // set of values can be added to without taking away.
        let add = missing(def, desired, observed);
        let additive = def.multi && !def.ordered && !add.is_empty();
        return additive.then_some(ValueChange::Modify { add, remove: Vec::new() });
    }
    if same_values(def, desired, observed) {
        return None;
    }
    if !def.multi || def.ordered || desired.is_empty() || observed.is_empty() {
        return Some(ValueChange::Replace(desired.to_vec()));
    }
    let add = missing(def, desired, observed);
    let remove = missing(def, observed, desired);
    Some(ValueChange::Modify { add, remove })
}

/// Values of `these` that `others` has not.
fn missing(def: &AttributeDef, these: &[Value], others: &[Value]) -> Vec<Value> {
    these.iter().filter(|it| !others.iter().any(|other| same(def, it, other))).cloned().collect()
}

/// Equal under the schema's matching; a template writes text where a target
/// may report a number, which is no difference.
fn same(def: &AttributeDef, left: &Value, right: &Value) -> bool {
    matching::equal(&def.matching, left, right)
        || (std::mem::discriminant(left) != std::mem::discriminant(right)
            && left.to_string() == right.to_string())
}

fn same_text(def: &ObjectDef, attribute: &str, left: &str, right: &str) -> bool {
    match def.attribute(attribute) {
        Some(it) => matching::normal(&it.matching, left) == matching::normal(&it.matching, right),
        None => left == right,
    }
}
