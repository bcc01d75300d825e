-- min_program: 1
-- So that a run past its deadline is taken whatever its submitter's share; null when an older program inserted the run.
ALTER TABLE runs ADD COLUMN deadline INTEGER;

CREATE INDEX runs_due_by_submitter ON runs (submitter, due_at) WHERE owner IS NULL;
CREATE INDEX runs_deadline ON runs (deadline) WHERE owner IS NULL;
