-- min_program: 1
-- What one silo tells the others of MCP sessions. Rows are few and short-lived.
CREATE TABLE session_mail (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session text COLLATE "C" NOT NULL,
  body text,
  posted_at bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX session_mail_by_session ON session_mail (session);
CREATE INDEX session_mail_by_time ON session_mail (posted_at);
