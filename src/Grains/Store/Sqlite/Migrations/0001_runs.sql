-- min_program: 1
CREATE TABLE silos (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  format INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE workflow_definitions (
  hash TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- Unfinished runs. queued: never taken from the queue yet. due_at: when to be picked up; null while owned.
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  submitter TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  idempotency_key TEXT,
  format INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT NOT NULL,
  queued INTEGER NOT NULL,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  owner TEXT,
  due_at INTEGER,
  strikes INTEGER NOT NULL,
  commands INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  trace_length INTEGER NOT NULL,
  trace_head TEXT NOT NULL,
  state TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX runs_due ON runs (due_at) WHERE owner IS NULL;
CREATE INDEX runs_queue ON runs (submitter, workflow_id, priority DESC, id) WHERE owner IS NULL AND queued;
CREATE INDEX runs_waiting ON runs (id) WHERE owner IS NULL AND queued;
CREATE INDEX runs_owned ON runs (owner, submitter) WHERE owner IS NOT NULL;
CREATE INDEX runs_by_submitter ON runs (submitter, id);
CREATE INDEX runs_by_workflow ON runs (workflow_id, id);

CREATE TABLE run_values (
  run_id TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT,
  PRIMARY KEY (run_id, name)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  submitter TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  run_id TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  PRIMARY KEY (submitter, idempotency_key)
) WITHOUT ROWID;

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  body TEXT NOT NULL,
  posted_at INTEGER NOT NULL
);

CREATE INDEX inbox_by_run ON inbox (run_id, id);

CREATE TABLE trace (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;

CREATE TABLE finished_runs (
  id TEXT PRIMARY KEY,
  submitter TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  idempotency_key TEXT,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  commands INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  trace_length INTEGER NOT NULL,
  trace_head TEXT NOT NULL,
  state TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX finished_runs_by_submitter ON finished_runs (submitter, id);
CREATE INDEX finished_runs_by_workflow ON finished_runs (workflow_id, id);
CREATE INDEX finished_runs_by_both ON finished_runs (submitter, workflow_id, id);
CREATE INDEX finished_runs_by_end ON finished_runs (ended_at);
