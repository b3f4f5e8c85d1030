package manifests_test

func damagesToSettings(m maker) []damage {
	from := func(kind, name, key string) map[string]any { return m(kind, m("name", name, "key", key)) }
	variable := func(name string, from any) map[string]any { return m("name", name, "valueFrom", from) }
	const env = container + "env 0"
	return []damage{
		{"Commands", "Deployment/api", container + "args 0", "serve", "no command"},
		{"Commands", "Deployment/api", container + "args", nil, "no command"},
		{"Commands", "Job/migrate", container + "args 0", "migrations", "no command"},
		{"Commands", "Deployment/worker", container + "ports 0 containerPort", 8000, "listens on 8001"},
		{"Commands", "Deployment/api", container + "command", []string{"/bin/booking"}, "no command"},
		{"Variables", "Deployment/api", env, m("name", "DB_HOSTNAME", "value", "x"), "nothing that it reads"},
		{"Variables", "Deployment/nginx", env, m("name", "NGINX_RATE", "value", "x"), "nothing that it reads"},
		{"Variables", "StatefulSet/postgres", env, m("name", "POSTGRES_USERNAME", "value", "x"), "nothing that it reads"},
		{"Variables", "StatefulSet/redis", env, m("name", "REDIS_PASSWORD", "value", "x"), "nothing that it reads"},
		{"Variables", "Deployment/api", env, variable("DB_PASSWORD", from("configMapKeyRef", "booking-config", "DB_PASSWORD")), "is a secret"},
		{"Variables", "Deployment/api", env, variable("DB_HOST", from("secretKeyRef", "booking-secrets", "DB_HOST")), "is no secret"},
		{"Variables", "Deployment/api", env, variable("DB_PASSWORD", from("secretKeyRef", "booking-secret", "DB_PASSWORD")), "nobody makes the Secret"},
		{"Variables", "Deployment/nginx", env, variable("ROOT_PATH", from("configMapKeyRef", "config", "ROOT_PATH")), "nobody makes the ConfigMap"},
		{"Variables", "Deployment/nginx", env, variable("ROOT_PATH", from("configMapKeyRef", "booking-config", "PREFIX")), "no setting of the template"},
		{"Variables", "Deployment/api", container + "envFrom", []any{m("secretRef", m("name", "booking-secrets"))}, "more variables than it names"},
		{"Secrets", "Deployment/api", env, variable("DB_MIGRATE_PASSWORD", from("secretKeyRef", "postgres-secrets", "DB_MIGRATE_PASSWORD")), "gets the secret DB_MIGRATE_PASSWORD"},
		{"Secrets", "Deployment/worker", env, variable("ADMIN_PASSWORD", from("secretKeyRef", "booking-secrets", "ADMIN_PASSWORD")), "gets the secret ADMIN_PASSWORD"},
		{"Secrets", "Job/migrate", env, variable("JWT_SECRET_KEY", from("secretKeyRef", "booking-secrets", "JWT_SECRET_KEY")), "gets the secret JWT_SECRET_KEY"},
		{"Secrets", "StatefulSet/redis", env, m("name", "REDISCLI_PASSWORD", "value", "swordfish"), "is written down"},
		{"Secrets", "Deployment/api", pod + "volumes 1", m("name", "postgres-ca", "secret", m("secretName", "postgres-tls")), "mounts all of the Secret"},
		{"Secrets", "Deployment/api", pod + "volumes 1 secret items 0 key", "tls.key", "mounts the secret tls.key"},
		{"DatabaseConnections", "HorizontalPodAutoscaler/api", "spec maxReplicas", 12, "max_connections"},
		{"DatabaseConnections", "HorizontalPodAutoscaler/worker", "spec maxReplicas", 4, "max_connections"},
		{"DatabaseConnections", "Deployment/worker", container + "resources limits cpu", "16", "max_connections"},
		{"DatabaseConnections", "ConfigMap/postgres-config", "data postgresql.conf", "max_connections = 100\nsuperuser_reserved_connections = 5\n", "max_connections"},
		{"DatabaseConnections", "StatefulSet/postgres", "", nil, "not one PostgreSQL"},
	}
}
