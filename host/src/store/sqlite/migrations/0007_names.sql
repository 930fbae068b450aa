-- Login names that accounts of ours had, and the last read that saw each:
-- for a while nobody else is given one.
CREATE TABLE held_name (
    target TEXT NOT NULL,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    PRIMARY KEY (target, name, identity)
) STRICT, WITHOUT ROWID;
