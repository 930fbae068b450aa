-- Whose time the store is in, from its first use on: the system's clock, or
-- one that was made to stand for trying out.
CREATE TABLE clock (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    stands INTEGER NOT NULL CHECK (stands IN (0, 1))
) STRICT;

INSERT INTO clock (only, stands)
    SELECT 1, 0 WHERE EXISTS (SELECT 1 FROM identity) OR EXISTS (SELECT 1 FROM plan);
