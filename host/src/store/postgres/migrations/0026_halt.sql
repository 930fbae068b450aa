-- A person's word that no system is called any more; one at most stands.
CREATE TABLE halt (
    id BIGINT PRIMARY KEY,
    standing BIGINT UNIQUE CHECK (standing = 1),
    at TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    ended_at TEXT COLLATE "C",
    ended_by TEXT COLLATE "C"
);
