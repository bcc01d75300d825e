-- Notes every change of a run's row, with the clock and the session's address: a history that the product knows nothing of.
CREATE TABLE chaos_history (
  seq bigserial PRIMARY KEY,
  at bigint NOT NULL,
  client text,
  change jsonb NOT NULL
);

CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_history (at, client, change)
  VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, host(inet_client_addr()), to_jsonb(NEW) - 'state' - 'trace_head');
  RETURN NEW;
END $$;

CREATE TRIGGER chaos_runs AFTER INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION chaos_note();
CREATE TRIGGER chaos_finished AFTER INSERT ON finished_runs FOR EACH ROW EXECUTE FUNCTION chaos_note();

CREATE TABLE chaos_commands (
  seq bigserial PRIMARY KEY,
  run_id text NOT NULL,
  kind text NOT NULL,
  number bigint NOT NULL
);

-- The run counts its commands in the same transaction, before.
CREATE FUNCTION chaos_note_command() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_commands (run_id, kind, number) SELECT NEW.run_id, NEW.kind, r.commands FROM runs r WHERE r.id = NEW.run_id;
  RETURN NEW;
END $$;

CREATE TRIGGER chaos_inbox AFTER INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION chaos_note_command();
