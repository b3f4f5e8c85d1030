package manifests_test

// damagesToNodes are for the set of several nodes.
func damagesToNodes() []damage {
	const cluster = "Cluster/database"
	return []damage{
		{"Decoded", cluster, "spec replicas", 3, "unknown field"},
		{"Decoded", cluster, "spec postgresql synchronous dataDurabilty", "required", "unknown field"},
		{"Decoded", "ObjectStore/database", "spec configuration bucket", "b", "unknown field"},
		{"Decoded", "ScheduledBackup/database", "spec crontab", "x", "unknown field"},
		{"Images", cluster, "spec imageName", "ghcr.io/cloudnative-pg/postgresql:16", "no exact tag"},
		{"Standbys", cluster, "spec instances", 1, "fewer than three"},
		{"Standbys", cluster, "spec postgresql synchronous", nil, "does not wait"},
		{"Standbys", cluster, "spec postgresql synchronous dataDurability", "preferred", "does not wait"},
		{"Standbys", cluster, "spec postgresql synchronous failoverQuorum", false, "may take over"},
		{"Standbys", cluster, "spec affinity podAntiAffinityType", "preferred", "on one node"},
		{"Standbys", cluster, "spec seccompProfile", nil, "no seccomp"},
		{"Standbys", cluster, "spec enableSuperuserAccess", true, "superuser"},
		{"Standbys", cluster, "spec resources limits", nil, "no memory"},
		{"Standbys", cluster, "spec postgresql pg_hba", nil, "without TLS"},
		{"Standbys", cluster, "spec bootstrap initdb localeCType", "C", "letters"},
		{"Standbys", cluster, "spec managed", nil, "Secrets"},
		{"Standbys", cluster, "spec plugins", nil, "archive"},
		{"Standbys", cluster, "spec plugins 0 parameters barmanObjectName", "other", "no ObjectStore other"},
		{"Standbys", "ObjectStore/database", "spec configuration s3Credentials accessKeyId name", "keys", "nobody makes the Secret keys"},
		{"Standbys", "ObjectStore/database", "spec retentionPolicy", nil, "for ever"},
		{"Standbys", "ScheduledBackup/database", "spec schedule", "17 2 * * *", "no backup is scheduled"},
		{"Standbys", "ScheduledBackup/database", "spec method", nil, "no backup is scheduled"},
		{"Standbys", cluster, "", nil, "not one Cluster"},
		{"Apart", "Deployment/nginx", "spec replicas", 2, "fewer than three"},
		{"Apart", "Deployment/api", pod + "topologySpreadConstraints 0 whenUnsatisfiable", "ScheduleAnyway", "on one node"},
		{"Apart", "Deployment/api", pod + "topologySpreadConstraints 0 nodeTaintsPolicy", nil, "while a node is lost"},
		{"NodeBound", "Deployment/api", pod + "volumes 0", map[string]any{"name": "tmp", "persistentVolumeClaim": map[string]any{"claimName": "x"}}, "on one node"},
		{"Services", "Service/database-metrics", "spec selector", map[string]any{"cnpg.io/cluster": "postgres"}, "chooses no pods"},
		{"Flows", "NetworkPolicy/database", "spec egress 1", nil, "database -> kubernetes:443/TCP: let through: false"},
		{"Flows", "NetworkPolicy/database", "spec ingress 1 from 1", nil, "operator -> database:8000/TCP: let through: false"},
		{"Flows", "NetworkPolicy/managed-services", "", nil, "api -> private:6379/TCP: let through: false"},
		{"DatabaseConnections", cluster, "spec postgresql parameters max_connections", "100", "max_connections"},
		{"Volumes", "Deployment/api", pod + "volumes 0 secret secretName", "postgres-tls", "nobody makes the Secret"},
	}
}
