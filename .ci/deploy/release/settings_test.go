package release_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Whatever a value is made of, the pods get it as it stands in the file.
func TestValuesSurvive(t *testing.T) {
	t.Parallel()
	odd := []string{
		`p$w{x} "a' #1=2\n` + "`id`", `it's $(rm -rf /) %d && ;=# x`, `re"d\is #$& x! long`, `$HOME${PATH}$$ at least thirty-two bytes`,
		`ends with backslash\`, `пароль — длинный 🗝`, `- {op: remove}: |-`, `=begins with a sign`,
	}
	for i, key := range []string{"DB_PASSWORD", "DB_MIGRATE_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET_KEY"} {
		for j := range odd {
			if key == "JWT_SECRET_KEY" && len(odd[(i+j)%len(odd)]) < 32 {
				continue
			}
			filled := settings()
			want := odd[(i+j)%len(odd)]
			filled[key] = want
			secret := map[string]string{"DB_MIGRATE_PASSWORD": "postgres-secrets", "REDIS_PASSWORD": "redis-secrets"}[key]
			if secret == "" {
				secret = "booking-secrets"
			}
			objects := manifests(t, envFile(t, filled))
			if got := secretValue(t, only(t, objects, "Secret", secret), key); got != want {
				t.Errorf("%s = %q in the pods, want %q", key, got, want)
			}
		}
	}
	filled := settings()
	filled["CORS_ORIGINS"] = `https://a.example, "$x" #y=z`
	if got := only(t, manifests(t, envFile(t, filled)), "ConfigMap", "booking-config").Data["CORS_ORIGINS"]; got != filled["CORS_ORIGINS"] {
		t.Errorf("CORS_ORIGINS = %q in the pods, want %q", got, filled["CORS_ORIGINS"])
	}
}

// Secrets stand in Secrets alone, each in the one that its readers have.
func TestSecretsAreOnlyInSecrets(t *testing.T) {
	t.Parallel()
	filled := settings()
	for _, name := range []string{"JWT_SECRET_KEY_PREVIOUS", "ADMIN_PASSWORD", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "ALERT_WEBHOOK_URL",
		"OTEL_EXPORTER_OTLP_HEADERS"} {
		filled[name] = "https://unique.value/of/" + name + "/that/is/long/enough"
	}
	filled["ADMIN_EMAIL"], filled["S3_BUCKET"], filled["IMAGES_DIR"] = "admin@shum.travel", "photographs", ""
	filled["S3_ENDPOINT"] = "https://s3.shum.travel"
	r := deploy(t, cluster{}, envFile(t, filled), "a", "--render")
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	objects, err := parse(r.stdout)
	if err != nil {
		t.Fatal(err)
	}
	config := only(t, objects, "ConfigMap", "booking-config").Data
	for name, value := range filled {
		secret := strings.Contains(name, "PASSWORD") || strings.Contains(name, "KEY") || strings.Contains(name, "HEADERS") ||
			name == "ALERT_WEBHOOK_URL" || name == "ADMIN_EMAIL"
		if secret && strings.Contains(r.stdout, value) {
			t.Errorf("%s stands in the open", name)
		}
		if !secret && config[name] != value {
			t.Errorf("%s = %q in booking-config, want %q", name, config[name], value)
		}
	}
	for secret, want := range map[string][]string{
		"redis-secrets": {"REDIS_PASSWORD"}, "postgres-secrets": {"DB_MIGRATE_PASSWORD", "DB_MIGRATE_USERNAME", "DB_NAME"},
		"booking-secrets": {"ADMIN_EMAIL", "ADMIN_PASSWORD", "ALERT_WEBHOOK_URL", "DB_PASSWORD", "DB_USERNAME", "GRAFANA_ADMIN_PASSWORD",
			"JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", "OTEL_EXPORTER_OTLP_HEADERS", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"},
	} {
		var keys []string
		for key := range only(t, objects, "Secret", secret).Data {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if !slices.Equal(keys, want) {
			t.Errorf("%s has %q, want %q", secret, keys, want)
		}
	}
}

// Every problem is told at once, by its name and without its value, and nothing is touched.
func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(envFile(t, settings()))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		set  map[string]string
		want []string
	}{
		{"a template as it is", map[string]string{
			"DOMAIN": "", "LETSENCRYPT_EMAIL": "", "DB_PASSWORD": "", "DB_MIGRATE_PASSWORD": "", "REDIS_PASSWORD": "", "JWT_SECRET_KEY": "",
			"GRAFANA_ADMIN_PASSWORD": "",
		}, []string{"DOMAIN: is missing", "LETSENCRYPT_EMAIL: is missing", "DB_PASSWORD: is missing", "DB_MIGRATE_PASSWORD: is missing",
			"REDIS_PASSWORD: is missing", "JWT_SECRET_KEY: is missing", "GRAFANA_ADMIN_PASSWORD: is missing"}},
		{"what was prefilled is gone", map[string]string{"DB_HOST": "", "TRUSTED_PROXIES": "", "ROOT_PATH": "", "IMAGES_DIR": ""},
			[]string{"DB_HOST: is missing", "TRUSTED_PROXIES: is missing", "ROOT_PATH: is missing", "IMAGES_DIR: or S3_BUCKET is missing"}},
		{"names", map[string]string{"DOMAIN": "https://shum.travel/", "LETSENCRYPT_EMAIL": "operator", "ROOT_PATH": "/a/../b", "DB_NAME": "a b"},
			[]string{"DOMAIN: is not a domain name", "LETSENCRYPT_EMAIL: is not an e-mail", "ROOT_PATH: is not a clean path", "DB_NAME: is not a name"}},
		{"what would break out of the manifests", map[string]string{"DOMAIN": `a.b"}`, "ROOT_PATH": `/a", x: "`, "LETSENCRYPT_EMAIL": `"a"@b.cd`},
			[]string{"DOMAIN: is not a domain name", "LETSENCRYPT_EMAIL: is not an e-mail", "ROOT_PATH: is not a clean path"}},
		{"examples", map[string]string{"DOMAIN": "booking.example.com", "LETSENCRYPT_EMAIL": "a@example.org"},
			[]string{"DOMAIN: is an example", "LETSENCRYPT_EMAIL: is an example"}},
		{"known secrets", map[string]string{"DB_PASSWORD": "postgres", "REDIS_PASSWORD": "changeme-please", "GRAFANA_ADMIN_PASSWORD": "only-for-tests-and-their-admin",
			"JWT_SECRET_KEY": "change-me-this-is-a-known-secret-for-local-use-only"},
			[]string{"DB_PASSWORD: has a value that everybody knows", "REDIS_PASSWORD: has a value that", "JWT_SECRET_KEY: has a value that",
				"GRAFANA_ADMIN_PASSWORD: has a value that"}},
		{"short secrets", map[string]string{"DB_PASSWORD": "eleven byte", "JWT_SECRET_KEY": "a key of thirty-one bytes, alas"},
			[]string{"DB_PASSWORD: is shorter than 12", "JWT_SECRET_KEY: is shorter than 32"}},
		{"the same twice", map[string]string{"DB_MIGRATE_USERNAME": "booking", "DB_MIGRATE_PASSWORD": "password of the service"},
			[]string{"DB_MIGRATE_USERNAME: is the same as DB_USERNAME", "DB_MIGRATE_PASSWORD: is the same as DB_PASSWORD"}},
		{"halves of pairs", map[string]string{"ADMIN_EMAIL": "a@shum.travel", "S3_BUCKET": "photographs"},
			[]string{"ADMIN_PASSWORD: is missing", "S3_ENDPOINT: is missing", "S3_ACCESS_KEY_ID: is missing", "S3_SECRET_ACCESS_KEY: is missing",
				"IMAGES_DIR: and S3_BUCKET are both set"}},
		{"the writing", map[string]string{"DB_PASSWORD": ` with a blank in front`, "REDIS_PASSWORD": `"in quotes, as shells have it"`, "DOMAIN": "'shum.travel'",
			"LOG_LEVEL": "info\r"}, nil},
		{"unknown", map[string]string{"DB_PASWORD": "x", "POSTGRES_PASSWORD": "x"}, []string{"DB_PASWORD: there is no such setting", "POSTGRES_PASSWORD: there is no such"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			filled := settings()
			maps.Copy(filled, tt.set)
			r := deploy(t, cluster{}, envFile(t, filled), "a")
			if r.status != 2 || len(r.cluster.Calls) > 0 || r.stdout != "" {
				t.Errorf("status %d after %q, want 2 and nothing done\n%s", r.status, r.cluster.Calls, r.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.stderr, "\n  "+want) {
					t.Errorf("the problem %q is not told:\n%s", want, r.stderr)
				}
			}
			if got := strings.Count(r.stderr, "\n  "); tt.want != nil && got != len(tt.want) {
				t.Errorf("%d problems are told, want %d:\n%s", got, len(tt.want), r.stderr)
			}
			for name, value := range filled {
				if strings.Contains(name, "PASSWORD") && len(value) > 5 && strings.Contains(r.stderr, value) {
					t.Errorf("the value of %s is shown:\n%s", name, r.stderr)
				}
			}
		})
	}
	for text, want := range map[string]string{
		"export DB_HOST=x\n":                "line 1: is not of the form NAME=VALUE",
		"DB_HOST\n":                         "line 1: is not of the form NAME=VALUE",
		"  DB_HOST=x\n":                     "line 1: is not of the form NAME=VALUE",
		"DB_HOST=x\r\n":                     "line 1: ends with a carriage return",
		string(good) + "DB_HOST=again\n":    "DB_HOST: is there twice",
		string(good) + "LOG_LEVEL= info":    "LOG_LEVEL: begins or ends with a blank",
		string(good) + "LOG_LEVEL=info\t":   "LOG_LEVEL: begins or ends with a blank",
		string(good) + `LOG_LEVEL="info"`:   "LOG_LEVEL: is in quotes",
		string(good) + "LOG_LEVEL=in\x1bfo": "LOG_LEVEL: has a control character",
	} {
		if r := deploy(t, cluster{}, envText(t, text), "a"); r.status != 2 || !strings.Contains(r.stderr, want) {
			t.Errorf("status %d, want 2 and %q:\n%s", r.status, want, r.stderr)
		}
	}
}

func TestOpenEnvFileIsRefused(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	if err := os.Chmod(env, 0o640); err != nil {
		t.Fatal(err)
	}
	if r := deploy(t, cluster{}, env, "a"); r.status != 2 || !strings.Contains(r.stderr, "chmod 600") {
		t.Errorf("status %d, want 2 and advice:\n%s", r.status, r.stderr)
	}
}

func TestArgumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	for _, args := range [][]string{
		{"--env-file", env},
		{"--image", "ghcr.io/someone/booking:1.0.0", "--env-file", env},
		{"--image", "ghcr.io/someone/booking:latest", "--env-file", env},
		{"--image", image("a") + "0", "--env-file", env},
		{"--image", image("a"), "--env-file", env, "--issuer", "production"},
		{"--image", image("a"), "--env-file", env, "--kustomization", "nowhere"},
		{"--image", image("a"), "--env-file", env, "--timeout", "5m"},
		{"--image", image("a"), "--env-file", env, "--force"},
		{"--image", image("a"), "--env-file", env + ".missing"},
		{"--image"},
	} {
		if r := execute(t, cluster{}, "deploy", args...); r.status != 2 || len(r.cluster.Calls) > 0 {
			t.Errorf("deploy %q: status %d after %q, want 2 and nothing done", args, r.status, r.cluster.Calls)
		}
	}
}
