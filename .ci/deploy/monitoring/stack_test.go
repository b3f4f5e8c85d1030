package monitoring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"sigs.k8s.io/yaml"

	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/program"
	"deploy/proxy"
)

const (
	adminEmail    = "admin@example.com"
	adminPassword = "four-green-lanterns"
)

// certificates are what cert-manager says of one that is well (its package internal/collectors).
const certificates = `# TYPE certmanager_certificate_expiration_timestamp_seconds gauge
certmanager_certificate_expiration_timestamp_seconds{name="booking-tls",namespace="booking",issuer_name="letsencrypt-prod"} %d
# TYPE certmanager_certificate_ready_status gauge
certmanager_certificate_ready_status{name="booking-tls",namespace="booking",issuer_name="letsencrypt-prod",condition="True"} 1
certmanager_certificate_ready_status{name="booking-tls",namespace="booking",issuer_name="letsencrypt-prod",condition="False"} 0
certmanager_certificate_ready_status{name="booking-tls",namespace="booking",issuer_name="letsencrypt-prod",condition="Unknown"} 0
`

// A stack is the service with all that watches it.
type stack struct {
	t  *testing.T
	db *pgxpool.Pool
	// metrics are the addresses of what is scraped, by job; the path is /metrics.
	metrics map[string]string
	// told are the bodies that the webhook got.
	told chan []byte
}

func startStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, metrics: map[string]string{}, told: make(chan []byte, 100)}
	s.startService()
	nginx := proxy.Start(t, proxy.Settings{"NGINX_API_SERVERS": s.metrics["api"]})
	s.metrics["nginx"] = strings.TrimPrefix(nginx.StatusURL, "http://")
	certManager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, certificates, time.Now().AddDate(0, 2, 0).Unix())
	}))
	t.Cleanup(certManager.Close)
	s.metrics["cert-manager"] = certManager.Listener.Addr().String()
	s.startAlertmanager()
	s.startPrometheus()
	return s
}

// startService starts an API on an empty database, so that it is not ready at first, and the worker later.
func (s *stack) startService() {
	s.t.Helper()
	booking := program.Path(s.t)
	c, redis := pgtest.Empty(s.t), kvtest.Start(s.t).Config()
	env := slices.Concat(program.Database(c), program.Redis(redis), []string{
		"APP_ENV=local", "LOG_FORMAT=json", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.t.TempDir(),
		"JWT_SECRET_KEY=of-a-test-and-of-nothing-else-besides-it", "IMAGES_DIR=" + s.t.TempDir(),
		"ADMIN_EMAIL=" + adminEmail, "ADMIN_PASSWORD=" + adminPassword,
	})
	s.metrics["api"], s.metrics["worker"] = proctest.FreeAddress(s.t), proctest.FreeAddress(s.t)
	proctest.Start(s.t, env, booking, "api", "--addr", s.metrics["api"])
	ready := "http://" + s.metrics["api"] + "/ready"
	proctest.Eventually(s.t, "the API waits for its schema", s.answers(ready, http.StatusServiceUnavailable))
	proctest.Start(s.t, env, booking, "migrate", "up").WantSuccess()
	proctest.Start(s.t, env, booking, "worker", "--addr", s.metrics["worker"])
	proctest.Eventually(s.t, "the API is ready", s.answers(ready, http.StatusOK))
	s.db = pgtest.Open(s.t, c)
	s.exec("INSERT INTO backups (name, bytes) VALUES ('one', 1000000)")
}

// answers is the condition that a URL has a status.
func (s *stack) answers(url string, status int) func() bool {
	return func() bool {
		got, _ := proctest.Get(s.t.Context(), url)
		return got == status
	}
}

func (s *stack) exec(sql string) {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatal(err)
	}
}

// startAlertmanager runs it as it is told, except that Debian's is too old to read the webhook's address from a file.
func (s *stack) startAlertmanager() {
	s.t.Helper()
	webhook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			s.told <- body
		}
	}))
	s.t.Cleanup(webhook.Close)
	config := s.render("alertmanager.yml", func(config map[string]any) {
		receiver := config["receivers"].([]any)[0].(map[string]any)["webhook_configs"].([]any)[0].(map[string]any)
		delete(receiver, "url_file")
		receiver["url"] = webhook.URL
	})
	s.metrics["alertmanager"] = proctest.FreeAddress(s.t)
	proctest.Start(s.t, os.Environ(), "prometheus-alertmanager", "--config.file="+config, "--storage.path="+s.t.TempDir(),
		"--cluster.listen-address=", "--web.listen-address="+s.metrics["alertmanager"])
}

// startPrometheus runs it as it is told, except that it asks each second, and has addresses instead of names.
func (s *stack) startPrometheus() {
	s.t.Helper()
	s.metrics["prometheus"] = proctest.FreeAddress(s.t)
	targets := func(job string) []any { return []any{map[string]any{"targets": []string{s.metrics[job]}}} }
	config := s.render("prometheus.yml", func(config map[string]any) {
		config["global"] = map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
		config["rule_files"] = []string{filepath.Join(absolute(s.t, files), "rules/*.yml")}
		manager := config["alerting"].(map[string]any)["alertmanagers"].([]any)[0].(map[string]any)
		delete(manager, "dns_sd_configs")
		manager["static_configs"] = targets("alertmanager")
		// What runs on several nodes alone is not here.
		config["scrape_configs"] = slices.DeleteFunc(config["scrape_configs"].([]any), func(each any) bool {
			scrape := each.(map[string]any)
			job := scrape["job_name"].(string)
			delete(scrape, "dns_sd_configs")
			scrape["static_configs"] = targets(job)
			return s.metrics[job] == ""
		})
	})
	proctest.Start(s.t, os.Environ(), "prometheus", "--config.file="+config, "--storage.tsdb.path="+s.t.TempDir(),
		"--web.listen-address="+s.metrics["prometheus"])
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// render writes one of the files with what a test has otherwise, and returns its path.
func (s *stack) render(name string, change func(map[string]any)) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(files, name))
	if err != nil {
		s.t.Fatal(err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(text, &config); err != nil {
		s.t.Fatal(err)
	}
	change(config)
	if text, err = yaml.Marshal(config); err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// call sends JSON to the API and returns what it answers.
func (s *stack) call(token, path string, body any, want int) (answer struct {
	ID          int64
	AccessToken string `json:"access_token"`
}) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.metrics["api"]+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want || json.Unmarshal(said, &answer) != nil {
		s.t.Fatalf("POST %s = %s, %.300s, %v; want %d", path, res.Status, said, err, want)
	}
	return answer
}

// query returns the series that an expression gives, none while Prometheus does not answer.
func (s *stack) query(expr string) (found []struct {
	Metric map[string]string
	Value  [2]any
}) {
	s.t.Helper()
	var answer struct {
		Data struct {
			Result json.RawMessage
		}
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.metrics["prometheus"]+"/api/v1/query",
		strings.NewReader("query="+expr))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil // It starts still.
	}
	defer res.Body.Close()
	if json.NewDecoder(res.Body).Decode(&answer) != nil || json.Unmarshal(answer.Data.Result, &found) != nil {
		return nil
	}
	return found
}
