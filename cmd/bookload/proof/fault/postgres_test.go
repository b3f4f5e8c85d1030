package fault_test

import (
	"sync/atomic"
	"testing"
)

// standing are the operations that stand on PostgreSQL.
func standing(w way) map[op]way {
	return map[op]way{live: works, ready: w, health: w, search: w, account: w, signIn: w, upload: w, picture: works}
}

// at returns ways with another for some operations.
func at(ways map[op]way, w way, kinds ...op) map[op]way {
	for _, o := range kinds {
		ways[o] = w
	}
	return ways
}

func usesPostgres(m marks) int64 { return m.postgres }

func strikesCommits(t *testing.T, _ []*sighting, before, after marks) {
	t.Helper()
	if after.commits == before.commits {
		t.Error("no answer to a COMMIT was struck out")
	}
}

func postgresCells() []cell {
	gone := expectation{ways: standing(refuses), health: []string{"down"}, within: silent, affects: refusesSome(search, ready)}
	cut := gone
	cut.within = atOnce
	harmless := expectation{ways: standing(works), booked: true, affects: passes(usesPostgres)}
	unsettled := expectation{ways: at(standing(either), partly, search), affects: passes(usesPostgres)}
	unknown := expectation{ways: at(standing(either), works, ready, search), affects: strikesCommits}
	return []cell{
		{name: "latency", behaviour: "With 300 ms for each answer all works, slowly.",
			fault: by(toPostgres, latency(300, 0)), hold: 2 * brief, expect: unsettled},
		{name: "latency above the budgets", behaviour: "With 4 s for each answer a statement is given up after 3 s, and nobody waits longer for a connection than 2 s: 503.",
			fault: by(toPostgres, latency(4000, 0)), hold: patient, expect: gone},
		{name: "jitter", behaviour: "With answers that take from 0 to 200 ms all works.",
			fault: by(toPostgres, latency(100, 100)), expect: unsettled},
		{name: "reset", behaviour: "Connections that are reset when the database answers: 503 at once.",
			fault: by(toPostgres, reset()), expect: cut},
		{name: "reset after COMMIT", behaviour: "Connections that end with the answer to COMMIT: 503, though it took place. The key tells on the next attempt. Reading goes on.",
			fault: strike(func(c *commits) *atomic.Bool { return &c.lose }), expect: unknown},
		{name: "silence after COMMIT", behaviour: "Connections on which the answer to COMMIT never comes: 503 after 3 s. Reading goes on.",
			fault: strike(func(c *commits) *atomic.Bool { return &c.mute }), hold: patient, expect: unknown},
		{name: "half-open to the server", long: true, behaviour: "What is sent vanishes and the connection stays: 503 after 3 s, and for whoever waits for a connection after 2 s.",
			fault: by(toPostgres, silence(toServer)), hold: patient, expect: gone},
		{name: "half-open to the client", behaviour: "What is answered vanishes and the connection stays: 503 after 3 s, and for whoever waits for a connection after 2 s.",
			fault: by(toPostgres, silence(toClient)), hold: patient, expect: gone},
		{name: "forgotten", behaviour: "All connections are dead at once, and new ones work: the first that notices has all replaced, and all works while the old ones still say nothing.",
			fault: forgotten(toPostgres), hold: returning,
			expect: expectation{ways: at(standing(returns), works, live, picture), booked: true, affects: passes(usesPostgres)}},
		{name: "down", behaviour: "A refused connection: 503 at once.",
			fault: refused(toPostgres), expect: cut},
		{name: "bandwidth", behaviour: "With 10 KB/s on each connection what is small works.",
			fault: by(toPostgres, bandwidth(10)), hold: 2 * brief, expect: unsettled},
		{name: "slicer", behaviour: "Answers in pieces of ten bytes are answers.",
			fault: by(toPostgres, slices10()), expect: harmless},
		{name: "slow close", behaviour: "Connections that take a second to end hinder nobody.",
			fault: by(toPostgres, slowClose()), expect: harmless},
		{name: "limited data", behaviour: "Connections that end after 20 KB, in the middle of an answer: 503 for that one, and then another connection.",
			fault: by(toPostgres, limit(20_000)), expect: unsettled},
	}
}
