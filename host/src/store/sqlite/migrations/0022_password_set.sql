-- When an account last got a password of ours, which somebody uses since.
ALTER TABLE link ADD COLUMN password_set_at TEXT;
