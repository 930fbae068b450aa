//! Reading and making values, attributes, accounts and answers.

use std::borrow::Cow;

use crate::types::{
    Account, AccountState, Attribute, Change, CheckFinding, CheckReport, Completeness, Coverage,
    CoverageKind, CreateRequest, DeleteMode, Edge, Entitlement, Error, NamedValue, ObjectRef,
    OperationContext, Outcome, Page, PartFailure, PendingTicket, Projection, Skipped, Status,
    Value,
};

impl ObjectRef {
    pub fn new(object_type: impl Into<String>, uid: impl Into<String>) -> Self {
        Self { type_: object_type.into(), uid: uid.into() }
    }
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As the text most systems want on the wire; bytes have none.
    ///
    /// ```
    /// use lanyard_sdk::types::Value;
    /// assert_eq!(Value::Boolean(true).as_text().as_deref(), Some("true"));
    /// assert_eq!(Value::Bytes(vec![1]).as_text(), None);
    /// ```
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(t) | Self::Decimal(t) | Self::Date(t) | Self::Structured(t) => {
                Some(Cow::Borrowed(t))
            }
            Self::Reference(to) => Some(Cow::Borrowed(&to.uid)),
            Self::Integer(i) => Some(Cow::Owned(i.to_string())),
            Self::Boolean(b) => Some(Cow::Owned(b.to_string())),
            Self::Instant(at) => Some(Cow::Owned(at.to_string())),
            Self::Bytes(_) => None,
        }
    }

    /// Booleans, and the words `true` and `false` in any case.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(b) => Some(*b),
            Self::Text(t) if t.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(t) if t.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Boolean(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Integer(i)
    }
}

impl Attribute {
    /// One value, completely read.
    pub fn one(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::many(name, [value.into()])
    }

    pub fn many(name: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().collect(),
            completeness: Completeness::Complete,
            effective_from: None,
            effective_until: None,
            extra: Vec::new(),
        }
    }

    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.values.first().and_then(Value::as_text)
    }
}

/// Finds an attribute by its exact name.
pub fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|a| a.name == name)
}

impl Account {
    /// State unknown, no anchor, no attributes.
    pub fn new(account: ObjectRef, name: impl Into<String>) -> Self {
        Self {
            ref_: account,
            revision: None,
            name: name.into(),
            anchor: None,
            state: AccountState::Unknown,
            state_until: None,
            last_used: None,
            attributes: Vec::new(),
            extra: Vec::new(),
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute(&self.attributes, name)
    }

    /// First value of an attribute, as text.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attribute(name).and_then(Attribute::text)
    }

    /// First value of an attribute, as a boolean.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.attribute(name)?.values.first()?.as_bool()
    }
}

impl Projection {
    pub fn wants(&self, name: &str) -> bool {
        match self {
            Self::Default | Self::All => true,
            Self::Only(names) => names.iter().any(|n| n == name),
        }
    }
}

impl CreateRequest {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute(&self.attributes, name)
    }

    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attribute(name).and_then(Attribute::text)
    }

    pub fn enabled(&self) -> bool {
        self.initial_state != AccountState::Disabled
    }
}

impl Entitlement {
    /// A group that accounts of one type can hold, in one way.
    pub fn group(ref_: ObjectRef, name: impl Into<String>, grantable_to: &str) -> Self {
        Self {
            ref_,
            name: name.into(),
            description: String::new(),
            grantable_to: vec![grantable_to.to_owned()],
            relations: Vec::new(),
            exclusive_set: None,
            rank: None,
            privileged: false,
            grantable: true,
            attributes: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl Change {
    /// What the values become, given those there are now.
    pub fn apply(&self, present: &[Value]) -> Vec<Value> {
        match self {
            Self::Replace(values) => values.clone(),
            Self::Modify(change) => {
                let mut after: Vec<Value> =
                    present.iter().filter(|v| !change.remove.contains(v)).cloned().collect();
                for value in &change.add {
                    if !after.contains(value) {
                        after.push(value.clone());
                    }
                }
                after
            }
        }
    }
}

impl Coverage {
    pub fn exhaustive() -> Self {
        Self { kind: CoverageKind::Exhaustive, skipped: Vec::new() }
    }

    pub fn truncated(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::lacking(CoverageKind::Truncated, what, why)
    }

    pub fn unstable(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::lacking(CoverageKind::Unstable, what, why)
    }

    fn lacking(kind: CoverageKind, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind, skipped: vec![Skipped { what: what.into(), why: why.into(), count: None }] }
    }
}

impl Page {
    pub fn new(accounts: Vec<Account>, next: Option<String>, coverage: Coverage) -> Self {
        Self { accounts, next, coverage, total_hint: None, extra: Vec::new() }
    }
}

impl Outcome {
    pub fn new(status: Status) -> Self {
        Self {
            status,
            account: None,
            side_effects: Vec::new(),
            failed: Vec::new(),
            deposited: Vec::new(),
            extra: Vec::new(),
        }
    }

    pub fn applied() -> Self {
        Self::new(Status::Applied)
    }

    pub fn unchanged() -> Self {
        Self::new(Status::Unchanged)
    }

    pub fn pending(ticket: PendingTicket) -> Self {
        Self::new(Status::Pending(ticket))
    }

    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    /// Names a part that was not written; the status becomes `partial`.
    #[must_use]
    pub fn with_failed(mut self, part: impl Into<String>, error: Error) -> Self {
        self.failed.push(PartFailure { part: part.into(), error });
        self.status = Status::Partial;
        self
    }
}

impl OperationContext {
    /// True when an earlier try of this intent may have had an effect.
    pub fn is_retry(&self) -> bool {
        self.attempt > 1
    }
}

impl CheckFinding {
    pub fn ok(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { ok: true, subject: subject.into(), detail: detail.into(), remedy: None }
    }

    pub fn failed(
        subject: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            ok: false,
            subject: subject.into(),
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl CheckReport {
    pub fn of(findings: impl IntoIterator<Item = CheckFinding>) -> Self {
        Self { findings: findings.into_iter().collect(), system_version: None, extra: Vec::new() }
    }
}

impl NamedValue {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl DeleteMode {
    pub fn is_purge(self) -> bool {
        matches!(self, Self::Purge)
    }
}

impl Edge {
    /// For logs and errors: ids only.
    pub fn label(&self) -> String {
        format!("{} in {}", self.holder.uid, self.entitlement.uid)
    }
}
