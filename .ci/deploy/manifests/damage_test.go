package manifests_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"deploy/manifests"
)

// A damage is done to one object of a set. The check that it is meant for must tell of it.
type damage struct {
	check  string
	object string // kind and name; a name that a generator made is told without its hash
	path   string // keys and indexes with spaces between them; "" is for the whole object, which goes
	value  any    // nil removes what is there
	says   string // what the finding has in it
}

const (
	pod       = "spec template spec "
	container = pod + "containers 0 "
)

// damages are for the set of one server.
func damages() []damage {
	m := func(pairs ...any) map[string]any {
		made := make(map[string]any)
		for i := 0; i < len(pairs); i += 2 {
			made[pairs[i].(string)] = pairs[i+1]
		}
		return made
	}
	return slices.Concat(damagesToPods(m), damagesToSets(m), damagesToPolicies(m), damagesToSettings(m))
}

type maker = func(pairs ...any) map[string]any

func damagesToPods(m maker) []damage {
	return []damage{
		{"Decoded", "Deployment/api", "spec replica", 2, "unknown field"},
		{"Decoded", "Deployment/api", container + "livenessProbe httpget", m("path", "/live"), "unknown field"},
		{"Decoded", "Certificate/postgres-tls", "spec dnsName", "postgres", "unknown field"},
		{"Decoded", "ClusterIssuer/letsencrypt-prod", "spec acme solvers 0 http01 ingress ingressClass", "traefik", "unknown field"},
		{"Decoded", "Deployment/api", "spec minReadySeconds", "five", "cannot unmarshal"},
		{"Decoded", "PodDisruptionBudget/api", "apiVersion", "policy/v1beta1", "deprecated since"},
		{"Decoded", "HorizontalPodAutoscaler/api", "apiVersion", "autoscaling/v2beta2", "no kind"},
		{"Restricted", "Deployment/api", pod + "securityContext runAsNonRoot", false, "runAsNonRoot"},
		{"Restricted", "Deployment/api", pod + "securityContext seccompProfile", nil, "seccompProfile"},
		{"Restricted", "CronJob/backup", "spec jobTemplate " + container + "securityContext capabilities", nil, "capabilities"},
		{"Restricted", "StatefulSet/postgres", container + "securityContext allowPrivilegeEscalation", true, "allowPrivilegeEscalation"},
		{"Restricted", "Deployment/nginx", pod + "hostNetwork", true, "hostNetwork"},
		{"Restricted", "Deployment/nginx", pod + "volumes 0", m("name", "config", "hostPath", m("path", "/etc")), "hostPath"},
		{"Resources", "Deployment/api", container + "resources limits memory", nil, "memory needs"},
		{"Resources", "Deployment/api", container + "resources requests cpu", nil, "cpu needs"},
		{"Resources", "Job/migrate", pod + "initContainers 0 resources", nil, "needs a request"},
		{"Resources", "Deployment/worker", container + "resources limits memory", "900Mi", "needs a request and a limit"},
		{"Resources", "Deployment/api", container + "env 0", m("name", "GOMEMLIMIT", "value", "512MiB"), "at most 95"},
		{"Probes", "Deployment/api", container + "livenessProbe", nil, "liveness"},
		{"Probes", "StatefulSet/redis", container + "startupProbe", nil, "startup"},
		{"Probes", "Deployment/nginx", container + "readinessProbe", nil, "readiness"},
		{"Probes", "Job/migrate", container + "livenessProbe", m("exec", m("command", []string{"true"})), "want false"},
		{"ProbePaths", "Deployment/api", container + "livenessProbe httpGet path", "/ready", "want /live"},
		{"ProbePaths", "Deployment/api", container + "readinessProbe httpGet path", "/live", "want /ready"},
		{"ProbePaths", "Deployment/worker", container + "startupProbe httpGet path", "/alive", "not served"},
		{"ProbePaths", "Deployment/nginx", container + "livenessProbe httpGet path", "/health", "not served"},
		{"ProbePaths", "Deployment/nginx", container + "livenessProbe httpGet port", 8082, "not open"},
		{"Images", "Deployment/api", container + "image", "ghcr.io/shumbooking/shumbooking:latest", "no exact tag"},
		{"Images", "StatefulSet/postgres", container + "image", "postgres", "no exact tag"},
		{"Images", "StatefulSet/redis", container + "image", "redis:7-alpine", "no exact tag"},
		{"Images", "Job/migrate", pod + "initContainers 0 image", "postgres:16", "no exact tag"},
		{"Hardening", "Deployment/api", pod + "automountServiceAccountToken", nil, "automountServiceAccountToken"},
		{"Hardening", "StatefulSet/redis", pod + "enableServiceLinks", nil, "enableServiceLinks"},
		{"Hardening", "Deployment/api", pod + "serviceAccountName", "default", "no account of its own"},
		{"Hardening", "ServiceAccount/worker", "automountServiceAccountToken", true, "no account of its own"},
		{"Hardening", "StatefulSet/postgres", container + "securityContext readOnlyRootFilesystem", nil, "readOnlyRootFilesystem"},
		{"Hardening", "StatefulSet/redis", pod + "volumes 1", m("name", "run", "emptyDir", m()), "no sizeLimit"},
		{"Grace", "Deployment/api", pod + "terminationGracePeriodSeconds", 25, "less than"},
		{"Grace", "Deployment/worker", pod + "terminationGracePeriodSeconds", nil, "less than"},
		{"Grace", "Deployment/api", container + "lifecycle", m("preStop", m("sleep", m("seconds", 20))), "less than"},
	}
}

func damagesToSets(m maker) []damage {
	return []damage{
		{"Rollout", "Deployment/api", "spec replicas", 2, "back from the autoscaler"},
		{"Rollout", "Deployment/api", "spec strategy rollingUpdate maxUnavailable", 1, "take pods away"},
		{"Rollout", "Deployment/nginx", "spec strategy", m("type", "Recreate"), "take pods away"},
		{"Rollout", "HorizontalPodAutoscaler/worker", "spec minReplicas", 9, "not above the maximum"},
		{"Rollout", "Deployment/nginx", pod + "topologySpreadConstraints", nil, "not spread"},
		{"Rollout", "Deployment/api", pod + "topologySpreadConstraints 0 labelSelector matchLabels app.kubernetes.io/name", "web", "not spread"},
		{"Rollout", "Deployment/api", "spec selector matchLabels app.kubernetes.io/version", "1.0.0", "by their name alone"},
		{"Rollout", "Deployment/api", "spec template metadata labels app.kubernetes.io/name", "web", "by their name alone"},
		{"Budgets", "PodDisruptionBudget/nginx", "", nil, "no disruption budget"},
		{"Budgets", "PodDisruptionBudget/api", "spec maxUnavailable", 0, "no drain"},
		{"Budgets", "PodDisruptionBudget/api", "spec maxUnavailable", 1, "no other node"},
		{"Budgets", "PodDisruptionBudget/redis", "spec", m("minAvailable", 1, "selector", m("matchLabels", m("app.kubernetes.io/name", "redis"))), "no drain"},
		{"Budgets", "PodDisruptionBudget/api", "spec selector matchLabels app.kubernetes.io/name", "web", "chooses no pods"},
		{"Scalers", "HorizontalPodAutoscaler/api", "spec scaleTargetRef name", "web", "there is no"},
		{"Scalers", "HorizontalPodAutoscaler/api", "spec scaleTargetRef kind", "StatefulSet", "there is no"},
		{"Volumes", "PersistentVolumeClaim/booking-images-pvc", "", nil, "no claim booking-images-pvc"},
		{"Volumes", "ConfigMap/redis-config", "", nil, "no ConfigMap redis-config"},
		{"Volumes", "ConfigMap/nginx-config", "data nginx.conf", nil, "has no nginx.conf"},
		{"Volumes", "ConfigMap/prometheus-config", "data prometheus.yml", nil, "has no prometheus.yml"},
		{"Volumes", "Certificate/postgres-tls", "", nil, "nobody makes the Secret postgres-tls"},
		{"Volumes", "Deployment/api", container + "volumeMounts 0 name", "pictures", "there is no volume pictures"},
		{"Volumes", "StatefulSet/redis", container + "volumeMounts 0 name", "config", "nobody mounts"},
		{"Services", "Service/api", "spec selector app.kubernetes.io/name", "web", "chooses no pods"},
		{"Services", "Service/api", "spec selector", nil, "chooses no pods"},
		{"Services", "Service/redis", "spec ports 0 targetPort", "reddis", "open no port reddis"},
		{"Services", "Service/worker-metrics", "spec ports 0 targetPort", 8000, "open no port 8000"},
		{"Services", "Deployment/nginx", container + "ports 0 name", "web", "open no port http"},
		{"References", "Ingress/booking-ingress", "spec rules 0 http paths 0 backend service name", "web", "no Service web"},
		{"References", "Ingress/booking-ingress", "spec rules 0 http paths 0 backend service port name", "https", "with the port https"},
		{"References", "Ingress/booking-ingress", "spec rules 0 host", "other.invalid", "no TLS for other.invalid"},
		{"References", "Ingress/booking-ingress", "metadata annotations cert-manager.io/cluster-issuer", "letsencrypt", "no ClusterIssuer"},
		{"References", "Issuer/postgres-ca", "", nil, "no Issuer postgres-ca"},
		{"References", "Certificate/postgres-ca", "", nil, "nobody makes the Secret postgres-ca"},
		{"References", "PriorityClass/booking-data", "", nil, "no PriorityClass"},
		{"Names", "Ingress/booking-ingress", "spec tls 0 secretName", "tls", "want \"booking-tls\""},
		{"Names", "StatefulSet/postgres", "spec volumeClaimTemplates 0 spec resources requests storage", "2Gi", "want \"20Gi\""},
		{"Names", "StatefulSet/redis", "spec volumeClaimTemplates 0 spec resources requests storage", "1Gi", "want \"5Gi\""},
		{"Names", "PersistentVolumeClaim/booking-images-pvc", "spec resources requests storage", "1Gi", "want \"5Gi\""},
		{"Names", "Namespace/booking", "metadata labels pod-security.kubernetes.io/enforce", "baseline", "want \"restricted\""},
		{"Names", "Service/postgres", "", nil, "Service/postgres is"},
		{"Names", "ClusterIssuer/letsencrypt-staging", "", nil, "letsencrypt-staging"},
	}
}

func damagesToPolicies(m maker) []damage {
	peer := func(labels ...any) []any { return []any{m("podSelector", m("matchLabels", m(labels...)))} }
	return []damage{
		{"Policies", "NetworkPolicy/default-deny", "", nil, "denies all Ingress"},
		{"Policies", "NetworkPolicy/default-deny", "spec policyTypes", []string{"Ingress"}, "denies all Egress"},
		{"Policies", "NetworkPolicy/redis", "spec podSelector matchLabels app.kubernetes.io/name", "cache", "chooses no pods"},
		{"Policies", "NetworkPolicy/nginx", "spec egress 0 to", peer("app.kubernetes.io/name", "web"), "nobody is"},
		// Something that is needed is not let through.
		{"Flows", "NetworkPolicy/allow-dns", "", nil, "-> dns:53/UDP: let through: false"},
		{"Flows", "NetworkPolicy/nginx", "spec ingress 0 ports 0 port", 80, "traefik -> nginx:8080/TCP: let through: false"},
		{"Flows", "NetworkPolicy/api", "spec egress 0 ports 0 port", 5433, "api -> postgres:5432/TCP: let through: false"},
		{"Flows", "NetworkPolicy/redis", "spec ingress 0 from", peer("app.kubernetes.io/name", "api"), "worker -> redis:6379/TCP: let through: false"},
		{"Flows", "NetworkPolicy/acme-solver", "", nil, "traefik -> solver:8089/TCP: let through: false"},
		{"Flows", "NetworkPolicy/api-metrics", "", nil, "prometheus -> api:8000/TCP: let through: false"},
		{"Flows", "NetworkPolicy/postgres", "spec ingress 0 ports 0 protocol", "UDP", "backup -> postgres:5432/TCP: let through: false"},
		{"Flows", "NetworkPolicy/alertmanager", "spec egress 1 to 0 ipBlock except", []string{"203.0.113.0/24"}, "alertmanager -> internet:443/TCP: let through: false"},
		// Something else is.
		{"Flows", "NetworkPolicy/postgres", "spec ingress 0 from", nil, "impostor -> postgres:5432/TCP: let through: true"},
		{"Flows", "NetworkPolicy/default-deny", "", nil, "let through: true"},
		{"Flows", "NetworkPolicy/worker", "spec egress 0", m(), "worker -> internet:443/TCP: let through: true"},
		{"Flows", "NetworkPolicy/nginx", "spec ingress 0 from 0 namespaceSelector", m(), "impostor -> nginx:8080/TCP: let through: true"},
		{"Flows", "NetworkPolicy/nginx", "spec ingress 0 ports 0 endPort", 8081, "traefik -> nginx:8081/TCP: let through: true"},
		{"Flows", "NetworkPolicy/api", "spec policyTypes", []string{"Ingress"}, "let through: false"},
		{"Flows", "NetworkPolicy/alertmanager", "spec egress 1 to 0 ipBlock except", nil, "alertmanager -> metadata:443/TCP: let through: true"},
		{"Flows", "NetworkPolicy/acme-solver", "spec podSelector", m(), "traefik -> postgres:8089/TCP: let through: true"},
	}
}

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

func TestDamages(t *testing.T) {
	t.Parallel()
	f := facts(t)
	for _, s := range sets() {
		list := damages()
		if s.name == "ha" {
			list = damagesToNodes()
		}
		documents := s.documents(t)
		checks := manifests.Checks(f, s.plan)
		for _, d := range list {
			t.Run(s.name+" "+d.check+" "+d.object+" "+d.path, func(t *testing.T) {
				t.Parallel()
				damaged := manifests.Decode(d.do(t, documents))
				i := slices.IndexFunc(checks, func(c manifests.Check) bool { return c.Name == d.check })
				if i < 0 {
					t.Fatalf("there is no check %s", d.check)
				}
				findings := checks[i].Run(damaged)
				if !slices.ContainsFunc(findings, func(f string) bool { return strings.Contains(f, d.says) }) {
					t.Errorf("%s told %q, want a word on %q", d.check, findings, d.says)
				}
			})
		}
	}
}

// TestEveryCheckIsDamaged leaves no check without a damage that it finds.
func TestEveryCheckIsDamaged(t *testing.T) {
	t.Parallel()
	f := facts(t)
	all := slices.Concat(damages(), damagesToNodes())
	for _, s := range sets() {
		for _, c := range manifests.Checks(f, s.plan) {
			if !slices.ContainsFunc(all, func(d damage) bool { return d.check == c.Name }) {
				t.Errorf("nothing is damaged for %s", c.Name)
			}
		}
	}
}

// TestDuplicateFields cannot be a damage of the table, whose objects are maps.
func TestDuplicateFields(t *testing.T) {
	t.Parallel()
	document := []byte("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  type: ClusterIP\n  type: NodePort\n")
	if got := manifests.Decode([][]byte{document}).Undecoded; len(got) != 1 || !strings.Contains(got[0], "type") {
		t.Errorf("a field that is there twice: got %q, want a finding about it", got)
	}
}

// do returns the documents with the damage.
func (d damage) do(t *testing.T, documents [][]byte) [][]byte {
	t.Helper()
	var damaged [][]byte
	done := false
	for _, document := range documents {
		var object map[string]any
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		if !d.isFor(object) {
			damaged = append(damaged, document)
			continue
		}
		done = true
		if d.path == "" {
			continue
		}
		edit(t, object, strings.Fields(d.path), d.value)
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(bytes.TrimSpace(text), document) {
			t.Fatal("nothing was damaged")
		}
		damaged = append(damaged, text)
	}
	if !done {
		t.Fatalf("there is no %s", d.object)
	}
	return damaged
}

func (d damage) isFor(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	kind, _ := object["kind"].(string)
	name, _ := metadata["name"].(string)
	base, hash, _ := cutLast(name, "-")
	return kind+"/"+name == d.object || kind == "ConfigMap" && len(hash) == 10 && kind+"/"+base == d.object
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// edit sets what is at a path, or removes it.
func edit(t *testing.T, node any, path []string, value any) {
	t.Helper()
	key, rest := path[0], path[1:]
	switch node := node.(type) {
	case map[string]any:
		switch {
		case len(rest) > 0 && node[key] == nil:
			t.Fatalf("there is no %s", key)
		case len(rest) == 1 && value == nil:
			if list, ok := node[key].([]any); ok {
				i := index(t, rest[0], list)
				node[key] = slices.Delete(list, i, i+1)
				return
			}
			edit(t, node[key], rest, value)
		case len(rest) > 0:
			edit(t, node[key], rest, value)
		case value == nil:
			delete(node, key)
		default:
			node[key] = value
		}
	case []any:
		i := index(t, key, node)
		if len(rest) == 0 {
			node[i] = value
			return
		}
		edit(t, node[i], rest, value)
	default:
		t.Fatalf("%s is in %T", key, node)
	}
}

func index(t *testing.T, key string, list []any) int {
	t.Helper()
	i, err := strconv.Atoi(key)
	if err != nil || i >= len(list) {
		t.Fatalf("%q is no index of %d", key, len(list))
	}
	return i
}
