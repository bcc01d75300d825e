-- min_program: 1
CREATE FUNCTION db_now() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

CREATE TABLE silos (
  id text PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  format bigint NOT NULL,
  started_at bigint NOT NULL,
  heartbeat_at bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE workflow_definitions (
  hash text PRIMARY KEY,
  body text NOT NULL
);

-- Unfinished runs. queued: never taken from the queue yet. due_at: when to be picked up; null while owned.
-- What a transition changes is in no index, so that it stays on its page.
CREATE TABLE runs (
  id text COLLATE "C" PRIMARY KEY,
  submitter text COLLATE "C" NOT NULL,
  workflow_id text COLLATE "C" NOT NULL,
  workflow_version text NOT NULL,
  definition_hash text NOT NULL,
  idempotency_key text,
  format bigint NOT NULL,
  priority bigint NOT NULL,
  status text NOT NULL,
  queued boolean NOT NULL,
  version bigint NOT NULL,
  epoch bigint NOT NULL,
  owner text,
  due_at bigint,
  strikes bigint NOT NULL,
  commands bigint NOT NULL,
  created_at bigint NOT NULL,
  trace_length bigint NOT NULL,
  trace_head text NOT NULL,
  state text NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX runs_due ON runs (due_at) WHERE owner IS NULL;
CREATE INDEX runs_queue ON runs (submitter, workflow_id, priority DESC, id) WHERE owner IS NULL AND queued;
CREATE INDEX runs_waiting ON runs (id) WHERE owner IS NULL AND queued;
CREATE INDEX runs_owned ON runs (owner, submitter) WHERE owner IS NOT NULL;
CREATE INDEX runs_by_submitter ON runs (submitter, id);
CREATE INDEX runs_by_workflow ON runs (workflow_id, id);

CREATE TABLE run_values (
  run_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  body text,
  PRIMARY KEY (run_id, name)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE idempotency_keys (
  submitter text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  run_id text NOT NULL,
  request_hash text NOT NULL,
  PRIMARY KEY (submitter, idempotency_key)
);

CREATE TABLE inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  sender text NOT NULL,
  body text NOT NULL,
  posted_at bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX inbox_by_run ON inbox (run_id, id);

-- By the day of the run's creation, which its id begins with. Rows of days without a partition go to the default one.
CREATE TABLE trace (
  run_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  at bigint NOT NULL,
  kind text NOT NULL,
  data text NOT NULL,
  prev text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (run_id, seq)
) PARTITION BY RANGE (run_id);

CREATE TABLE trace_default PARTITION OF trace DEFAULT;

CREATE TABLE finished_runs (
  id text COLLATE "C" PRIMARY KEY,
  submitter text COLLATE "C" NOT NULL,
  workflow_id text COLLATE "C" NOT NULL,
  workflow_version text NOT NULL,
  definition_hash text NOT NULL,
  idempotency_key text,
  version bigint NOT NULL,
  epoch bigint NOT NULL,
  commands bigint NOT NULL,
  ended_at bigint NOT NULL,
  trace_length bigint NOT NULL,
  trace_head text NOT NULL,
  state text NOT NULL
) PARTITION BY RANGE (id);

CREATE INDEX finished_runs_by_submitter ON finished_runs (submitter, id);
CREATE INDEX finished_runs_by_workflow ON finished_runs (workflow_id, id);
CREATE INDEX finished_runs_by_both ON finished_runs (submitter, workflow_id, id);
CREATE INDEX finished_runs_by_end ON finished_runs (ended_at);

CREATE TABLE finished_runs_default PARTITION OF finished_runs DEFAULT;
