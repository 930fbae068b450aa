-- Values that a source no longer gives; those it gives are in identity.  Rows
-- are only added.
CREATE TABLE past_fact (
    identity TEXT NOT NULL,
    position INTEGER NOT NULL,
    fact TEXT NOT NULL,
    body TEXT NOT NULL,
    forgotten TEXT NOT NULL,
    PRIMARY KEY (identity, position)
) STRICT, WITHOUT ROWID;
