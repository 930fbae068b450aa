-- Schema 25: what the migrations of SQLite come to, in PostgreSQL's words.
-- Later ones have equal numbers in both folders.
--
-- Text is compared by its bytes, so that order is as in SQLite; times are
-- RFC 3339 in UTC with nine decimals, so that the order of the text is the
-- order of time.  Truth is 0 or 1.

-- Which schema this is.
CREATE TABLE lanyard_schema (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    version BIGINT NOT NULL
);

-- Whoever writes takes this table first, so that one transaction at a time
-- does: a chain of digests has one end.
CREATE TABLE writer ("only" BIGINT PRIMARY KEY);

-- How often the store was opened by a process that changes it alone.
CREATE TABLE holder (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO holder ("only", epoch) VALUES (1, 0);

CREATE TABLE identity (
    id TEXT COLLATE "C" PRIMARY KEY,
    facts TEXT COLLATE "C" NOT NULL,
    absent_since TEXT COLLATE "C",
    known_at TEXT COLLATE "C" NOT NULL,
    unreadable TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    unchanged TEXT COLLATE "C" NOT NULL DEFAULT '{}'
);

CREATE TABLE identity_record (
    identity TEXT COLLATE "C" NOT NULL,
    rank BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (identity, rank),
    UNIQUE (source, key),
    FOREIGN KEY (identity) REFERENCES identity (id)
);

CREATE TABLE source_read (
    source TEXT COLLATE "C" PRIMARY KEY,
    keys TEXT COLLATE "C" NOT NULL,
    coverage TEXT COLLATE "C" NOT NULL,
    read_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE link (
    target TEXT COLLATE "C" NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    uid TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    disabled_since TEXT COLLATE "C",
    gone BIGINT NOT NULL,
    changed_at TEXT COLLATE "C" NOT NULL,
    unwanted_since TEXT COLLATE "C",
    unproven BIGINT NOT NULL DEFAULT 0,
    was_enabled BIGINT NOT NULL DEFAULT 1,
    sessions_ended_at TEXT COLLATE "C",
    credentials_ended_at TEXT COLLATE "C",
    password_set_at TEXT COLLATE "C",
    gone_proven BIGINT NOT NULL DEFAULT 0,
    missing_since TEXT COLLATE "C",
    missing_seen BIGINT NOT NULL DEFAULT 0,
    missing_last TEXT COLLATE "C",
    PRIMARY KEY (target, object_type, uid)
) PARTITION BY HASH (target);

CREATE TABLE ledger (
    target TEXT COLLATE "C" NOT NULL,
    holder_type TEXT COLLATE "C" NOT NULL,
    holder_uid TEXT COLLATE "C" NOT NULL,
    entitlement_type TEXT COLLATE "C" NOT NULL,
    entitlement_uid TEXT COLLATE "C" NOT NULL,
    relation TEXT COLLATE "C" NOT NULL,
    granted_at TEXT COLLATE "C" NOT NULL,
    unwanted_since TEXT COLLATE "C",
    PRIMARY KEY (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation)
);

CREATE TABLE observation (
    target TEXT COLLATE "C" PRIMARY KEY,
    schema TEXT COLLATE "C" NOT NULL,
    accounts_coverage TEXT COLLATE "C" NOT NULL,
    assignments_coverage TEXT COLLATE "C" NOT NULL,
    read_at TEXT COLLATE "C" NOT NULL,
    account_type TEXT COLLATE "C" NOT NULL DEFAULT ''
);

CREATE TABLE observed_account (
    target TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    uid TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (target, position),
    FOREIGN KEY (target) REFERENCES observation (target)
) PARTITION BY HASH (target);

CREATE TABLE observed_entitlement (
    target TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, position),
    FOREIGN KEY (target) REFERENCES observation (target)
);

CREATE TABLE observed_assignment (
    target TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    holder_type TEXT COLLATE "C" NOT NULL,
    holder_uid TEXT COLLATE "C" NOT NULL,
    entitlement_type TEXT COLLATE "C" NOT NULL,
    entitlement_uid TEXT COLLATE "C" NOT NULL,
    relation TEXT COLLATE "C" NOT NULL,
    direct BIGINT NOT NULL,
    PRIMARY KEY (target, position),
    FOREIGN KEY (target) REFERENCES observation (target)
);

CREATE TABLE plan (
    digest TEXT COLLATE "C" PRIMARY KEY,
    plan TEXT COLLATE "C" NOT NULL,
    findings TEXT COLLATE "C" NOT NULL,
    config TEXT COLLATE "C" NOT NULL,
    made_at TEXT COLLATE "C" NOT NULL,
    erased_at TEXT COLLATE "C",
    emptied TEXT COLLATE "C"
);

CREATE TABLE run (
    id BIGINT PRIMARY KEY,
    plan TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    released TEXT COLLATE "C" NOT NULL,
    began_at TEXT COLLATE "C" NOT NULL,
    ended_at TEXT COLLATE "C",
    epoch BIGINT NOT NULL,
    UNIQUE (epoch),
    FOREIGN KEY (plan) REFERENCES plan (digest)
);

CREATE TABLE operation (
    run BIGINT NOT NULL,
    operation BIGINT NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    removes BIGINT NOT NULL,
    object_type TEXT COLLATE "C",
    uid TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sent_at TEXT COLLATE "C" NOT NULL,
    phase TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    done_at TEXT COLLATE "C",
    event TEXT COLLATE "C" NOT NULL DEFAULT '',
    renames BIGINT NOT NULL DEFAULT 0,
    entitlement_type TEXT COLLATE "C",
    entitlement_uid TEXT COLLATE "C",
    PRIMARY KEY (run, operation),
    FOREIGN KEY (run) REFERENCES run (id)
);

CREATE TABLE operation_event (
    run BIGINT NOT NULL,
    operation BIGINT NOT NULL,
    position BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    permission TEXT COLLATE "C",
    plugin TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run, operation, position),
    FOREIGN KEY (run, operation) REFERENCES operation (run, operation)
);

CREATE TABLE mark (
    key TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key, step)
);

CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    at TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C",
    target TEXT COLLATE "C",
    result TEXT COLLATE "C" NOT NULL,
    verification TEXT COLLATE "C",
    chain TEXT COLLATE "C" NOT NULL,
    personal TEXT COLLATE "C" NOT NULL DEFAULT ''
) PARTITION BY RANGE (sequence);

CREATE TABLE clock (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    stands BIGINT NOT NULL
);

CREATE TABLE declined (
    target TEXT COLLATE "C" NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    uid TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, object_type, uid, identity)
);

CREATE TABLE workflow (
    name TEXT COLLATE "C" PRIMARY KEY,
    known_since TEXT COLLATE "C" NOT NULL
);

CREATE TABLE workflow_version (
    digest TEXT COLLATE "C" PRIMARY KEY,
    definition TEXT COLLATE "C" NOT NULL
);

CREATE TABLE episode (
    identity TEXT COLLATE "C" NOT NULL,
    workflow TEXT COLLATE "C" NOT NULL,
    ordinal BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (identity, workflow, ordinal)
);

CREATE TABLE held_name (
    target TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    last_seen TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, name, identity)
);

CREATE TABLE ejection (
    identity TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    undone_at TEXT COLLATE "C",
    undone_by TEXT COLLATE "C",
    PRIMARY KEY (identity, at)
);

CREATE TABLE legal_hold (
    name TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    people TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    review TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    released_at TEXT COLLATE "C",
    PRIMARY KEY (name, at)
);

CREATE TABLE absence (
    identity TEXT COLLATE "C" PRIMARY KEY,
    since TEXT COLLATE "C" NOT NULL,
    seen BIGINT NOT NULL,
    last TEXT COLLATE "C" NOT NULL
);

CREATE TABLE clock_mark (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    first_at TEXT COLLATE "C",
    last_at TEXT COLLATE "C",
    jump_from TEXT COLLATE "C",
    jump_to TEXT COLLATE "C"
);

CREATE TABLE own_fact (
    identity TEXT COLLATE "C" NOT NULL,
    fact TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (identity, fact)
);

CREATE TABLE record_case (
    id TEXT COLLATE "C" PRIMARY KEY,
    body TEXT COLLATE "C" NOT NULL,
    opened_at TEXT COLLATE "C" NOT NULL,
    is_open BIGINT NOT NULL,
    decision TEXT COLLATE "C"
);

CREATE TABLE merged (
    other TEXT COLLATE "C" PRIMARY KEY,
    keep TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    came TEXT COLLATE "C" NOT NULL
);

CREATE TABLE past_fact (
    identity TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    fact TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    forgotten TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (identity, position)
);

CREATE TABLE request (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    UNIQUE (id)
);

CREATE TABLE given_back (
    identity TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    uid TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (identity, target, object_type, uid)
);

CREATE TABLE plan_approval (
    number BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    UNIQUE (id)
);

CREATE TABLE audit_part (
    sequence BIGINT PRIMARY KEY,
    salt TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL
) PARTITION BY RANGE (sequence);

CREATE TABLE erased (
    identity TEXT COLLATE "C" PRIMARY KEY,
    at TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    ordered BIGINT NOT NULL,
    departed TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    swept BIGINT NOT NULL DEFAULT 0,
    started TEXT COLLATE "C"
);

CREATE TABLE erased_record (
    digest TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    respelt TEXT COLLATE "C",
    PRIMARY KEY (digest, identity)
);

CREATE TABLE erased_name (
    target TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    last_seen TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, digest)
);

CREATE TABLE salt (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    salt TEXT COLLATE "C" NOT NULL
);

CREATE TABLE followed (
    identity TEXT COLLATE "C" PRIMARY KEY,
    by_identity TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    departed TEXT COLLATE "C" NOT NULL
);

CREATE TABLE review (
    number BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    ordinal BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    UNIQUE (name, ordinal)
);

CREATE TABLE erasing (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    identity TEXT COLLATE "C" NOT NULL
);

CREATE TABLE erased_case (
    id TEXT COLLATE "C" PRIMARY KEY,
    identity TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL
);

CREATE INDEX link_identity ON link (identity, target);

CREATE INDEX observed_account_object ON observed_account (target, object_type, uid);

CREATE INDEX observed_assignment_object ON observed_assignment
    (target, holder_type, holder_uid, entitlement_type, entitlement_uid, relation);

CREATE INDEX operation_key ON operation (key, epoch);

CREATE INDEX audit_identity ON audit (identity, sequence);

CREATE INDEX audit_target ON audit (target, sequence);

CREATE INDEX operation_open ON operation (run, operation)
    WHERE phase IN ('sent', 'uncertain', 'unfinished');

CREATE UNIQUE INDEX legal_hold_stands ON legal_hold (name) WHERE released_at IS NULL;

CREATE INDEX operation_done ON operation (done_at) WHERE done_at IS NOT NULL;

CREATE INDEX past_fact_start ON past_fact (identity) WHERE fact = 'start';


-- Accounts lie apart by target, so that reading one target anew leaves dead
-- rows in its own part only; the audit by its numbers, so that what is old is
-- backed up and vacuumed once.
DO $$
BEGIN
    FOR part IN 0..7 LOOP
        EXECUTE format('CREATE TABLE link_%s PARTITION OF link
            FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
        EXECUTE format('CREATE TABLE observed_account_%s PARTITION OF observed_account
            FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
    END LOOP;
END $$;
CREATE TABLE audit_rest PARTITION OF audit DEFAULT;
CREATE TABLE audit_part_rest PARTITION OF audit_part DEFAULT;

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END $$;

CREATE TRIGGER plan_kept BEFORE DELETE ON plan
    FOR EACH ROW EXECUTE FUNCTION refuse('a plan is never deleted');
CREATE TRIGGER plan_not_emptied BEFORE TRUNCATE ON plan
    EXECUTE FUNCTION refuse('a plan is never deleted');

CREATE FUNCTION plan_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.digest, NEW.config, NEW.made_at) = (OLD.digest, OLD.config, OLD.made_at)
        AND (EXISTS (SELECT 1 FROM erasing) AND NEW.erased_at IS NOT NULL
            -- The same was planned again, and is whole again.
            OR OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL AND NEW.emptied IS NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a plan is never changed';
END $$;
CREATE TRIGGER plan_unchanged BEFORE UPDATE ON plan
    FOR EACH ROW EXECUTE FUNCTION plan_unchanged();

CREATE TRIGGER operation_event_kept BEFORE DELETE ON operation_event
    FOR EACH ROW EXECUTE FUNCTION refuse('the journal is append-only');
CREATE TRIGGER operation_event_not_emptied BEFORE TRUNCATE ON operation_event
    EXECUTE FUNCTION refuse('the journal is append-only');

CREATE FUNCTION operation_event_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasing)
        AND (NEW.run, NEW.operation, NEW."position", NEW.attempt, NEW.epoch, NEW.at)
            = (OLD.run, OLD.operation, OLD."position", OLD.attempt, OLD.epoch, OLD.at)
        AND NEW.permission IS NOT DISTINCT FROM OLD.permission
        AND NEW.plugin IS NOT DISTINCT FROM OLD.plugin
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE TRIGGER operation_event_unchanged BEFORE UPDATE ON operation_event
    FOR EACH ROW EXECUTE FUNCTION operation_event_unchanged();

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit is append-only');
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit is append-only');
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
    EXECUTE FUNCTION refuse('the audit is append-only');
CREATE TRIGGER audit_part_unchanged BEFORE UPDATE ON audit_part
    FOR EACH ROW EXECUTE FUNCTION refuse('the audit is append-only');
CREATE TRIGGER audit_part_not_emptied BEFORE TRUNCATE ON audit_part
    EXECUTE FUNCTION refuse('the audit is append-only');

CREATE FUNCTION audit_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.sequence) THEN
        RAISE EXCEPTION 'the audit is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_appended BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_appended();

CREATE FUNCTION audit_part_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit_part WHERE sequence >= NEW.sequence) THEN
        RAISE EXCEPTION 'the audit is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_part_appended BEFORE INSERT ON audit_part
    FOR EACH ROW EXECUTE FUNCTION audit_part_appended();

CREATE FUNCTION audit_part_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erasing JOIN audit ON audit.sequence = OLD.sequence
        WHERE audit.identity IS NULL OR audit.identity IN (SELECT identity FROM erased))
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_part_kept BEFORE DELETE ON audit_part
    FOR EACH ROW EXECUTE FUNCTION audit_part_kept();

-- Whoever was erased stays so, and nothing is emptied but by that.
CREATE TRIGGER erased_kept BEFORE DELETE ON erased
    FOR EACH ROW EXECUTE FUNCTION refuse('whoever was erased stays so');
CREATE TRIGGER erased_not_emptied BEFORE TRUNCATE ON erased
    EXECUTE FUNCTION refuse('whoever was erased stays so');

CREATE FUNCTION erased_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.identity, NEW.at, NEW.by_whom, NEW.ordered)
            = (OLD.identity, OLD.at, OLD.by_whom, OLD.ordered)
        AND NEW.departed IS NOT DISTINCT FROM OLD.departed
        AND NEW.reason IS NOT DISTINCT FROM OLD.reason
        AND NEW.started IS NOT DISTINCT FROM OLD.started
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'whoever was erased stays so';
END $$;
CREATE TRIGGER erased_unchanged BEFORE UPDATE ON erased
    FOR EACH ROW EXECUTE FUNCTION erased_unchanged();

CREATE FUNCTION erasing_somebody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erased WHERE erased.identity = NEW.identity AND swept = 0)
        AND EXISTS (SELECT 1 FROM identity WHERE identity.id = NEW.identity)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'nobody is being erased';
END $$;
CREATE TRIGGER erasing_somebody BEFORE INSERT ON erasing
    FOR EACH ROW EXECUTE FUNCTION erasing_somebody();

CREATE FUNCTION erasing_wholly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM identity WHERE identity.id = OLD.identity) THEN
        RAISE EXCEPTION 'they are not erased yet';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER erasing_wholly BEFORE DELETE ON erasing
    FOR EACH ROW EXECUTE FUNCTION erasing_wholly();
CREATE TRIGGER erasing_unchanged BEFORE UPDATE ON erasing
    FOR EACH ROW EXECUTE FUNCTION refuse('nobody else is being erased');

-- The key of the record leaves the files with the question.
CREATE FUNCTION record_case_swept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE erased SET swept = 0
    WHERE identity IN (SELECT candidate ->> 'identity'
        FROM json_array_elements(coalesce(OLD.body::json -> 'candidates', '[]')) AS candidate);
    RETURN NULL;
END $$;
CREATE TRIGGER record_case_swept AFTER DELETE ON record_case
    FOR EACH ROW EXECUTE FUNCTION record_case_swept();
