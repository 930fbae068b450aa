-- Facts that steps of workflows set.
CREATE TABLE own_fact (
    identity TEXT NOT NULL,
    fact TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (identity, fact)
) STRICT, WITHOUT ROWID;
