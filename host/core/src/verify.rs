//! Whether the read after a write shows what was asked.

use crate::{
    account::{Account, AccountState, Assignment},
    matching,
    observed::related,
    operation::{AccountPointer, Change},
    plan::{compared, same_values},
    run::Verification,
    schema::{AttributeDef, DeleteKind, ObjectDef},
    value::{Attribute, Completeness, ObjectRef, Value, ValueChange},
};

/// What was read after a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    pub account: AccountRead,
    /// All assignments of the account, or why they could not be read.
    pub assignments: Result<Vec<Assignment>, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRead {
    Found(Account),
    /// The target answered that there is none.
    NotFound,
    /// Nothing is known; why.
    Unread(String),
}

/// Compares a change with what the target shows after it.
///
/// Attributes that the target never shows do not count.
pub fn compare(change: &Change, after: &ReadBack, object: &ObjectDef) -> Verification {
    match change {
        Change::Grant { holder, entitlement, relation, .. } => {
            let holder = match holder {
                AccountPointer::Known(holder) => Some(holder),
                AccountPointer::Created { .. } => match &after.account {
                    AccountRead::Found(account) => Some(&account.reference),
                    AccountRead::NotFound | AccountRead::Unread(_) => None,
                },
            };
            return assigned(after, holder, entitlement, relation, true);
        }
        Change::Revoke { holder, entitlement, relation, .. } => {
            return assigned(after, Some(holder), entitlement, relation, false);
        }
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Enable { .. }
        | Change::Disable { .. }
        | Change::Delete { .. } => {}
        Change::Credentials { .. } => {
            let why = "no target shows what is ended".to_owned();
            return Verification::Unverifiable(why);
        }
    }
    match &after.account {
        AccountRead::Unread(why) => Verification::Unverifiable(why.clone()),
        AccountRead::NotFound if matches!(change, Change::Delete { .. }) => Verification::Verified,
        AccountRead::NotFound => drifted(vec!["account".to_owned()]),
        AccountRead::Found(account) => {
            if account.state == AccountState::Unknown && speaks_of_state(change) {
                return Verification::Unverifiable("the target does not tell the state".to_owned());
            }
            drifted(differences(change, account, object))
        }
    }
}

fn drifted(what: Vec<String>) -> Verification {
    if what.is_empty() { Verification::Verified } else { Verification::Drifted(what) }
}

fn speaks_of_state(change: &Change) -> bool {
    matches!(change, Change::Enable { .. } | Change::Disable { .. })
}

/// Names of what is not as asked.
fn differences(change: &Change, account: &Account, object: &ObjectDef) -> Vec<String> {
    let state = |wanted: bool| if wanted { Vec::new() } else { vec!["state".to_owned()] };
    match change {
        Change::Create { name, anchor, attributes, state: wanted, .. } => {
            let mut differing = Vec::new();
            text(object, &object.name_attribute, name, Some(&account.name), &mut differing);
            if let Some(attribute) = &object.anchor_attribute {
                text(object, attribute, anchor, account.anchor.as_ref(), &mut differing);
            }
            for attribute in attributes {
                let found = found(account, &attribute.name);
                if !shows(object, &attribute.name, found, &attribute.values) {
                    differing.push(attribute.name.clone());
                }
            }
            if !created_in_state(*wanted, account.state) {
                differing.push("state".to_owned());
            }
            differing
        }
        Change::Update { name, anchor, attributes, .. } => {
            let mut differing = Vec::new();
            if let Some(name) = name {
                text(object, &object.name_attribute, name, Some(&account.name), &mut differing);
            }
            if let (Some(anchor), Some(attribute)) = (anchor, &object.anchor_attribute) {
                text(object, attribute, anchor, account.anchor.as_ref(), &mut differing);
            }
            for change in attributes {
                if !shows_change(object, &change.name, found(account, &change.name), &change.change)
                {
                    differing.push(change.name.clone());
                }
            }
            differing
        }
        Change::Enable { .. } => state(account.state == AccountState::Active),
        Change::Disable { .. } => state(closed(account.state)),
        Change::Delete { .. } => {
            let only_closes = object.capabilities.delete_kind == DeleteKind::SameAsDisable;
            let deleted = account.state == AccountState::SoftDeleted
                || (only_closes && account.state == AccountState::Disabled);
            if deleted { Vec::new() } else { vec!["account".to_owned()] }
        }
        Change::Grant { .. } | Change::Revoke { .. } | Change::Credentials { .. } => Vec::new(),
    }
}

fn closed(state: AccountState) -> bool {
    matches!(state, AccountState::Disabled | AccountState::SoftDeleted)
}

/// An invitation that waits to be accepted is as active as it can be; a
/// state that is not told counts for nothing.
fn created_in_state(wanted: AccountState, found: AccountState) -> bool {
    match found {
        AccountState::Unknown => true,
        AccountState::Pending => wanted == AccountState::Active,
        AccountState::Active
        | AccountState::Disabled
        | AccountState::Locked
        | AccountState::SoftDeleted => wanted == found,
    }
}

fn found<'a>(account: &'a Account, name: &str) -> Option<&'a Attribute> {
    account.attributes.iter().find(|attribute| attribute.name == name)
}

fn text(
    object: &ObjectDef,
    attribute: &str,
    wanted: &str,
    found: Option<&String>,
    differing: &mut Vec<String>,
) {
    let equal = |left: &str, right: &str| match object.attribute(attribute) {
        Some(def) => {
            matching::normal(&def.matching, left) == matching::normal(&def.matching, right)
        }
        None => left == right,
    };
    if !found.is_some_and(|found| equal(wanted, found)) {
        differing.push(attribute.to_owned());
    }
}

fn shows(object: &ObjectDef, name: &str, found: Option<&Attribute>, wanted: &[Value]) -> bool {
    let Some(def) = object.attribute(name).filter(|def| compared(def, found)) else { return true };
    let partly = found.is_some_and(|it| it.completeness == Completeness::Incomplete);
    partly || same_values(def, wanted, values(found))
}

fn shows_change(
    object: &ObjectDef,
    name: &str,
    found: Option<&Attribute>,
    change: &ValueChange,
) -> bool {
    match change {
        ValueChange::Replace(wanted) => shows(object, name, found, wanted),
        ValueChange::Modify { add, remove } => {
            let Some(def) = object.attribute(name).filter(|def| compared(def, found)) else {
                return true;
            };
            let has = |value: &Value| values(found).iter().any(|it| same_value(def, it, value));
            let partly = found.is_some_and(|it| it.completeness == Completeness::Incomplete);
            (partly || add.iter().all(has)) && !remove.iter().any(has)
        }
    }
}

fn values(found: Option<&Attribute>) -> &[Value] {
    found.map(|it| it.values.as_slice()).unwrap_or_default()
}

fn same_value(def: &AttributeDef, left: &Value, right: &Value) -> bool {
    same_values(def, std::slice::from_ref(left), std::slice::from_ref(right))
}

fn assigned(
    after: &ReadBack,
    holder: Option<&ObjectRef>,
    entitlement: &ObjectRef,
    relation: &str,
    wanted: bool,
) -> Verification {
    let assignments = match &after.assignments {
        Ok(assignments) => assignments,
        Err(why) => return Verification::Unverifiable(why.clone()),
    };
    let Some(holder) = holder else {
        return Verification::Unverifiable("the account was not found".to_owned());
    };
    let held = assignments.iter().any(|it| {
        it.holder == *holder
            && it.entitlement == *entitlement
            && related(&it.relation, relation)
            && (wanted || it.direct)
    });
    if held == wanted {
        Verification::Verified
    } else {
        Verification::Drifted(vec!["grant".to_owned()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        example::{observed, record},
        operation::Before,
        value::AttributeChange,
    };

    /// An account as it was read, and what the target says of its type.
    fn user() -> (Account, ObjectDef) {
        let object = observed(&[]).targets["crm"].schema.objects[0].clone();
        (record("u-ada", &[]), object)
    }

    fn shown(change: &Change, account: &Account, object: &ObjectDef) -> Verification {
        let account = AccountRead::Found(account.clone());
        compare(change, &ReadBack { account, assignments: Ok(Vec::new()) }, object)
    }

    #[test]
    fn an_account_that_is_disabled_is_deleted_only_where_deleting_does_no_more() {
        let (mut account, mut object) = user();
        account.state = AccountState::Disabled;
        let delete = Change::Delete { account: account.reference.clone() };
        let still_there = Verification::Drifted(vec!["account".to_owned()]);
        assert_eq!(shown(&delete, &account, &object), still_there);
        object.capabilities.delete_kind = DeleteKind::SameAsDisable;
        assert_eq!(shown(&delete, &account, &object), Verification::Verified);
        account.state = AccountState::Active;
        assert_eq!(shown(&delete, &account, &object), still_there);
    }

    #[test]
    fn a_value_that_was_added_may_be_among_those_that_were_not_read() {
        let (mut account, object) = user();
        let mails = |mail: &str| vec![Value::Text(mail.to_owned())];
        let update = |add: Vec<Value>, remove: Vec<Value>| {
            let change = ValueChange::Modify { add, remove };
            Change::Update {
                account: record("u-ada", &[]).reference,
                name: None,
                anchor: None,
                attributes: vec![AttributeChange { name: "mail".to_owned(), change }],
                before: Before::default(),
            }
        };
        let adds = update(mails("ada@x.example"), Vec::new());
        let removes = update(Vec::new(), mails("old@x.example"));
        let differs = Verification::Drifted(vec!["mail".to_owned()]);
        let mail = Attribute::new("mail", mails("old@x.example"));
        account.attributes = vec![mail.clone()];
        assert_eq!(shown(&adds, &account, &object), differs);
        assert_eq!(shown(&removes, &account, &object), differs);
        account.attributes = vec![Attribute { completeness: Completeness::Incomplete, ..mail }];
        assert_eq!(shown(&adds, &account, &object), Verification::Verified);
        // What was read is still there.
        assert_eq!(shown(&removes, &account, &object), differs);
    }
}
