//! What an update found, put back.

use super::fits::Now;
use crate::{
    matching::normal,
    operation::{Before, Change},
    plan::attributes::same_values,
    schema::{AttributeDef, Matching, Mutability},
    value::{AttributeChange, Completeness, Value, ValueChange},
};

/// Values before, of what is still as the plan made it.
pub(super) fn restored(
    now: &Now<'_>,
    (name, anchor): (Option<&str>, Option<&str>),
    attributes: &[AttributeChange],
    was: &Before,
) -> (Option<Change>, Vec<String>) {
    let mut left = Vec::new();
    let mut before = Before::default();
    if anchor.is_some() {
        left.push("the id by which we know the account stays".to_owned());
    }
    let old = name.and_then(|name| match renamed(now, name, was.name.as_deref()) {
        Ok(old) => Some(old),
        Err(why) => {
            left.push(why);
            None
        }
    });
    if old.is_some() {
        before.name = Some(now.account.name.clone());
    }
    let mut restored = Vec::new();
    for change in attributes {
        match value(now, change, was) {
            Ok((values, current)) => {
                before.attributes.insert(change.name.clone(), current);
                let values = ValueChange::Replace(values);
                restored.push(AttributeChange { name: change.name.clone(), change: values });
            }
            Err(why) => left.push(format!("`{}` {why}", change.name)),
        }
    }
    if old.is_none() && restored.is_empty() {
        return (None, left);
    }
    let change = Change::Update {
        account: now.account.reference.clone(),
        name: old,
        anchor: None,
        attributes: restored,
        before,
    };
    if now.def.capabilities.update {
        return (Some(change), left);
    }
    left.push("the connector cannot update accounts".to_owned());
    (None, left)
}

fn renamed(now: &Now<'_>, new: &str, old: Option<&str>) -> Result<String, String> {
    let matching = now.def.attribute(&now.def.name_attribute).map(|it| &it.matching);
    let matching = matching.unwrap_or(&Matching::Exact);
    let same = |one: &str, other: &str| normal(matching, one) == normal(matching, other);
    let old = old.ok_or("what it was called is not kept")?;
    if !same(&now.account.name, new) {
        return Err(format!("it is called `{}` by now", now.account.name));
    }
    let others = now.there.accounts.iter().filter(|it| it.reference != now.account.reference);
    if others.map(|it| it.name.as_str()).any(|name| same(name, old)) {
        return Err(format!("somebody else is called `{old}` by now"));
    }
    Ok(old.to_owned())
}

/// The values before, and those now.
fn value(
    now: &Now<'_>,
    change: &AttributeChange,
    was: &Before,
) -> Result<(Vec<Value>, Vec<Value>), &'static str> {
    let old = was.attributes.get(&change.name).ok_or("has values that are not kept")?;
    let def = now.def.attribute(&change.name);
    let def = def.filter(|it| it.mutability == Mutability::ReadWrite);
    let def = def.ok_or("cannot be written any more")?;
    let found = now.account.attributes.iter().find(|it| it.name == change.name);
    if found.is_some_and(|it| it.completeness != Completeness::Complete) {
        return Err("was not read wholly");
    }
    let current = found.map(|it| it.values.clone()).unwrap_or_default();
    if !same_values(def, &current, &made(def, &change.change, old)) {
        return Err("was changed since");
    }
    Ok((old.clone(), current))
}

/// The values that a change leaves.
fn made(def: &AttributeDef, change: &ValueChange, old: &[Value]) -> Vec<Value> {
    match change {
        ValueChange::Replace(values) => values.clone(),
        ValueChange::Modify { add, remove } => {
            let gone = |it: &Value| {
                remove.iter().any(|one| {
                    same_values(def, std::slice::from_ref(it), std::slice::from_ref(one))
                })
            };
            old.iter().filter(|it| !gone(it)).chain(add).cloned().collect()
        }
    }
}
