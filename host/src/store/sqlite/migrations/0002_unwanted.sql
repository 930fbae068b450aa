-- Since when nothing has given the account any longer; deleting counts from
-- there at the earliest.
ALTER TABLE link ADD COLUMN unwanted_since TEXT;
