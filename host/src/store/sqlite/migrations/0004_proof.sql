-- Whose accounts a reading was of; of other types it says nothing.
ALTER TABLE observation ADD COLUMN account_type TEXT NOT NULL DEFAULT '';
-- An order to disable was taken, and no read has shown that it was followed.
ALTER TABLE link ADD COLUMN unproven INTEGER NOT NULL DEFAULT 0;
-- Of accounts from before it is not known: they count as enabled once.
ALTER TABLE link ADD COLUMN was_enabled INTEGER NOT NULL DEFAULT 1;
