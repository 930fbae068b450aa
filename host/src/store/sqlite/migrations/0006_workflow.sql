-- When a workflow was first looked at: what was so before begins nothing.
CREATE TABLE workflow (
    name TEXT PRIMARY KEY,
    known_since TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Workflows as episodes began with them, whatever the file says later.
CREATE TABLE workflow_version (
    digest TEXT PRIMARY KEY,
    definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE episode (
    identity TEXT NOT NULL,
    workflow TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (identity, workflow, ordinal)
) STRICT, WITHOUT ROWID;
