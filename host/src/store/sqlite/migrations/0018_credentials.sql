-- When what somebody was signed in with was last ended; no reading shows it.
ALTER TABLE link ADD COLUMN sessions_ended_at TEXT;
ALTER TABLE link ADD COLUMN credentials_ended_at TEXT;
