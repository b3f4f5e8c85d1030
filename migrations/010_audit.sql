-- Who did what to which object. Rows are only ever added, and taken away by age.

CREATE TABLE audit_log (
	id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at          timestamptz NOT NULL DEFAULT now(),
	-- Null for strangers and for commands of an operator. No foreign key: the log outlives what it tells of.
	actor_id    bigint,
	actor_role  text,
	session_id  bigint,
	action      text        NOT NULL,
	object_type text,
	object_id   bigint,
	before      jsonb,
	after       jsonb,
	address     inet,
	request_id  text
);
CREATE INDEX audit_log_actor_id_idx ON audit_log (actor_id, id);
CREATE INDEX audit_log_object_idx ON audit_log (object_type, object_id, id);
CREATE INDEX audit_log_action_idx ON audit_log (action, id);
CREATE INDEX audit_log_at_idx ON audit_log (at);

---- create above / drop below ----

DROP TABLE audit_log;
