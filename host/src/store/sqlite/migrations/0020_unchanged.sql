-- Since when values have been the same that another source tells by now.
ALTER TABLE identity ADD COLUMN unchanged TEXT NOT NULL DEFAULT '{}';
