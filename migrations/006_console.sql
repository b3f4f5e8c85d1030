-- The browser sessions of admins in the console (River UI). Each is a row in sessions as well, which says how long it
-- lasts and whose it is; this one says by which cookie it is known. Only the hash is kept.

CREATE TABLE console_sessions (
	session_id bigint PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
	hash       bytea  NOT NULL,
	CONSTRAINT console_sessions_hash_key UNIQUE (hash),
	CONSTRAINT console_sessions_hash_check CHECK (length(hash) = 32)
);

---- create above / drop below ----

DROP TABLE console_sessions;
