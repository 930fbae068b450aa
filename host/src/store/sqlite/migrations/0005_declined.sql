-- Accounts of which a person said that they are not this identity's.
CREATE TABLE declined (
    target TEXT NOT NULL,
    object_type TEXT NOT NULL,
    uid TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (target, object_type, uid, identity)
) STRICT, WITHOUT ROWID;

-- A rename that waits for another attempt is open too.
DROP INDEX operation_open;
CREATE INDEX operation_open ON operation (run, operation)
    WHERE phase IN ('sent', 'uncertain', 'unfinished');
