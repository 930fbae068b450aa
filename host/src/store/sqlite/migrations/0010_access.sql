-- The guard counts everything that was done lately, and not only removals.
DROP INDEX operation_removal;
CREATE INDEX operation_done ON operation (done_at) WHERE done_at IS NOT NULL;
