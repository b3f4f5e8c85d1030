package release_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// bucket are the settings of one, in place of the directory.
func bucket(endpoint string) map[string]string {
	return map[string]string{
		"IMAGES_DIR": "", "S3_BUCKET": "photographs", "S3_ENDPOINT": endpoint,
		"S3_ACCESS_KEY_ID": "key-of-the-bucket", "S3_SECRET_ACCESS_KEY": "secret-of-the-bucket",
	}
}

// settingsOfNodes are those of several nodes.
func settingsOfNodes() map[string]string {
	filled := settings()
	maps.Copy(filled, bucket("https://s3.shum.travel"))
	filled["DB_HOST"], filled["REDIS_HOST"], filled["REDIS_TLS"] = "database-rw", "redis.shum.travel", "true"
	return filled
}

// ways are the policies whose names begin with one of these words, with the port that they let through.
func ways(t *testing.T, objects []object) map[string]intstr.IntOrString {
	t.Helper()
	found := map[string]intstr.IntOrString{}
	for _, o := range objects {
		if o.Kind != "NetworkPolicy" || !slices.ContainsFunc([]string{"bucket", "traces", "managed-services"},
			func(prefix string) bool { return strings.HasPrefix(o.Metadata.Name, prefix) }) {
			continue
		}
		var spec networkingv1.NetworkPolicySpec
		if err := json.Unmarshal(o.Spec, &spec); err != nil {
			t.Fatal(err)
		}
		if len(spec.Egress) != 1 || len(spec.Egress[0].Ports) != 1 || o.Metadata.Labels["booking/stage"] != "first" {
			t.Fatalf("%s lets through %+v in the stage %q, want one port before all pods", o.Metadata.Name, spec.Egress, o.Metadata.Labels["booking/stage"])
		}
		if _, twice := found[o.Metadata.Name]; twice {
			t.Errorf("%s is there twice", o.Metadata.Name)
		}
		found[o.Metadata.Name] = *spec.Egress[0].Ports[0].Port
	}
	return found
}

// What the settings name outside of the set is reached, by a policy whose name has the port, and nothing else is.
func TestReach(t *testing.T) {
	t.Parallel()
	const own, all = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, tt := range []struct {
		name string
		set  map[string]string
		want map[string]int
	}{
		{"nothing", nil, nil},
		{"a bucket", bucket("https://s3.shum.travel"), map[string]int{"bucket-443": 443}},
		{"a bucket elsewhere", bucket("http://192.168.7.7:9000"), map[string]int{"bucket-9000": 9000}},
		{"a collector", map[string]string{all: "http://collector.watch.svc:4318"}, map[string]int{"traces-4318": 4318}},
		{"a collector by https", map[string]string{all: "https://collector.shum.travel/otlp"}, map[string]int{"traces-443": 443}},
		{"a collector by http", map[string]string{own: "http://collector.shum.travel"}, map[string]int{"traces-80": 80}},
		{"a collector of IPv6", map[string]string{own: "http://[2001:db8::1]:4319/"}, map[string]int{"traces-4319": 4319}},
		{"the one for traces", map[string]string{own: "https://a.shum.travel:1", all: "https://b.shum.travel:2"}, map[string]int{"traces-1": 1}},
		{"tracing is off", map[string]string{own: "https://a.shum.travel", "OTEL_SDK_DISABLED": "true"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			filled := settings()
			maps.Copy(filled, tt.set)
			checkWays(t, manifests(t, envFile(t, filled)), tt.want)
		})
	}
	for _, tt := range []struct {
		name string
		set  map[string]string
		want map[string]int
	}{
		{"nodes", nil, map[string]int{"bucket-443": 443, "managed-services-6379": 6379}},
		{"nodes with other ports", map[string]string{"S3_ENDPOINT": "https://s3.shum.travel:9000", "REDIS_PORT": "25061", own: "https://c.shum.travel"},
			map[string]int{"bucket-9000": 9000, "managed-services-25061": 25061, "traces-443": 443}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			filled := settingsOfNodes()
			maps.Copy(filled, tt.set)
			checkWays(t, manifests(t, envFile(t, filled), "--kustomization", root+"/k3s/overlays/ha"), tt.want)
		})
	}
}

func checkWays(t *testing.T, objects []object, want map[string]int) {
	t.Helper()
	ports := map[string]intstr.IntOrString{}
	for name, port := range want {
		ports[name] = intstr.FromInt(port)
	}
	if got := ways(t, objects); !maps.Equal(got, ports) {
		t.Errorf("there are the policies %v, want %v", got, ports)
	}
}

// What a set lets nobody reach is refused, because nothing else would tell.
func TestWhatIsOutOfReachIsRefused(t *testing.T) {
	t.Parallel()
	const traces = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for _, tt := range []struct {
		name  string
		base  map[string]string
		set   map[string]string
		nodes bool
		want  []string
	}{
		{"services of others", settings(), map[string]string{"DB_HOST": "db.shum.travel", "DB_PORT": "5433", "REDIS_HOST": "redis.shum.travel",
			"REDIS_PORT": "6380", "REDIS_TLS": "true"}, false,
			[]string{"DB_HOST: is not postgres", "DB_PORT: is not 5432", "REDIS_HOST: is not redis", "REDIS_PORT: is not 6379", "REDIS_TLS: is true"}},
		{"one server's settings for nodes", settings(), nil, true,
			[]string{"DB_HOST: is postgres", "REDIS_HOST: is redis", "S3_BUCKET: is missing: this set has no volume"}},
		{"no port", settingsOfNodes(), map[string]string{"REDIS_PORT": "65536"}, true, []string{"REDIS_PORT: is not a port"}},
		{"no number", settingsOfNodes(), map[string]string{"REDIS_PORT": "setting[$(exit 7)]"}, true, []string{"REDIS_PORT: is not a port"}},
		{"a bucket with a path", settings(), bucket("https://s3.shum.travel/"), false, []string{"S3_ENDPOINT: is not a URL"}},
		{"a bucket without a scheme", settings(), bucket("s3.shum.travel:9000"), false, []string{"S3_ENDPOINT: is not a URL"}},
		{"a bucket with a password", settings(), bucket("https://me:swordfish@s3.shum.travel"), false, []string{"S3_ENDPOINT: is not a URL"}},
		{"a bucket of no port", settings(), bucket("https://s3.shum.travel:70000"), false, []string{"S3_ENDPOINT: is not a URL"}},
		{"a bucket in the cluster", settings(), bucket("http://minio.storage.svc:9000"), false, []string{"S3_ENDPOINT: is in the cluster"}},
		{"a collector without a scheme", settings(), map[string]string{traces: "collector:4318"}, false, []string{traces + ": is not a URL"}},
		{"what would break out of the manifests", settings(), map[string]string{traces: `http://a:1}, {x: "`}, false, []string{traces + ": is not a URL"}},
		{"a webhook by http", settings(), map[string]string{"ALERT_WEBHOOK_URL": "http://hooks.shum.travel/x"}, false, []string{"ALERT_WEBHOOK_URL: is not an https"}},
		{"a webhook elsewhere", settings(), map[string]string{"ALERT_WEBHOOK_URL": "https://hooks.shum.travel:8443/x?y=z"}, false,
			[]string{"ALERT_WEBHOOK_URL: is not an https"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			filled, more := maps.Clone(tt.base), []string(nil)
			maps.Copy(filled, tt.set)
			if tt.nodes {
				more = []string{"--kustomization", root + "/k3s/overlays/ha"}
			}
			r := deploy(t, cluster{}, envFile(t, filled), "a", more...)
			if r.status != 2 || len(r.cluster.Calls) > 0 || r.stdout != "" {
				t.Errorf("status %d after %q, want 2 and nothing done\n%s", r.status, r.cluster.Calls, r.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.stderr, "\n  "+want) {
					t.Errorf("the problem %q is not told:\n%s", want, r.stderr)
				}
			}
			if got := strings.Count(r.stderr, "\n  "); got != len(tt.want) || strings.Contains(r.stderr, "swordfish") {
				t.Errorf("%d problems are told, want %d and no secret:\n%s", got, len(tt.want), r.stderr)
			}
		})
	}
}

// A webhook may have a question in it, where its key often is.
func TestWebhookWithAKey(t *testing.T) {
	t.Parallel()
	filled := settings()
	filled["ALERT_WEBHOOK_URL"] = "https://hooks.shum.travel/x?key=y/z#a"
	manifests(t, envFile(t, filled))
}
