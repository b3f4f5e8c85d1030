package fault_test

func severalCells() []cell {
	gone := expectation{ways: at(standing(refuses), either, picture), health: []string{"down"}, affects: refusesSome(search, ready, account)}
	return []cell{
		{name: "PostgreSQL and Redis down", behaviour: "Nobody can judge a session: 503, and never a guess.",
			fault: both(refused(toPostgres), refused(toRedis)), expect: gone},
		{name: "PostgreSQL and Redis forgotten", behaviour: "All connections are dead at once, and new ones work.",
			fault: both(forgotten(toPostgres), forgotten(toRedis)), hold: returning, long: true,
			expect: expectation{ways: at(standing(returns), works, live, picture), booked: true, affects: passes(usesPostgres)}},
		{name: "Redis and bucket half-open", behaviour: "Photographs neither come nor go; all else works.",
			fault: both(by(toRedis, silence(toClient)), by(toBucket, silence(toClient))), hold: storeTime, long: true,
			expect: expectation{ways: at(allWork(), refuses, upload, picture), health: []string{"degraded"}, booked: true, affects: refusesSome(upload, picture)}},
		{name: "PostgreSQL half-open in both directions", behaviour: "503 after 3 s at most.",
			fault: by(toPostgres, silence(toServer), silence(toClient)), hold: patient, long: true, expect: gone},
		{name: "PostgreSQL and bucket slow", behaviour: "With 300 ms for each answer of both all works, slowly.",
			fault: both(by(toPostgres, latency(300, 0)), by(toBucket, latency(300, 0))), hold: patient, long: true,
			expect: expectation{ways: at(standing(either), partly, search, picture), affects: passes(usesPostgres)}},
	}
}
