-- Replies to requests that carried an Idempotency-Key, kept for 24 hours at least.

CREATE TABLE idempotency_keys (
	caller      text        NOT NULL,
	key         text        NOT NULL,
	fingerprint bytea       NOT NULL,
	status      smallint    NOT NULL,
	location    text        NOT NULL,
	etag        text        NOT NULL,
	body        bytea       NOT NULL,
	created_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (caller, key),
	CONSTRAINT idempotency_keys_status_check CHECK (status BETWEEN 200 AND 299)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

-- Keeps others from working on the request of a caller until the transaction ends. It fails, and with it the rest of
-- a pipeline, with IK001 while somebody does, and with IK002 when the request was answered before.
CREATE FUNCTION claim_idempotency_key(of_caller text, of_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended(of_caller || ' ' || of_key, 0)) THEN
		RAISE EXCEPTION 'the request is being worked on' USING ERRCODE = 'IK001';
	END IF;
	-- A statement of its own, so that it sees what whoever had the claim before has committed.
	IF EXISTS (SELECT FROM idempotency_keys WHERE caller = of_caller AND key = of_key) THEN
		RAISE EXCEPTION 'the request was answered before' USING ERRCODE = 'IK002';
	END IF;
END $$;

---- create above / drop below ----

DROP FUNCTION claim_idempotency_key;
DROP TABLE idempotency_keys;
