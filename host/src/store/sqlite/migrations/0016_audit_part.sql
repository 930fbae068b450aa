-- What a row of the audit says of people beside who, where and what: it lies
-- by itself under a salted digest, so that it can go and the chain holds.
CREATE TABLE audit_part (
    sequence INTEGER PRIMARY KEY,
    salt TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

DROP TRIGGER audit_unchanged;
ALTER TABLE audit ADD COLUMN personal TEXT NOT NULL DEFAULT '';
