-- A plan loses what was of somebody who was erased, and keeps the rest;
-- emptied: the digest of what is left of it.
DROP TRIGGER plan_unchanged;
ALTER TABLE plan ADD COLUMN emptied TEXT;
UPDATE plan SET plan =
    '{"operations":[],"adoptions":[],"claims":[],"episodes":[],"notes":[],"labels":{}}'
    WHERE plan = '';
ALTER TABLE plan DROP COLUMN operations;
CREATE TRIGGER plan_unchanged BEFORE UPDATE ON plan
WHEN NOT ((NEW.digest, NEW.config, NEW.made_at) = (OLD.digest, OLD.config, OLD.made_at)
    AND (EXISTS (SELECT 1 FROM erasing) AND NEW.erased_at IS NOT NULL
        -- The same was planned again, and is whole again.
        OR OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL AND NEW.emptied IS NULL))
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;

-- The latest first day that was ever said of them.
ALTER TABLE erased ADD COLUMN started TEXT;

-- Whoever was erased stays so, and nothing is emptied but by that.
CREATE TRIGGER erased_kept BEFORE DELETE ON erased
BEGIN SELECT RAISE(ABORT, 'whoever was erased stays so'); END;
CREATE TRIGGER erased_unchanged BEFORE UPDATE ON erased
WHEN NOT (NEW.swept >= OLD.swept
    AND (NEW.identity, NEW.at, NEW.by_whom, NEW.ordered)
        = (OLD.identity, OLD.at, OLD.by_whom, OLD.ordered)
    AND NEW.departed IS OLD.departed AND NEW.reason IS OLD.reason
    AND NEW.started IS OLD.started)
BEGIN SELECT RAISE(ABORT, 'whoever was erased stays so'); END;

DROP TABLE erasing;
CREATE TABLE erasing (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    identity TEXT NOT NULL
) STRICT;
CREATE TRIGGER erasing_somebody BEFORE INSERT ON erasing
WHEN NOT EXISTS (SELECT 1 FROM erased WHERE identity = NEW.identity AND swept = 0)
    OR NOT EXISTS (SELECT 1 FROM identity WHERE id = NEW.identity)
BEGIN SELECT RAISE(ABORT, 'nobody is being erased'); END;
CREATE TRIGGER erasing_wholly BEFORE DELETE ON erasing
WHEN EXISTS (SELECT 1 FROM identity WHERE id = OLD.identity)
BEGIN SELECT RAISE(ABORT, 'they are not erased yet'); END;
CREATE TRIGGER erasing_unchanged BEFORE UPDATE ON erasing
BEGIN SELECT RAISE(ABORT, 'nobody else is being erased'); END;

DROP TRIGGER audit_part_kept;
CREATE TRIGGER audit_part_kept BEFORE DELETE ON audit_part
WHEN NOT EXISTS (SELECT 1 FROM erasing JOIN audit ON audit.sequence = OLD.sequence
    WHERE audit.identity IS NULL OR audit.identity IN (SELECT identity FROM erased))
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
