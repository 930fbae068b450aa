-- Who was hired again as somebody new.
CREATE TABLE followed (
    identity TEXT PRIMARY KEY,
    by_identity TEXT NOT NULL,
    at TEXT NOT NULL,
    departed TEXT NOT NULL
) STRICT, WITHOUT ROWID;
