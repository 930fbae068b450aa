//! Every table of a store.

pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    /// In its order rows are read.
    pub(in crate::store) key: &'static str,
    pub(in crate::store) columns: &'static str,
}

impl Table {
    const fn new(name: &'static str, key: &'static str, columns: &'static str) -> Self {
        Self { name, key, columns }
    }

    /// How many columns it has.
    pub(in crate::store) fn width(&self) -> usize {
        self.columns.split(", ").count()
    }
}

/// Those that others refer to first.
#[rustfmt::skip]
pub(in crate::store) const TABLES: &[Table] = &[
    Table::new(
        "identity",
        "id",
        "id, facts, absent_since, known_at, unreadable, unchanged",
    ),
    Table::new(
        "identity_record",
        "identity, rank",
        "identity, rank, source, key",
    ),
    Table::new(
        "source_read",
        "source",
        "source, keys, coverage, read_at",
    ),
    Table::new(
        "link",
        "target, object_type, uid",
        "target, object_type, uid, identity, origin, disabled_since, gone, changed_at, \
         unwanted_since, unproven, was_enabled, sessions_ended_at, credentials_ended_at, \
         password_set_at, gone_proven, missing_since, missing_seen, missing_last",
    ),
    Table::new(
        "ledger",
        "target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation",
        "target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation, \
         granted_at, unwanted_since",
    ),
    Table::new(
        "observation",
        "target",
        "target, schema, accounts_coverage, assignments_coverage, read_at, account_type",
    ),
    Table::new(
        "observed_account",
        "target, position",
        "target, position, object_type, uid, state, body, name",
    ),
    Table::new(
        "observed_entitlement",
        "target, position",
        "target, position, body",
    ),
    Table::new(
        "observed_assignment",
        "target, position",
        "target, position, holder_type, holder_uid, entitlement_type, entitlement_uid, \
         relation, direct",
    ),
    Table::new(
        "plan",
        "digest",
        "digest, plan, findings, config, made_at, erased_at, emptied",
    ),
    Table::new(
        "run",
        "id",
        "id, plan, actor, released, began_at, ended_at, epoch",
    ),
    Table::new(
        "operation",
        "run, operation",
        "run, operation, identity, target, kind, removes, object_type, uid, body, key, \
         attempt, epoch, sent_at, phase, state, done_at, event, renames, entitlement_type, \
         entitlement_uid",
    ),
    Table::new(
        "operation_event",
        "run, operation, position",
        "run, operation, position, attempt, epoch, event, permission, plugin, at",
    ),
    Table::new(
        "mark",
        "key, step",
        "key, step, data",
    ),
    Table::new(
        "audit",
        "sequence",
        "sequence, at, actor, action, identity, target, result, verification, chain, personal",
    ),
    Table::new(
        "clock",
        "\"only\"",
        "\"only\", stands",
    ),
    Table::new(
        "declined",
        "target, object_type, uid, identity",
        "target, object_type, uid, identity",
    ),
    Table::new(
        "workflow",
        "name",
        "name, known_since",
    ),
    Table::new(
        "workflow_version",
        "digest",
        "digest, definition",
    ),
    Table::new(
        "episode",
        "identity, workflow, ordinal",
        "identity, workflow, ordinal, body",
    ),
    Table::new(
        "held_name",
        "target, name, identity",
        "target, name, identity, last_seen",
    ),
    Table::new(
        "ejection",
        "identity, at",
        "identity, at, by_whom, reason, undone_at, undone_by",
    ),
    Table::new(
        "legal_hold",
        "name, at",
        "name, at, people, reason, review, by_whom, released_at",
    ),
    Table::new(
        "absence",
        "identity",
        "identity, since, seen, last",
    ),
    Table::new(
        "clock_mark",
        "\"only\"",
        "\"only\", first_at, last_at, jump_from, jump_to",
    ),
    Table::new(
        "own_fact",
        "identity, fact",
        "identity, fact, body",
    ),
    Table::new(
        "record_case",
        "id",
        "id, body, opened_at, is_open, decision",
    ),
    Table::new(
        "merged",
        "other",
        "other, keep, by_whom, at, reason, came",
    ),
    Table::new(
        "past_fact",
        "identity, position",
        "identity, position, fact, body, forgotten",
    ),
    Table::new(
        "request",
        "number",
        "number, id, identity, body",
    ),
    Table::new(
        "given_back",
        "identity, target, object_type, uid",
        "identity, target, object_type, uid",
    ),
    Table::new(
        "plan_approval",
        "number",
        "number, id, body",
    ),
    Table::new(
        "audit_part",
        "sequence",
        "sequence, salt, body",
    ),
    Table::new(
        "erased",
        "identity",
        "identity, at, by_whom, ordered, departed, reason, swept, started",
    ),
    Table::new(
        "erased_record",
        "digest, identity",
        "digest, source, identity, respelt",
    ),
    Table::new(
        "erased_name",
        "target, digest",
        "target, digest, last_seen",
    ),
    Table::new(
        "salt",
        "\"only\"",
        "\"only\", salt",
    ),
    Table::new(
        "followed",
        "identity",
        "identity, by_identity, at, departed",
    ),
    Table::new(
        "review",
        "number",
        "number, name, ordinal, body",
    ),
    Table::new(
        "erased_case",
        "id",
        "id, identity, source, by_whom, at",
    ),
    Table::new(
        "halt",
        "id",
        "id, standing, at, by_whom, reason, ended_at, ended_by",
    ),
    Table::new(
        "obligation",
        "number",
        "number, identity, target, object_type, uid, loss, closed_at, body",
    ),
];
