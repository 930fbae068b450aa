//! What the host asks of a guest.

use lanyard_core::{
    account::AccountState,
    value::{Attribute, AttributeChange, Completeness, ObjectRef, Value, ValueChange},
};

use crate::{
    connector::{Lookup, WriteContext},
    wasm::v0_1::{
        bindings::{
            exports::lanyard::connector::{directory, entitlements},
            lanyard::connector::types,
        },
        imports::timestamp,
    },
};

pub(in crate::wasm::v0_1) fn object_ref(reference: &ObjectRef) -> types::ObjectRef {
    types::ObjectRef { type_: reference.object_type.clone(), uid: reference.uid.clone() }
}

pub(in crate::wasm::v0_1) fn context(context: &WriteContext) -> types::OperationContext {
    types::OperationContext {
        idempotency_key: context.idempotency_key.clone(),
        attempt: context.attempt,
        trace_id: context.trace_id.clone(),
        reason: context.reason.clone(),
        expect_revision: context.expect_revision.clone(),
        mode: types::WriteMode::Commit,
        extra: Vec::new(),
    }
}

fn value(value: &Value) -> types::Value {
    match value {
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Integer(number) => types::Value::Integer(*number),
        Value::Decimal(text) => types::Value::Decimal(text.clone()),
        Value::Boolean(truth) => types::Value::Boolean(*truth),
        Value::Instant(at) => types::Value::Instant(timestamp(*at)),
        Value::Date(date) => types::Value::Date(date.to_string()),
        Value::Bytes(bytes) => types::Value::Bytes(bytes.clone()),
        Value::Reference(reference) => types::Value::Reference(object_ref(reference)),
        Value::Structured(text) => types::Value::Structured(text.clone()),
    }
}

fn values(list: &[Value]) -> Vec<types::Value> {
    list.iter().map(value).collect()
}

pub(in crate::wasm::v0_1) fn attributes(list: &[Attribute]) -> Vec<types::Attribute> {
    list.iter()
        .map(|attribute| types::Attribute {
            name: attribute.name.clone(),
            values: values(&attribute.values),
            completeness: match attribute.completeness {
                Completeness::Complete => types::Completeness::Complete,
                Completeness::Incomplete => types::Completeness::Incomplete,
                Completeness::Withheld => types::Completeness::Withheld,
            },
            effective_from: attribute.effective_from.map(timestamp),
            effective_until: attribute.effective_until.map(timestamp),
            extra: Vec::new(),
        })
        .collect()
}

pub(in crate::wasm::v0_1) fn changes(list: &[AttributeChange]) -> Vec<types::AttributeChange> {
    list.iter()
        .map(|change| types::AttributeChange {
            name: change.name.clone(),
            change: match &change.change {
                ValueChange::Replace(new) => types::Change::Replace(values(new)),
                ValueChange::Modify { add, remove } => types::Change::Modify(types::ValueChange {
                    add: values(add),
                    remove: values(remove),
                }),
            },
        })
        .collect()
}

/// New accounts are active or disabled; nothing else can be asked for.
pub(in crate::wasm::v0_1) fn state(state: AccountState) -> types::AccountState {
    match state {
        AccountState::Active => types::AccountState::Active,
        AccountState::Disabled
        | AccountState::Locked
        | AccountState::Pending
        | AccountState::SoftDeleted
        | AccountState::Unknown => types::AccountState::Disabled,
    }
}

pub(in crate::wasm::v0_1) fn lookup(lookup: &Lookup) -> directory::Lookup {
    match lookup {
        Lookup::Anchor(anchor) => directory::Lookup::Anchor(anchor.clone()),
        Lookup::Name(name) => directory::Lookup::Name(name.clone()),
        Lookup::Attribute { name, value: wanted } => {
            directory::Lookup::Attribute(directory::AttributeLookup {
                name: name.clone(),
                value: value(wanted),
            })
        }
        Lookup::IdempotencyKey(key) => directory::Lookup::IdempotencyKey(key.clone()),
    }
}

pub(in crate::wasm::v0_1) fn edge(
    holder: &ObjectRef,
    entitlement: &ObjectRef,
    relation: &str,
) -> entitlements::Edge {
    entitlements::Edge {
        holder: object_ref(holder),
        entitlement: object_ref(entitlement),
        relation: relation.to_owned(),
        expires_at: None,
        extra: Vec::new(),
    }
}
