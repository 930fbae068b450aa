//! The lines of one operation.

use std::collections::BTreeMap;

use super::Page;
use crate::{
    account::AccountState,
    id::ConnectorName,
    observed::ObservedTarget,
    operation::{AccountPointer, Before, Change, Operation, OperationKind},
    schema::{ObjectDef, Sensitivity},
    value::{Attribute, AttributeChange, ObjectRef, Value, ValueChange},
};

const HIDDEN: &str = "•••";

/// Names of accounts, by target and reference.
pub(crate) struct Names<'a> {
    targets: &'a BTreeMap<ConnectorName, ObservedTarget>,
    accounts: BTreeMap<(&'a ConnectorName, &'a ObjectRef), &'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(targets: &'a BTreeMap<ConnectorName, ObservedTarget>) -> Self {
        let accounts = targets.iter().flat_map(|(target, there)| {
            there.accounts.iter().map(move |it| ((target, &it.reference), it.name.as_str()))
        });
        Self { targets, accounts: accounts.collect() }
    }

    fn of<'b>(&'b self, target: &'b ConnectorName, account: &'b ObjectRef) -> &'b str {
        self.accounts.get(&(target, account)).copied().unwrap_or(&account.uid)
    }

    /// What an operation does, in one line; `siblings` are those of the same
    /// identity.
    pub(crate) fn headline(&self, operation: &Operation, siblings: &[&Operation]) -> String {
        let target = &operation.target;
        let word =
            format!("{} {} {target}", symbol(&operation.change), operation.change.kind().word());
        match &operation.change {
            Change::Create { name, state, .. } => {
                let how = if *state == AccountState::Disabled { ", disabled" } else { "" };
                format!("{word} `{name}`{how}")
            }
            Change::Update { account, .. }
            | Change::Enable { account }
            | Change::Disable { account }
            | Change::Credentials { account, .. }
            | Change::Delete { account } => format!("{word} `{}`", self.of(target, account)),
            Change::Grant { holder: AccountPointer::Known(holder), relation, label, .. }
            | Change::Revoke { holder, relation, label, .. } => {
                format!("{word} `{}` {}", self.of(target, holder), grant(label, relation))
            }
            Change::Grant { holder: AccountPointer::Created { .. }, relation, label, .. } => {
                format!("{word} {} {}", created_name(target, siblings), grant(label, relation))
            }
        }
    }

    fn object(&self, target: &ConnectorName, object_type: &str) -> Option<&'a ObjectDef> {
        self.targets.get(target)?.schema.object(object_type)
    }
}

/// `siblings` are the operations of the same identity.
pub(super) fn lines(
    operation: &Operation,
    siblings: &[&Operation],
    names: &Names<'_>,
    page: &mut Page,
) {
    let target = &operation.target;
    page.line(1, &names.headline(operation, siblings));
    match &operation.change {
        Change::Create { object_type, attributes, .. } => {
            let def = names.object(target, object_type);
            for Attribute { name, values, .. } in attributes {
                page.line(3, &format!("{name}: {}", shown(def, name, values)));
            }
        }
        Change::Update { account, name, anchor, attributes, before } => {
            let def = names.object(target, &account.object_type);
            update_lines(def, name.as_ref(), anchor.as_ref(), attributes, before, page);
        }
        Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Delete { .. }
        | Change::Grant { .. }
        | Change::Credentials { .. }
        | Change::Revoke { .. } => {}
    }
}

fn created_name(target: &ConnectorName, siblings: &[&Operation]) -> String {
    let name = siblings.iter().find_map(|it| match &it.change {
        Change::Create { name, .. } if it.target == *target => Some(format!("`{name}`")),
        _ => None,
    });
    name.unwrap_or_else(|| "new account".to_owned())
}

fn symbol(change: &Change) -> char {
    match change.kind() {
        OperationKind::Create | OperationKind::Grant => '+',
        OperationKind::Update => '~',
        OperationKind::Enable => '*',
        OperationKind::Disable | OperationKind::EndSessions | OperationKind::RevokeCredentials => {
            '!'
        }
        OperationKind::Delete | OperationKind::Revoke => '-',
    }
}

fn grant(label: &str, relation: &str) -> String {
    if relation.is_empty() { label.to_owned() } else { format!("{label} as {relation}") }
}

fn update_lines(
    def: Option<&ObjectDef>,
    name: Option<&String>,
    anchor: Option<&String>,
    attributes: &[AttributeChange],
    before: &Before,
    page: &mut Page,
) {
    let from = |old: Option<&String>| old.map(|old| format!("{old:?} → ")).unwrap_or_default();
    if let Some(name) = name {
        page.line(3, &format!("name: {}{name:?}", from(before.name.as_ref())));
    }
    if let Some(anchor) = anchor {
        page.line(3, &format!("anchor: {}{anchor:?}", from(before.anchor.as_ref())));
    }
    for AttributeChange { name, change } in attributes {
        let text = match change {
            ValueChange::Replace(values) => {
                let old = before.attributes.get(name);
                let old = old.map(|old| format!("{} → ", shown(def, name, old)));
                format!("{}{}", old.unwrap_or_default(), shown(def, name, values))
            }
            ValueChange::Modify { add, remove } => {
                let part = |word: &str, values: &[Value]| {
                    let some = !values.is_empty();
                    some.then(|| format!("{word} {}", shown(def, name, values)))
                };
                let parts = [part("add", add), part("remove", remove)];
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
        };
        page.line(3, &format!("{name}: {text}"));
    }
}

/// Values as people may see them: those of an unknown attribute, a secret or
/// a special category are hidden, how many there are included.
pub(crate) fn shown(def: Option<&ObjectDef>, name: &str, values: &[Value]) -> String {
    let sensitivity = def.and_then(|def| def.attribute(name)).map(|it| it.sensitivity);
    match sensitivity {
        Some(Sensitivity::Ordinary | Sensitivity::Personal) => {}
        Some(Sensitivity::SpecialCategory | Sensitivity::Secret) | None => {
            return HIDDEN.to_owned();
        }
    }
    let texts: Vec<String> = values.iter().map(value).collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}

/// Text in quotes, anything else as it is.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Integer(_)
        | Value::Decimal(_)
        | Value::Boolean(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::Reference(_)
        | Value::Structured(_) => value.to_string(),
    }
}
