-- Losses of access that are due, each from when that was found; one that is
-- closed stays with how it was.
CREATE TABLE obligation (
    number BIGINT PRIMARY KEY,
    identity TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    uid TEXT COLLATE "C" NOT NULL,
    loss TEXT COLLATE "C" NOT NULL,
    closed_at TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX obligation_open ON obligation (target, object_type, uid, loss)
WHERE closed_at IS NULL;
CREATE INDEX obligation_place ON obligation (target, object_type, uid, loss, number);
CREATE INDEX obligation_identity ON obligation (identity);
