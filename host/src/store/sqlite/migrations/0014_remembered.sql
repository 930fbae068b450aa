-- What nobody could tell of somebody's records when they were last read.
ALTER TABLE identity ADD COLUMN unreadable TEXT NOT NULL DEFAULT '[]';
-- First days that were said before: whether a job was known before another one ended.
CREATE INDEX past_fact_start ON past_fact (identity) WHERE fact = 'start';
-- Accounts that a person gave back: only a person makes them theirs again.
CREATE TABLE given_back (
    identity TEXT NOT NULL,
    target TEXT NOT NULL,
    object_type TEXT NOT NULL,
    uid TEXT NOT NULL,
    PRIMARY KEY (identity, target, object_type, uid)
) STRICT, WITHOUT ROWID;
