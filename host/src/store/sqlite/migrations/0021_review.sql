-- Reviews of access, in the order in which they were opened.
CREATE TABLE review (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (name, ordinal)
) STRICT;
