//! Between the contract's records and the domain's.
//!
//! What a guest answers is not trusted: a date that is none or a time out of
//! range is a bad answer, named so, and never a default.

mod meta;
mod request;
#[cfg(test)]
mod tests;

pub(super) use meta::{check_report, depth, manifest, schema};
pub(super) use request::{attributes, changes, context, edge, lookup, object_ref, state};

use jiff::{SignedDuration, Timestamp};
use lanyard_core::{
    account::{Account, AccountState, Assignment, Coverage, CoverageKind, Entitlement, Skipped},
    fault::{Applied, Fault, FaultKind, RetryClass},
    value::{Attribute, Completeness, ObjectRef, Value},
};

use super::bindings::{
    exports::lanyard::connector::{directory, entitlements},
    lanyard::connector::types,
};
use crate::connector::{Outcome, Page, Status};

/// What the contract does not allow, in words.
pub(super) type Checked<T> = Result<T, String>;

/// Bytes of a uid or of a name of an account: together they are keys of the
/// store, and PostgreSQL takes 2,704 bytes for one.
const MAX_KEY: usize = 1_000;
/// Bytes of the type of an object or of a relation, of which the same is true.
const MAX_WORD: usize = 200;

/// Refuses what the store cannot keep as a key.
fn kept(what: &str, text: &str, most: usize) -> Checked<()> {
    if text.contains('\0') {
        return Err(format!("{what} has a NUL character in it"));
    }
    if text.len() > most {
        return Err(format!("{what} is longer than {most} bytes"));
    }
    Ok(())
}

pub(super) fn reference(reference: types::ObjectRef) -> Checked<ObjectRef> {
    let types::ObjectRef { type_, uid } = reference;
    kept("the type of an object", &type_, MAX_WORD)?;
    if uid.is_empty() {
        return Err(format!("an object of type `{type_}` has an empty uid"));
    }
    kept(&format!("the uid of an object of type `{type_}`"), &uid, MAX_KEY)?;
    Ok(ObjectRef { object_type: type_, uid })
}

pub(super) fn instant(at: types::Timestamp) -> Checked<Timestamp> {
    let types::Timestamp { seconds, nanoseconds } = at;
    i32::try_from(nanoseconds)
        .ok()
        .and_then(|nanoseconds| Timestamp::new(seconds, nanoseconds).ok())
        .ok_or_else(|| format!("{seconds} s {nanoseconds} ns is not a time"))
}

fn value(value: types::Value) -> Checked<Value> {
    Ok(match value {
        types::Value::Text(text) => Value::Text(text),
        types::Value::Integer(number) => Value::Integer(number),
        types::Value::Decimal(text) => Value::Decimal(text),
        types::Value::Boolean(truth) => Value::Boolean(truth),
        types::Value::Instant(at) => Value::Instant(instant(at)?),
        types::Value::Date(text) => Value::Date(
            text.parse()
                .map_err(|_no_date| "what is called a date is none (YYYY-MM-DD)".to_owned())?,
        ),
        types::Value::Bytes(bytes) => Value::Bytes(bytes),
        types::Value::Reference(object) => Value::Reference(reference(object)?),
        types::Value::Structured(text) => Value::Structured(text),
    })
}

fn attribute(attribute: types::Attribute) -> Checked<Attribute> {
    let types::Attribute { name, values, completeness, effective_from, effective_until, extra: _ } =
        attribute;
    let in_attribute = |problem: String| format!("attribute `{name}`: {problem}");
    Ok(Attribute {
        values: values.into_iter().map(value).collect::<Checked<_>>().map_err(in_attribute)?,
        completeness: match completeness {
            types::Completeness::Complete => Completeness::Complete,
            types::Completeness::Incomplete => Completeness::Incomplete,
            types::Completeness::Withheld => Completeness::Withheld,
        },
        effective_from: effective_from.map(instant).transpose().map_err(in_attribute)?,
        effective_until: effective_until.map(instant).transpose().map_err(in_attribute)?,
        name,
    })
}

fn attributes_of(list: Vec<types::Attribute>) -> Checked<Vec<Attribute>> {
    list.into_iter().map(attribute).collect()
}

pub(super) fn account(account: types::Account) -> Checked<Account> {
    let types::Account {
        ref_,
        revision,
        name,
        anchor,
        state,
        state_until,
        last_used,
        attributes,
        extra: _,
    } = account;
    let reference = reference(ref_)?;
    let in_account = |problem: String| format!("{reference}: {problem}");
    kept("its name", &name, MAX_KEY).map_err(in_account)?;
    Ok(Account {
        attributes: attributes_of(attributes).map_err(in_account)?,
        state: match state {
            types::AccountState::Active => AccountState::Active,
            types::AccountState::Disabled => AccountState::Disabled,
            types::AccountState::Locked => AccountState::Locked,
            types::AccountState::Pending => AccountState::Pending,
            types::AccountState::SoftDeleted => AccountState::SoftDeleted,
            types::AccountState::Unknown => AccountState::Unknown,
        },
        state_until: state_until.map(instant).transpose().map_err(in_account)?,
        last_used: last_used.map(instant).transpose().map_err(in_account)?,
        revision,
        name,
        anchor,
        reference,
    })
}

pub(super) fn accounts(list: Vec<types::Account>) -> Checked<Vec<Account>> {
    list.into_iter().map(account).collect()
}

fn coverage(coverage: types::Coverage) -> Coverage {
    let types::Coverage { kind, skipped } = coverage;
    Coverage {
        kind: match kind {
            types::CoverageKind::Exhaustive => CoverageKind::Exhaustive,
            types::CoverageKind::Truncated => CoverageKind::Truncated,
            types::CoverageKind::Unstable => CoverageKind::Unstable,
        },
        skipped: skipped
            .into_iter()
            .map(|types::Skipped { what, why, count }| Skipped { what, why, count })
            .collect(),
    }
}

pub(super) fn account_page(page: directory::Page) -> Checked<Page<Account>> {
    let directory::Page { accounts: list, next, coverage: covered, total_hint, extra: _ } = page;
    Ok(Page { items: accounts(list)?, next, coverage: coverage(covered), total_hint })
}

pub(super) fn entitlement_page(page: entitlements::EntitlementPage) -> Checked<Page<Entitlement>> {
    let entitlements::EntitlementPage { items, next, coverage: covered, extra: _ } = page;
    let items = items
        .into_iter()
        .map(|item| {
            Ok(Entitlement {
                reference: reference(item.ref_)?,
                name: item.name,
                description: item.description,
                grantable: item.grantable,
                privileged: item.privileged,
            })
        })
        .collect::<Checked<_>>()?;
    Ok(Page { items, next, coverage: coverage(covered), total_hint: None })
}

pub(super) fn assignment_page(page: entitlements::AssignmentPage) -> Checked<Page<Assignment>> {
    let entitlements::AssignmentPage { items, next, coverage: covered, extra: _ } = page;
    let items = items
        .into_iter()
        .map(|item| {
            kept("a relation", &item.relation, MAX_WORD)?;
            Ok(Assignment {
                holder: reference(item.holder)?,
                entitlement: reference(item.entitlement)?,
                relation: item.relation,
                direct: item.direct,
            })
        })
        .collect::<Checked<_>>()?;
    Ok(Page { items, next, coverage: coverage(covered), total_hint: None })
}

pub(super) fn outcome(outcome: types::Outcome) -> Checked<Outcome> {
    let types::Outcome { status, account: after, side_effects, failed, deposited: _, extra: _ } =
        outcome;
    Ok(Outcome {
        status: match status {
            types::Status::Applied => Status::Applied,
            types::Status::Unchanged => Status::Unchanged,
            types::Status::Partial => Status::Partial,
            types::Status::Pending(ticket) => Status::Pending {
                ticket: ticket.ticket,
                poll_after: ticket.poll_after_ms.map(|after| {
                    SignedDuration::from_millis(i64::try_from(after).unwrap_or(i64::MAX))
                }),
                needs_human: ticket.needs_human,
                expires_at: ticket.expires_at.map(instant).transpose()?,
            },
            types::Status::Named(named) => Status::Named(named.name),
        },
        account: after.map(account).transpose()?,
        side_effects: side_effects.into_iter().map(side_effect).collect(),
        failed: failed.into_iter().map(|part| (part.part, fault(part.error))).collect(),
    })
}

/// In words, without values.
fn side_effect(effect: types::SideEffect) -> String {
    match effect {
        types::SideEffect::AttributeSet(attribute) => format!("set {}", attribute.name),
        types::SideEffect::EntitlementLost(name) => format!("lost {name}"),
        types::SideEffect::EntitlementGained(name) => format!("gained {name}"),
        types::SideEffect::LicenceReleased(name) => format!("released licence {name}"),
        types::SideEffect::AccountDeleted => "account deleted".to_owned(),
        types::SideEffect::Named(named) => named.name,
    }
}

/// Characters of a guest's message that are kept.
const MAX_MESSAGE: usize = 1_000;

pub(super) fn fault(error: types::Error) -> Fault {
    let types::Error { kind, message, native_code, native_request_id, extra: _ } = error;
    let printable = |text: String| {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(MAX_MESSAGE)
            .collect::<String>()
    };
    Fault {
        kind: fault_kind(kind),
        message: printable(message),
        native_code: native_code.map(printable),
        native_request_id: native_request_id.map(printable),
    }
}

/// A pointer in an error that cannot be read is dropped: it is a hint.
fn pointer(object: types::ObjectRef) -> Option<ObjectRef> {
    reference(object).ok()
}

fn fault_kind(kind: types::ErrorKind) -> FaultKind {
    match kind {
        types::ErrorKind::AlreadyExists(object) => {
            FaultKind::AlreadyExists(object.and_then(pointer))
        }
        types::ErrorKind::NotFound => FaultKind::NotFound,
        types::ErrorKind::Ambiguous(objects) => {
            FaultKind::Ambiguous(objects.into_iter().filter_map(pointer).collect())
        }
        types::ErrorKind::Conflict(text) => FaultKind::Conflict(text),
        types::ErrorKind::InvalidValue(problems) => FaultKind::InvalidValue(
            problems.into_iter().map(|problem| (problem.attribute, problem.problem)).collect(),
        ),
        types::ErrorKind::Unsupported(text) => FaultKind::Unsupported(text),
        types::ErrorKind::ProtectedObject(text) => FaultKind::ProtectedObject(text),
        types::ErrorKind::QuotaExceeded(text) => FaultKind::QuotaExceeded(text),
        types::ErrorKind::InvalidCredentials => FaultKind::InvalidCredentials,
        types::ErrorKind::PermissionDenied(text) => FaultKind::PermissionDenied(text),
        types::ErrorKind::Misconfigured(text) => FaultKind::Misconfigured(text),
        types::ErrorKind::StaleCursor => FaultKind::StaleCursor,
        types::ErrorKind::RateLimited(hint) => {
            FaultKind::RateLimited { retry_after_ms: hint.retry_after_ms }
        }
        types::ErrorKind::Unavailable(hint) => {
            FaultKind::Unavailable { retry_after_ms: hint.retry_after_ms }
        }
        types::ErrorKind::OutcomeUnknown(hint) => {
            FaultKind::OutcomeUnknown { retry_after_ms: hint.retry_after_ms }
        }
        types::ErrorKind::Cancelled => FaultKind::Cancelled,
        types::ErrorKind::Other(other) => FaultKind::Other {
            code: other.code,
            retry: match other.retry {
                types::RetryClass::Never => RetryClass::Never,
                types::RetryClass::AfterChange => RetryClass::AfterChange,
                types::RetryClass::Later => RetryClass::Later,
            },
            applied: match other.applied {
                types::AppliedClass::No => Applied::No,
                types::AppliedClass::Maybe => Applied::Maybe,
                types::AppliedClass::Yes => Applied::Yes,
            },
        },
    }
}
