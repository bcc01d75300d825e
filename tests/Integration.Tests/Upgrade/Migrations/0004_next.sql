-- min_program: 1
ALTER TABLE runs ADD COLUMN next_note text;
ALTER TABLE silos ADD COLUMN next_zone text;
CREATE TABLE next_notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL);
