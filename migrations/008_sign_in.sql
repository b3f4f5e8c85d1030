-- What protects sign-in: failures in a row, and the second factor (TOTP, RFC 6238).

-- Failures since the last sign-in that succeeded. No row means none.
CREATE TABLE sign_in_failures (
	user_id     bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	failures    integer     NOT NULL,
	-- No password is looked at before this time; infinity once an operator has to unlock the account.
	next_try_at timestamptz NOT NULL,
	CONSTRAINT sign_in_failures_failures_check CHECK (failures > 0)
);

CREATE TABLE totp (
	user_id      bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	-- Encrypted under the key of that id.
	secret       bytea       NOT NULL,
	key_id       text        NOT NULL,
	created_at   timestamptz NOT NULL DEFAULT now(),
	-- Sign-in demands a code from then on.
	confirmed_at timestamptz,
	-- The time step of the last code that was taken: a code works once.
	last_step    bigint      NOT NULL DEFAULT 0,
	-- How many wrong codes the secret was tried to be confirmed with.
	wrong_codes  smallint    NOT NULL DEFAULT 0
);

-- Codes for those who lost their second factor. Only hashes are kept, and each works once.
CREATE TABLE recovery_codes (
	user_id bigint NOT NULL REFERENCES totp ON DELETE CASCADE,
	hash    bytea  NOT NULL,
	PRIMARY KEY (user_id, hash),
	CONSTRAINT recovery_codes_hash_check CHECK (length(hash) = 32)
);

---- create above / drop below ----

DROP TABLE recovery_codes;
DROP TABLE totp;
DROP TABLE sign_in_failures;
