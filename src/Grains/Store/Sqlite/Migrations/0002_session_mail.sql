-- min_program: 1
-- What one silo tells the others of MCP sessions. Messages live for a minute, ends of sessions as long as the ids would have.
CREATE TABLE session_mail (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL,
  body TEXT,
  posted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);

CREATE INDEX session_mail_by_session ON session_mail (session);
CREATE INDEX session_mail_by_time ON session_mail (posted_at);
CREATE INDEX session_mail_by_expiry ON session_mail (expires_at);
