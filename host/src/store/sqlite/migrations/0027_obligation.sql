-- Losses of access that are due, each from when that was found; one that is
-- closed stays with how it was.
CREATE TABLE obligation (
    number INTEGER PRIMARY KEY,
    identity TEXT NOT NULL,
    target TEXT NOT NULL,
    object_type TEXT NOT NULL,
    uid TEXT NOT NULL,
    loss TEXT NOT NULL,
    closed_at TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX obligation_open ON obligation (target, object_type, uid, loss)
WHERE closed_at IS NULL;
CREATE INDEX obligation_place ON obligation (target, object_type, uid, loss, number);
CREATE INDEX obligation_identity ON obligation (identity);
