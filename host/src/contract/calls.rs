//! Calls, and their answers reduced to what they claim.

use std::sync::Arc;

use lanyard_core::{
    account::{AccountState, Coverage},
    fault::Fault,
    schema::{CheckDepth, CredentialAbility, ObjectDef, Schema, ValueKind},
    value::{Attribute, AttributeChange, ObjectRef, Value, ValueChange},
};

use super::system::{Script, Sent};
use crate::{
    connector::{
        Abilities, AssignmentScope, Connector, Journal, Lookup, Page, PageRequest, Password,
        Status, Write, WriteContext,
    },
    wasm::WasmConnector,
};

/// Accounts per page asked for.
pub(super) const PAGE: u32 = 100;

/// A key that no system has.
pub(super) const NOBODY: &str = "nobody-1";

#[derive(Debug, Clone)]
pub(super) enum Call {
    Check,
    Discover,
    List { object_type: String, cursor: Option<String> },
    Get(ObjectRef),
    Find { object_type: String, by: Lookup },
    ListEntitlements(String),
    ListAssignments(ObjectRef),
    Write { attempt: u32, write: Write },
}

/// What an answer that is no error says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing is there, and that is certain.
    Absent,
    /// Objects, or a page that proves nothing.
    Something,
    /// The system can be used.
    Usable,
    /// A check that found something wrong.
    Trouble,
    Schema(Schema),
    /// A write and how it says it ended.
    Written(&'static str),
}

/// One call with its answer and what it sent.
pub(super) struct Called {
    pub(super) call: Call,
    pub(super) answer: Result<Claim, Fault>,
    pub(super) sent: Sent,
}

impl Call {
    /// As problems name it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Discover => "discover",
            Self::List { .. } => "list",
            Self::Get(_) => "get",
            Self::Find { by: Lookup::Anchor(_), .. } => "find by anchor",
            Self::Find { by: Lookup::Name(_), .. } => "find by name",
            Self::Find { by: Lookup::Attribute { .. }, .. } => "find by attribute",
            Self::Find { by: Lookup::IdempotencyKey(_), .. } => "find by idempotency key",
            Self::ListEntitlements(_) => "list-entitlements",
            Self::ListAssignments(_) => "list-assignments",
            Self::Write { attempt: 2.., .. } => "create (second attempt)",
            Self::Write { write, .. } => match write {
                Write::Create { .. } => "create",
                Write::Update { .. } => "update",
                Write::Enable(_) => "enable",
                Write::Disable(_) => "disable",
                Write::Delete(_) => "delete",
                Write::Grant { .. } => "grant",
                Write::Revoke { .. } => "revoke",
                Write::EndSessions(_) => "end-sessions",
                Write::RevokeCredentials(_) => "revoke-all",
                Write::SetPassword { .. } => "set-password",
            },
        }
    }

    async fn answer(&self, connector: &WasmConnector, script: &Arc<Script>) -> Answer {
        match self {
            Self::Check => shown(connector.check(CheckDepth::Authenticate).await, |report| {
                let fine = report.findings.iter().all(|finding| finding.ok);
                if fine { Claim::Usable } else { Claim::Trouble }
            }),
            Self::Discover => shown(connector.discover().await, Claim::Schema),
            Self::List { object_type, cursor } => {
                let page = PageRequest { cursor: cursor.clone(), limit: PAGE };
                shown(connector.list(object_type, page).await, claim_of_page)
            }
            Self::Get(account) => shown(connector.get(account).await, |_| Claim::Something),
            Self::Find { object_type, by } => {
                shown(connector.find(object_type, by).await, |found| {
                    if found.is_empty() { Claim::Absent } else { Claim::Something }
                })
            }
            Self::ListEntitlements(object_type) => {
                let page = PageRequest { cursor: None, limit: PAGE };
                shown(connector.list_entitlements(object_type, page).await, claim_of_page)
            }
            Self::ListAssignments(account) => {
                let scope = AssignmentScope::OfAccount(account.clone());
                let page = PageRequest { cursor: None, limit: PAGE };
                shown(connector.list_assignments(&scope, page).await, claim_of_page)
            }
            Self::Write { attempt, write } => {
                let context = context(*attempt, Arc::clone(script));
                shown(connector.write(context, write).await, |outcome| {
                    Claim::Written(match outcome.status {
                        Status::Applied => "applied",
                        Status::Unchanged => "unchanged",
                        Status::Pending { .. } => "pending",
                        Status::Partial => "partial",
                        Status::Named(_) => "a status of its own",
                    })
                })
            }
        }
    }

    /// Makes the call; the canary is looked for in all of its answer.
    pub(super) async fn make(self, connector: &WasmConnector, script: &Arc<Script>) -> Called {
        let mark = script.mark();
        let Answer { claim, debug } = self.answer(connector, script).await;
        script.look(&format!("the answer of {}", self.word()), &debug);
        Called { answer: claim, sent: script.since(mark), call: self }
    }
}

struct Answer {
    claim: Result<Claim, Fault>,
    /// Everything in it, for the canary to be looked for.
    debug: String,
}

fn shown<T: std::fmt::Debug>(result: Result<T, Fault>, claim: impl FnOnce(T) -> Claim) -> Answer {
    let debug = format!("{result:?}");
    Answer { claim: result.map(claim), debug }
}

fn claim_of_page<T>(page: Page<T>) -> Claim {
    let Page { items, next, coverage, total_hint: _ } = page;
    let proves = Coverage::proves_absence(&coverage);
    if items.is_empty() && next.is_none() && proves { Claim::Absent } else { Claim::Something }
}

fn context(attempt: u32, journal: Arc<Script>) -> WriteContext {
    WriteContext {
        idempotency_key: "intent-1".to_owned(),
        attempt,
        trace_id: "trace-1".to_owned(),
        reason: Some("contract test".to_owned()),
        expect_revision: None,
        journal: journal as Arc<dyn Journal>,
    }
}

/// The types that calls speak of.
#[derive(Debug, Clone)]
pub(super) struct Types {
    pub(super) account: String,
    pub(super) entitlement: String,
    /// Where the connector could say; its required attributes are sent.
    pub(super) schema: Option<ObjectDef>,
}

impl Types {
    pub(super) fn nobody(&self) -> ObjectRef {
        ObjectRef { object_type: self.account.clone(), uid: NOBODY.to_owned() }
    }

    pub(super) fn find(&self, by: Lookup) -> Call {
        Call::Find { object_type: self.account.clone(), by }
    }

    pub(super) fn reads(&self, abilities: Abilities) -> Vec<Call> {
        let mut calls = vec![Call::Check, Call::Discover];
        if abilities.directory {
            calls.extend([
                Call::List { object_type: self.account.clone(), cursor: None },
                Call::Get(self.nobody()),
                self.find(Lookup::Anchor("key-1".to_owned())),
                self.find(Lookup::Name("ada".to_owned())),
                self.find(Lookup::IdempotencyKey("intent-1".to_owned())),
            ]);
        }
        if abilities.entitlements {
            calls.push(Call::ListEntitlements(self.entitlement.clone()));
            calls.push(Call::ListAssignments(self.nobody()));
        }
        calls
    }

    pub(super) fn writes(&self, abilities: Abilities) -> Vec<Call> {
        let mut writes = Vec::new();
        let first = |write| Call::Write { attempt: 1, write };
        if abilities.provisioning {
            writes.push(first(self.create()));
            writes.push(Call::Write { attempt: 2, write: self.create() });
            writes.push(first(Write::Update {
                account: self.nobody(),
                name: None,
                anchor: None,
                attributes: self.changes(),
            }));
            writes.push(first(Write::Enable(self.nobody())));
            writes.push(first(Write::Disable(self.nobody())));
            writes.push(first(Write::Delete(self.nobody())));
        }
        if abilities.entitlements {
            let (holder, relation) = (self.nobody(), String::new());
            let entitlement =
                ObjectRef { object_type: self.entitlement.clone(), uid: "group-1".to_owned() };
            writes.push(first(Write::Grant {
                holder: holder.clone(),
                entitlement: entitlement.clone(),
                relation: relation.clone(),
            }));
            writes.push(first(Write::Revoke { holder, entitlement, relation }));
        }
        if abilities.credentials {
            writes.extend(self.credentials().into_iter().map(first));
        }
        writes
    }

    /// What it says that it can do.
    fn credentials(&self) -> Vec<Write> {
        let can = self.schema.iter().flat_map(|it| &it.capabilities.credential_abilities);
        can.filter_map(|ability| match ability {
            CredentialAbility::EndSessions => Some(Write::EndSessions(self.nobody())),
            CredentialAbility::RevokeAll => Some(Write::RevokeCredentials(self.nobody())),
            CredentialAbility::SetPassword => Some(Write::SetPassword {
                account: self.nobody(),
                password: Password::new("Made-Up-7".to_owned()),
                must_change: false,
            }),
            CredentialAbility::MustChange => None,
        })
        .collect()
    }

    pub(super) fn create(&self) -> Write {
        Write::Create {
            object_type: self.account.clone(),
            name: "ada".to_owned(),
            anchor: "key-1".to_owned(),
            attributes: self.required(),
            state: AccountState::Active,
        }
    }

    /// What a create needs besides name and anchor, where that is known.
    fn required(&self) -> Vec<Attribute> {
        let Some(object) = &self.schema else { return Vec::new() };
        let carried = [Some(&object.name_attribute), object.anchor_attribute.as_ref()];
        object
            .attributes
            .iter()
            .filter(|it| it.required && it.kind == ValueKind::Text)
            .filter(|it| !carried.contains(&Some(&it.name)))
            .map(|it| {
                let text = it.allowed.first().map_or("test", String::as_str);
                Attribute::new(it.name.clone(), vec![Value::Text(text.to_owned())])
            })
            .collect()
    }

    /// A change of an attribute that the schema lets change.
    fn changes(&self) -> Vec<AttributeChange> {
        use lanyard_core::schema::Mutability;
        let object = self.schema.iter();
        let writable = object.flat_map(|object| {
            object.attributes.iter().filter(|it| {
                it.kind == ValueKind::Text
                    && it.mutability == Mutability::ReadWrite
                    && it.allowed.is_empty()
                    && it.name != object.name_attribute
            })
        });
        let name = writable.map(|it| it.name.clone()).next().unwrap_or_else(|| "mail".to_owned());
        let change = ValueChange::Replace(vec![Value::Text("test".to_owned())]);
        vec![AttributeChange { name, change }]
    }
}
