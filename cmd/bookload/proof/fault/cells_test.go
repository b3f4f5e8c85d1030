package fault_test

// The kinds of fault that all servers have in common, as toxiproxy knows them.

func latency(milliseconds, jitter int) toxic {
	return toxic{"latency", toClient, map[string]int{"latency": milliseconds, "jitter": jitter}}
}

func silence(direction string) toxic {
	return toxic{"timeout", direction, map[string]int{"timeout": 0}}
}

func bandwidth(kilobytes int) toxic {
	return toxic{"bandwidth", toClient, map[string]int{"rate": kilobytes}}
}

func slices10() toxic {
	return toxic{"slicer", toClient, map[string]int{"average_size": 10, "size_variation": 5, "delay": 10}}
}

func reset() toxic { return toxic{"reset_peer", toClient, map[string]int{"timeout": 0}} }

func slowClose() toxic { return toxic{"slow_close", toClient, map[string]int{"delay": 1000}} }

func limit(bytes int) toxic { return toxic{"limit_data", toClient, map[string]int{"bytes": bytes}} }
