package migrations

// Gate is the lock of a migrating process, for tests that play one.
const Gate = gate
