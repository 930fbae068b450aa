-- Questions about plans, in the order in which they were asked.
CREATE TABLE plan_approval (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
) STRICT;
