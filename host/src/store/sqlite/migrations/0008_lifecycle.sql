-- What facts do not say of lives.
CREATE TABLE ejection (
    identity TEXT NOT NULL,
    at TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    undone_at TEXT,
    undone_by TEXT,
    PRIMARY KEY (identity, at)
) STRICT, WITHOUT ROWID;

-- One that was released is kept; its name may be used again.
CREATE TABLE legal_hold (
    name TEXT NOT NULL,
    at TEXT NOT NULL,
    people TEXT NOT NULL,
    reason TEXT NOT NULL,
    review TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    released_at TEXT,
    PRIMARY KEY (name, at)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX legal_hold_stands ON legal_hold (name) WHERE released_at IS NULL;

-- Since when nothing gives a grant whose account stays.
ALTER TABLE ledger ADD COLUMN unwanted_since TEXT;

-- Who is missing from their sources, and is not believed to be gone yet.
CREATE TABLE absence (
    identity TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    seen INTEGER NOT NULL,
    last TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When somebody looked, and a jump of the clock between two looks that nobody
-- has said anything about yet.
CREATE TABLE clock_mark (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    first_at TEXT,
    last_at TEXT,
    jump_from TEXT,
    jump_to TEXT
) STRICT;
