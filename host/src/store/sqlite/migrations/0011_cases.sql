-- Questions about records that only a person can answer, and the answers.
CREATE TABLE record_case (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    decision TEXT
) STRICT, WITHOUT ROWID;

-- Who is somebody else by a person's word, and what came with them.
CREATE TABLE merged (
    other TEXT PRIMARY KEY,
    keep TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    came TEXT NOT NULL
) STRICT, WITHOUT ROWID;
