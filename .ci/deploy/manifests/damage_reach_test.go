package manifests_test

// damagesToReach are for the set of one server with a bucket and a collector.
func damagesToReach() []damage {
	const outside = "spec egress 0 to 0 ipBlock except"
	return []damage{
		{"Flows", "NetworkPolicy/bucket", "", nil, "api -> internet:443/TCP: let through: false"},
		{"Flows", "NetworkPolicy/bucket", "spec podSelector matchExpressions 0 values 1", nil, "worker -> private:443/TCP: let through: false"},
		{"Flows", "NetworkPolicy/bucket", "spec podSelector matchExpressions 0 values 1", "nginx", "nginx -> internet:443/TCP: let through: true"},
		{"Flows", "NetworkPolicy/bucket", outside, nil, "api -> operator:443/TCP: let through: true"},
		{"Flows", "NetworkPolicy/bucket", outside + " 2", nil, "api -> metadata:443/TCP: let through: true"},
		{"Flows", "NetworkPolicy/traces", "", nil, "worker -> internet:4318/TCP: let through: false"},
		{"Flows", "NetworkPolicy/traces", "spec egress 0 to 0", nil, "api -> operator:4318/TCP: let through: false"},
		{"Flows", "NetworkPolicy/traces", "spec egress 0 ports", nil, "api -> internet:22/TCP: let through: true"},
		{"Flows", "NetworkPolicy/traces", "spec egress 0 ports 0 port", 4317, "api -> internet:4318/TCP: let through: false"},
	}
}

// damagesToRoom are for the set of one server.
func damagesToRoom(m maker) []damage {
	return []damage{
		{"Room", "HorizontalPodAutoscaler/api", "spec maxReplicas", 12, "ask for"},
		{"Room", "Deployment/worker", container + "resources", m("requests", m("memory", "2Gi")), "ask for"},
		{"Room", "Deployment/api", "spec strategy rollingUpdate maxSurge", 8, "ask for"},
		{"Room", "StatefulSet/postgres", container + "resources limits memory", "2Gi", "may use"},
	}
}
