package fault_test

func usesRedis(m marks) int64 { return m.redis }

// allWork says it of all operations.
func allWork() map[op]way {
	ways := make(map[op]way)
	for _, o := range ops() {
		ways[o] = works
	}
	return ways
}

func redisCells() []cell {
	missed := expectation{ways: allWork(), within: atOnce, health: []string{"degraded"}, booked: true, affects: fallsBack}
	slow := expectation{ways: allWork(), within: atOnce, booked: true, affects: fallsBack}
	fine := expectation{ways: allWork(), within: atOnce, booked: true, affects: passes(usesRedis)}
	return []cell{
		{name: "latency", behaviour: "300 ms are more than the 50 ms that Redis has: budgets are kept by each process, and sessions judged by PostgreSQL.",
			fault: by(toRedis, latency(300, 0)), expect: slow},
		{name: "latency above the budgets", behaviour: "3 s are no worse than 300 ms, as nobody waits for them.",
			fault: by(toRedis, latency(3000, 0)), expect: missed},
		{name: "jitter", behaviour: "Answers after 0 to 100 ms: some are too late, and are done without.",
			fault: by(toRedis, latency(50, 50)), expect: slow},
		{name: "reset", behaviour: "Connections that are reset: done without.", fault: by(toRedis, reset()), expect: missed},
		{name: "half-open to the server", long: true, behaviour: "What is sent vanishes: done without, after 50 ms once a second.",
			fault: by(toRedis, silence(toServer)), hold: 2 * brief, expect: missed},
		{name: "half-open to the client", behaviour: "What is answered vanishes: done without.",
			fault: by(toRedis, silence(toClient)), hold: 2 * brief, expect: missed},
		{name: "forgotten", behaviour: "All connections are dead at once, and new ones work: after a pause of a second there are others.",
			fault: forgotten(toRedis), hold: 2 * brief, expect: slow},
		{name: "down", behaviour: "A refused connection: done without.", fault: refused(toRedis), expect: missed},
		{name: "bandwidth", behaviour: "10 KB/s on each connection are enough at times.", fault: by(toRedis, bandwidth(10)), expect: fine},
		{name: "slicer", behaviour: "Answers in pieces of ten bytes are answers.", fault: by(toRedis, slices10()), expect: fine},
		{name: "slow close", behaviour: "Connections that take a second to end hinder nobody.", fault: by(toRedis, slowClose()), expect: fine},
		{name: "limited data", behaviour: "Connections that end after 200 bytes: done without.",
			fault: by(toRedis, limit(200)), expect: slow},
	}
}
