-- By what an account of ours is known to be gone: deleted by us and seen so, or
-- confirmed by readings; and what those said that lack it and are not enough.
ALTER TABLE link ADD COLUMN gone_proven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE link ADD COLUMN missing_since TEXT;
ALTER TABLE link ADD COLUMN missing_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE link ADD COLUMN missing_last TEXT;
UPDATE link SET gone_proven = 1 WHERE gone = 1 AND EXISTS (SELECT 1 FROM operation
    WHERE operation.kind = 'delete' AND operation.phase = 'done'
    AND (operation.target, operation.object_type, operation.uid)
        = (link.target, link.object_type, link.uid)
    AND json_extract(operation.state, '$.done.verification') = 'verified');

-- The digest of the key however it is spelt; none: of somebody who was erased
-- before spellings were kept.
ALTER TABLE erased_record ADD COLUMN respelt TEXT;

-- Questions whether a record is still that of somebody who was erased, to which
-- a person said that it is.
CREATE TABLE erased_case (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    source TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The key of the record leaves the files with the question.
DROP TRIGGER erased_unchanged;
CREATE TRIGGER erased_unchanged BEFORE UPDATE ON erased
WHEN NOT ((NEW.identity, NEW.at, NEW.by_whom, NEW.ordered)
        = (OLD.identity, OLD.at, OLD.by_whom, OLD.ordered)
    AND NEW.departed IS OLD.departed AND NEW.reason IS OLD.reason
    AND NEW.started IS OLD.started)
BEGIN SELECT RAISE(ABORT, 'whoever was erased stays so'); END;
CREATE TRIGGER record_case_swept AFTER DELETE ON record_case
BEGIN
    UPDATE erased SET swept = 0
    WHERE identity IN (SELECT value ->> '$.identity'
        FROM json_each(OLD.body, '$.candidates'));
END;
