-- Who did what to which object. Rows are only ever added: the role that serves requests may read and insert, and
-- whatever else has to happen are the two functions below, which run as the owner of the schema.

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
	-- Of an update, the members that differ.
	before      jsonb,
	after       jsonb,
	address     inet,
	request_id  text
);
-- One for each filter, in the order of the list.
CREATE INDEX audit_log_at_idx ON audit_log (at, id);
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, at, id);
CREATE INDEX audit_log_action_idx ON audit_log (action, at, id);
CREATE INDEX audit_log_object_type_idx ON audit_log (object_type, at, id);
CREATE INDEX audit_log_object_idx ON audit_log (object_type, object_id, at, id);
CREATE INDEX audit_log_request_idx ON audit_log (request_id, at, id);

-- audit_log_purge removes entries older than 400 days, the oldest first, and returns how many: a year, and time to look into it.
CREATE FUNCTION audit_log_purge(batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
	WITH gone AS (
		DELETE FROM public.audit_log WHERE id IN (
			SELECT id FROM public.audit_log WHERE at < now() - interval '400 days'
			ORDER BY at, id LIMIT batch FOR UPDATE SKIP LOCKED
		)
		RETURNING id
	)
	SELECT count(*) FROM gone
$$;

-- audit_log_forget takes out of the entries about a user who was deleted who that was.
CREATE FUNCTION audit_log_forget(user_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
	UPDATE public.audit_log
	SET before = before - '{email,first_name,last_name,telegram_id,pachca_id}'::text[],
		after = after - '{email,first_name,last_name,telegram_id,pachca_id}'::text[]
	WHERE object_type = 'user' AND object_id = user_id
		AND EXISTS (SELECT FROM public.users u WHERE u.id = user_id AND u.deleted_at IS NOT NULL)
$$;

-- What runs as the owner is not for every role that may connect: 'booking migrate' grants it to the one that serves.
REVOKE EXECUTE ON FUNCTION audit_log_purge(integer), audit_log_forget(bigint) FROM PUBLIC;

---- create above / drop below ----

DROP FUNCTION audit_log_forget;
DROP FUNCTION audit_log_purge;
DROP TABLE audit_log;
