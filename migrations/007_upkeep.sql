-- What the periodic jobs need.

-- What the last recount of the inventory found: one row, written by the job and read by every process for its
-- metrics. There is none before the first recount.
CREATE TABLE inventory_recount (
	singleton    boolean     PRIMARY KEY DEFAULT true,
	drift        bigint      NOT NULL,
	recounted_at timestamptz NOT NULL,
	CONSTRAINT inventory_recount_singleton_check CHECK (singleton),
	CONSTRAINT inventory_recount_drift_check CHECK (drift >= 0)
);

-- When a session was over, by time or by being revoked (least ignores NULL): what the purge goes by.
CREATE INDEX sessions_over_idx ON sessions (least(expires_at, revoked_at));
DROP INDEX sessions_expires_at_idx;

---- create above / drop below ----

CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
DROP INDEX sessions_over_idx;
DROP TABLE inventory_recount;
