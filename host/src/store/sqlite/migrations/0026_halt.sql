-- A person's word that no system is called any more; one at most stands.
CREATE TABLE halt (
    id       INTEGER PRIMARY KEY,
    standing INTEGER UNIQUE CHECK (standing = 1),
    at       TEXT NOT NULL,
    by_whom  TEXT NOT NULL,
    reason   TEXT,
    ended_at TEXT,
    ended_by TEXT
) STRICT;
