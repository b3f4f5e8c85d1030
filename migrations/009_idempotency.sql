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

---- create above / drop below ----

DROP TABLE idempotency_keys;
