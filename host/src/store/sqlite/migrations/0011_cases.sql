-- Questions about records that only a person can answer, and the answers.
CREATE TABLE record_case (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    decision TEXT
) STRICT, WITHOUT ROWID;
