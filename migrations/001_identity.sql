-- Users, their sessions and the refresh tokens of each session.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE users (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	email         text,
	password_hash text,
	role          text        NOT NULL DEFAULT 'guest',
	first_name    text,
	last_name     text,
	telegram_id   bigint,
	pachca_id     bigint,
	created_at    timestamptz NOT NULL DEFAULT now(),
	disabled_at   timestamptz,
	deleted_at    timestamptz,
	CONSTRAINT users_email_check CHECK (length(email) BETWEEN 3 AND 254),
	CONSTRAINT users_role_check CHECK (role IN ('guest', 'manager', 'admin')),
	CONSTRAINT users_first_name_check CHECK (length(first_name) <= 100),
	CONSTRAINT users_last_name_check CHECK (length(last_name) <= 100),
	-- A deleted user is a tombstone that bookings point at: it has no e-mail, no password and no name.
	CONSTRAINT users_deleted_check CHECK (
		CASE WHEN deleted_at IS NULL THEN email IS NOT NULL
		ELSE coalesce(email, password_hash, first_name, last_name) IS NULL AND disabled_at IS NOT NULL END)
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_email_trgm_idx ON users USING gin (lower(email) gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX users_role_idx ON users (role, id) WHERE deleted_at IS NULL;
-- The last active admin is looked for and locked whenever one of them is about to go.
CREATE INDEX users_admins_idx ON users (id) WHERE role = 'admin' AND disabled_at IS NULL;

CREATE TABLE sessions (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id    bigint      NOT NULL REFERENCES users,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	revoked_at timestamptz,
	CONSTRAINT sessions_expires_at_check CHECK (expires_at > created_at)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- One row for each refresh token of a session. Only hashes are kept.
CREATE TABLE refresh_tokens (
	hash        bytea PRIMARY KEY,
	session_id  bigint      NOT NULL REFERENCES sessions ON DELETE CASCADE,
	issued_at   timestamptz NOT NULL DEFAULT now(),
	expires_at  timestamptz NOT NULL,
	-- Set when the token was exchanged; its successor's hash tells whether that one was used since.
	replaced_at timestamptz,
	successor   bytea,
	CONSTRAINT refresh_tokens_hash_check CHECK (length(hash) = 32),
	CONSTRAINT refresh_tokens_successor_check CHECK ((replaced_at IS NULL) = (successor IS NULL))
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

---- create above / drop below ----

DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE users;
