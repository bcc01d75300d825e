-- min_program: 1
-- What one silo tells the others of MCP sessions. Messages live for a minute, ends of sessions as long as the ids would have.
CREATE TABLE session_mail (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session text COLLATE "C" NOT NULL,
  body text,
  posted_at bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX session_mail_by_session ON session_mail (session);
CREATE INDEX session_mail_by_time ON session_mail (posted_at);
CREATE INDEX session_mail_by_expiry ON session_mail (expires_at);
