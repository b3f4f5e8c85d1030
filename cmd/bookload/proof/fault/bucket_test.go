package fault_test

func usesBucket(m marks) int64 { return m.bucket }

func bucketCells() []cell {
	away := expectation{ways: at(allWork(), refuses, upload, picture), health: []string{"degraded"}, booked: true, affects: refusesSome(upload, picture)}
	slow := expectation{ways: at(allWork(), either, upload, picture), booked: true, affects: passes(usesBucket)}
	fine := expectation{ways: allWork(), booked: true, affects: passes(usesBucket)}
	return []cell{
		{name: "latency", behaviour: "With 300 ms for each answer photographs come and go, slowly.",
			fault: by(toBucket, latency(300, 0)), expect: fine},
		{name: "latency above the budgets", behaviour: "With 9 s for each answer uploads and pictures are 503 within 10 s. All else works.",
			fault: by(toBucket, latency(9000, 0)), hold: storeTime, expect: away},
		{name: "jitter", behaviour: "Answers after 0 to 200 ms are answers.", fault: by(toBucket, latency(100, 100)), expect: fine},
		{name: "reset", behaviour: "Connections that are reset: three attempts, then 503. All else works.", fault: by(toBucket, reset()), expect: away},
		{name: "half-open to the server", long: true, behaviour: "What is sent vanishes: 503 within 10 s. All else works.",
			fault: by(toBucket, silence(toServer)), hold: storeTime, expect: away},
		{name: "half-open to the client", behaviour: "What is answered vanishes: 503 within 10 s. All else works.",
			fault: by(toBucket, silence(toClient)), hold: storeTime, expect: away},
		{name: "forgotten", behaviour: "All connections are dead at once, and new ones work: what was under way is 503, and then there are others.",
			fault: forgotten(toBucket), hold: storeTime + patient, expect: expectation{ways: at(allWork(), returns, upload, picture), booked: true, affects: passes(usesBucket)}},
		{name: "down", behaviour: "A refused connection: three attempts, then 503. All else works.", fault: refused(toBucket), expect: away},
		{name: "bandwidth", behaviour: "10 KB/s on each connection are enough for small pictures.", fault: by(toBucket, bandwidth(10)), expect: slow},
		{name: "slicer", behaviour: "Answers in pieces of ten bytes are answers.", fault: by(toBucket, slices10()), expect: fine},
		{name: "slow close", behaviour: "Connections that take a second to end hinder nobody.", fault: by(toBucket, slowClose()), expect: fine},
		{name: "limited data", behaviour: "Connections that end after 300 bytes, in the middle of an answer: tried again, or 503.",
			fault: by(toBucket, limit(300)), expect: slow},
	}
}
