-- Which backups were made. The backup job adds a row, as the owner of the schema, when it has verified a dump; every
-- process reads the last one for its metrics.
CREATE TABLE backups (
	id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	finished_at timestamptz NOT NULL DEFAULT now(),
	name        text        NOT NULL,
	bytes       bigint      NOT NULL,
	CONSTRAINT backups_name_check CHECK (name <> ''),
	CONSTRAINT backups_bytes_check CHECK (bytes > 0)
);
CREATE INDEX backups_finished_at_idx ON backups (finished_at);

-- Whoever adds a row removes those older than 400 days, so that no job of the runtime role needs the right to.
CREATE FUNCTION backups_purge() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
	DELETE FROM public.backups WHERE finished_at < now() - interval '400 days';
	RETURN NULL;
END $$;
CREATE TRIGGER backups_purge AFTER INSERT ON backups FOR EACH STATEMENT EXECUTE FUNCTION backups_purge();

---- create above / drop below ----

DROP TABLE backups;
DROP FUNCTION backups_purge;
