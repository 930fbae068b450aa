-- Times are RFC 3339 in UTC with nine decimals, so that the order of the text
-- is the order of time.  Columns that hold JSON are read as a whole; what is
-- searched for has a column of its own.  Facts and attributes of people are
-- in identity, observed_account, plan, operation and mark, never in audit.

CREATE TABLE identity (
    id TEXT PRIMARY KEY,
    facts TEXT NOT NULL,
    absent_since TEXT,
    known_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_record (
    identity TEXT NOT NULL REFERENCES identity (id),
    rank INTEGER NOT NULL,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (identity, rank),
    UNIQUE (source, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_read (
    source TEXT PRIMARY KEY,
    keys TEXT NOT NULL,
    coverage TEXT NOT NULL,
    read_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- changed_at: when we last changed the account; an older read says nothing
-- about it.
CREATE TABLE link (
    target TEXT NOT NULL,
    object_type TEXT NOT NULL,
    uid TEXT NOT NULL,
    identity TEXT NOT NULL,
    origin TEXT NOT NULL,
    disabled_since TEXT,
    gone INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (target, object_type, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_identity ON link (identity, target);

CREATE TABLE ledger (
    target TEXT NOT NULL,
    holder_type TEXT NOT NULL,
    holder_uid TEXT NOT NULL,
    entitlement_type TEXT NOT NULL,
    entitlement_uid TEXT NOT NULL,
    relation TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    PRIMARY KEY (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation)
) STRICT, WITHOUT ROWID;

CREATE TABLE observation (
    target TEXT PRIMARY KEY,
    schema TEXT NOT NULL,
    accounts_coverage TEXT NOT NULL,
    assignments_coverage TEXT NOT NULL,
    read_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A read of a changing system may name an object twice: the position is the
-- key, and the object is not unique.
CREATE TABLE observed_account (
    target TEXT NOT NULL REFERENCES observation (target),
    position INTEGER NOT NULL,
    object_type TEXT NOT NULL,
    uid TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (target, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX observed_account_object ON observed_account (target, object_type, uid);

CREATE TABLE observed_entitlement (
    target TEXT NOT NULL REFERENCES observation (target),
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (target, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE observed_assignment (
    target TEXT NOT NULL REFERENCES observation (target),
    position INTEGER NOT NULL,
    holder_type TEXT NOT NULL,
    holder_uid TEXT NOT NULL,
    entitlement_type TEXT NOT NULL,
    entitlement_uid TEXT NOT NULL,
    relation TEXT NOT NULL,
    direct INTEGER NOT NULL,
    PRIMARY KEY (target, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX observed_assignment_object ON observed_assignment
    (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation);

CREATE TABLE plan (
    digest TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    findings TEXT NOT NULL,
    config TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER plan_unchanged BEFORE UPDATE ON plan
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;
CREATE TRIGGER plan_kept BEFORE DELETE ON plan
BEGIN SELECT RAISE(ABORT, 'a plan is never deleted'); END;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    plan TEXT NOT NULL REFERENCES plan (digest),
    actor TEXT NOT NULL,
    released TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT,
    epoch INTEGER NOT NULL UNIQUE
) STRICT;

-- What operation_event adds up to, with the latest intent.
CREATE TABLE operation (
    run INTEGER NOT NULL REFERENCES run (id),
    operation INTEGER NOT NULL,
    identity TEXT NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    removes INTEGER NOT NULL,
    object_type TEXT,
    uid TEXT,
    body TEXT NOT NULL,
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sent_at TEXT NOT NULL,
    phase TEXT NOT NULL,
    state TEXT NOT NULL,
    done_at TEXT,
    PRIMARY KEY (run, operation)
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_key ON operation (key, epoch);
CREATE INDEX operation_open ON operation (run, operation) WHERE phase IN ('sent', 'uncertain');
CREATE INDEX operation_removal ON operation (done_at) WHERE removes = 1 AND done_at IS NOT NULL;

CREATE TABLE operation_event (
    run INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    event TEXT NOT NULL,
    -- Of the connector and what it may reach; only with an intent.
    permission TEXT,
    plugin TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (run, operation, position),
    FOREIGN KEY (run, operation) REFERENCES operation (run, operation)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER operation_event_unchanged BEFORE UPDATE ON operation_event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER operation_event_kept BEFORE DELETE ON operation_event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE mark (
    key TEXT NOT NULL,
    step TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (key, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    identity TEXT,
    target TEXT,
    object_type TEXT,
    uid TEXT,
    result TEXT NOT NULL,
    verification TEXT,
    detail TEXT NOT NULL,
    chain TEXT NOT NULL
) STRICT;

CREATE INDEX audit_identity ON audit (identity, sequence);
CREATE INDEX audit_target ON audit (target, sequence);

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER audit_appended BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
