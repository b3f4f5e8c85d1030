package manifests

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// A Check looks at a set for one kind of fault.
type Check struct {
	Name string
	Run  func(*Set) []string
}

// A Plan is what is expected of one set and not of others.
type Plan struct {
	Names map[string]string
	Flows []Flow
	// Own are checks that only this set needs.
	Own []Check
}

// Facts are what sets must agree with.
type Facts struct {
	Program  *Program
	Proxy    *Proxy
	Template []string
}

// Checks returns all checks of a set.
func Checks(f Facts, plan Plan) []Check {
	return append([]Check{
		{"Decoded", func(s *Set) []string { return s.Undecoded }},
		{"Restricted", Restricted},
		{"Resources", Resources},
		{"Probes", Probes},
		{"ProbePaths", func(s *Set) []string { return ProbePaths(s, f.Program, f.Proxy) }},
		{"Images", Images},
		{"Hardening", Hardening},
		{"Rollout", Rollout},
		{"Budgets", Budgets},
		{"Scalers", Scalers},
		{"Grace", func(s *Set) []string { return Grace(s, f.Program) }},
		{"Volumes", Volumes},
		{"Services", Services},
		{"References", References},
		{"Names", Names(plan.Names)},
		{"Policies", Policies},
		{"Flows", Flows(plan.Flows)},
		{"Commands", func(s *Set) []string { return Commands(s, f.Program) }},
		{"Variables", func(s *Set) []string { return Variables(s, f.Program, f.Proxy, f.Template) }},
		{"Secrets", Secrets},
		{"DatabaseConnections", func(s *Set) []string { return DatabaseConnections(s, f.Program) }},
	}, plan.Own...)
}

func tcp(from string, port int32, to ...string) []Flow {
	var flows []Flow
	for _, name := range to {
		flows = append(flows, Flow{From: from, To: name, Port: port, Protocol: corev1.ProtocolTCP})
	}
	return flows
}

func flows(groups ...[]Flow) []Flow {
	var all []Flow
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// everywhere are the flows of guests and of monitoring, wherever the data is.
func everywhere() []Flow {
	return flows(
		tcp("traefik", 8080, "nginx"),
		tcp("traefik", 8089, "solver"), // Let's Encrypt asks for a moment whether the domain is ours.
		tcp("nginx", 8000, "api"),
		tcp("prometheus", 8000, "api"),
		tcp("prometheus", 8001, "worker"),
		tcp("prometheus", 8081, "nginx"),
		tcp("prometheus", 9093, "alertmanager"),
		tcp("prometheus", 9402, "cert-manager"),
		tcp("grafana", 9090, "prometheus"),
		tcp("alertmanager", 443, "internet"),
	)
}

// names are those that do not depend on where the data is.
func names(more map[string]string) map[string]string {
	all := map[string]string{
		"Namespace/booking": "restricted", "Deployment/api": "", "Deployment/worker": "", "Deployment/nginx": "", "Job/migrate": "",
		"Service/api": "", "Service/api-metrics": "", "Service/worker-metrics": "", "Service/nginx": "",
		"HorizontalPodAutoscaler/api": "", "HorizontalPodAutoscaler/worker": "", "Ingress/booking-ingress": "booking-tls",
		"ClusterIssuer/letsencrypt-prod": "", "ClusterIssuer/letsencrypt-staging": "",
		"StatefulSet/prometheus": "", "StatefulSet/alertmanager": "", "Deployment/grafana": "",
	}
	maps.Copy(all, more)
	return all
}

// Server is the set of one server: k3s with its monitoring.
func Server() Plan {
	return Plan{
		Names: names(map[string]string{
			"StatefulSet/postgres": "", "StatefulSet/redis": "", "Service/postgres": "", "Service/redis": "", "CronJob/backup": "",
			"PersistentVolumeClaim/booking-images-pvc": "5Gi", "PersistentVolumeClaim/booking-backups-pvc": "20Gi",
			"claim/postgres-data": "20Gi", "claim/redis-data": "5Gi",
		}),
		Flows: flows(
			everywhere(),
			tcp("api", 5432, "postgres"), tcp("worker", 5432, "postgres"),
			tcp("migrate", 5432, "postgres"), tcp("backup", 5432, "postgres"), tcp("restore", 5432, "postgres"),
			tcp("api", 6379, "redis"), tcp("worker", 6379, "redis"),
		),
		Own: []Check{{"Room", Room}},
	}
}

// Reaching is the set of one server whose settings name a bucket and a collector of traces.
func Reaching() Plan {
	plan := Server()
	for _, from := range []string{"api", "worker"} {
		plan.Flows = flows(
			plan.Flows,
			tcp(from, 443, "internet", "private"),
			tcp(from, 4318, "internet", "private"),
			// The collector may be any pod of another namespace.
			tcp(from, 4318, "cert-manager", "dns", "impostor", "operator", "traefik"),
		)
	}
	return plan
}

// Nodes is the set of several nodes: k3s/overlays/ha with its monitoring.
func Nodes() Plan {
	return Plan{
		Names: names(map[string]string{"Cluster/database": "20Gi", "ObjectStore/database": "", "ScheduledBackup/database": ""}),
		Flows: flows(
			everywhere(),
			tcp("api", 5432, "database"), tcp("worker", 5432, "database"), tcp("migrate", 5432, "database"),
			// A managed Redis, and the bucket of the photographs.
			tcp("api", 6379, "internet", "private"), tcp("worker", 6379, "internet", "private"),
			tcp("api", 443, "internet", "private"), tcp("worker", 443, "internet", "private"),
			// Replication and the watch over it, the API of the cluster, and the bucket of the backups.
			tcp("database", 5432, "database"), tcp("database", 8000, "database"),
			tcp("operator", 5432, "database"), tcp("operator", 8000, "database"),
			tcp("database", 443, "kubernetes", "internet", "private"), tcp("database", 6443, "kubernetes", "internet", "private"),
			tcp("prometheus", 9187, "database"),
		),
		Own: []Check{{"Standbys", Standbys}, {"Apart", Apart}, {"NodeBound", NodeBound}},
	}
}
