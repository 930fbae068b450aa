CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- What is left of whoever was erased.  swept: the bytes are gone from the file.
CREATE TABLE erased (
    identity TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    ordered INTEGER NOT NULL,
    departed TEXT,
    reason TEXT,
    swept INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- By salted digests: records that are not taken for somebody new, and login
-- names that are kept from others.
CREATE TABLE erased_record (
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (digest, identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_name (
    target TEXT NOT NULL,
    digest TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    PRIMARY KEY (target, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE salt (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    salt TEXT NOT NULL
) STRICT;
INSERT INTO salt (only, salt) VALUES (1, lower(hex(randomblob(32))));

-- Has its row only inside a transaction that erases somebody: what is kept for
-- good may be emptied then, and in no other way.
CREATE TABLE erasing (only INTEGER PRIMARY KEY CHECK (only = 1)) STRICT;

CREATE TRIGGER audit_part_unchanged BEFORE UPDATE ON audit_part
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_part_kept BEFORE DELETE ON audit_part
WHEN NOT EXISTS (SELECT 1 FROM erasing)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_part_appended BEFORE INSERT ON audit_part
WHEN EXISTS (SELECT 1 FROM audit_part WHERE sequence >= NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- A plan that spoke of somebody who was erased is emptied; how much it was
-- stays.
ALTER TABLE plan ADD COLUMN erased_at TEXT;
ALTER TABLE plan ADD COLUMN operations INTEGER;
DROP TRIGGER plan_unchanged;
CREATE TRIGGER plan_unchanged BEFORE UPDATE ON plan
WHEN NOT (EXISTS (SELECT 1 FROM erasing)
    AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL
    AND NEW.plan = '' AND NEW.findings = '[]'
    AND (NEW.digest, NEW.config, NEW.made_at) = (OLD.digest, OLD.config, OLD.made_at))
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;

DROP TRIGGER operation_event_unchanged;
CREATE TRIGGER operation_event_unchanged BEFORE UPDATE ON operation_event
WHEN NOT (EXISTS (SELECT 1 FROM erasing)
    AND (NEW.run, NEW.operation, NEW.position, NEW.attempt, NEW.epoch, NEW.at)
        = (OLD.run, OLD.operation, OLD.position, OLD.attempt, OLD.epoch, OLD.at)
    AND NEW.permission IS OLD.permission AND NEW.plugin IS OLD.plugin)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
