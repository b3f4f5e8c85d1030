package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestTracingSettings tells what is wrong, and nothing of what may be secret.
func TestTracingSettings(t *testing.T) {
	t.Parallel()
	const secret = "canary-of-the-collector"
	for _, tt := range []struct{ name, value string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:" + secret + "@collector:4318"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://" + secret},
		{"OTEL_EXPORTER_OTLP_HEADERS", secret},
		{"OTEL_EXPORTER_OTLP_HEADERS", "key=" + secret + "%zz"},
		{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "no header=" + secret},
		{"OTEL_EXPORTER_OTLP_HEADERS", "key=" + secret + "%0a"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
		{"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "br"},
		{"OTEL_TRACES_SAMPLER", "sometimes"},
		{"OTEL_TRACES_SAMPLER_ARG", "0.5"}, // parentbased_always_on has none.
		{"OTEL_RESOURCE_ATTRIBUTES", "region"},
		{"OTEL_SDK_DISABLED", "maybe"},
	} {
		_, err := readSettings(environmentWith(map[string]string{tt.name: tt.value}), serving)
		if err == nil || !strings.Contains(err.Error(), "\n"+tt.name+" ") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s=%s: got %v, want a word on the variable and none on its secret", tt.name, tt.value, err)
		}
	}
	for _, arg := range []string{"-0.1", "1.1", "half", "NaN"} {
		_, err := readSettings(environmentWith(map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": arg}), serving)
		if err == nil || !strings.Contains(err.Error(), "\nOTEL_TRACES_SAMPLER_ARG ") {
			t.Errorf("a share of %s: got %v, want a refusal", arg, err)
		}
	}
}

// TestWhereTracesGo reads the variables of which one is for all signals and the other for traces.
func TestWhereTracesGo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ all, traces, environment, want, warned string }{
		{"", "", envProduction, "", ""},
		{"https://c.example:4318", "", envProduction, "https://c.example:4318/v1/traces", ""},
		{"https://c.example/otlp/", "", envProduction, "https://c.example/otlp/v1/traces", ""},
		{"https://c.example", "https://t.example", envProduction, "https://t.example/", ""},
		{"", "https://t.example/in", envProduction, "https://t.example/in", ""},
		{"http://127.0.0.1:4318", "", envProduction, "http://127.0.0.1:4318/v1/traces", ""},
		{"http://c.example", "", envTest, "http://c.example/v1/traces", ""},
		{"http://c.example", "", envProduction, "http://c.example/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"", "http://c.example", envProduction, "http://c.example/", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
	} {
		s, err := readSettings(environmentWith(map[string]string{
			"APP_ENV": tt.environment, "OTEL_EXPORTER_OTLP_ENDPOINT": tt.all, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": tt.traces,
			"OTEL_EXPORTER_OTLP_HEADERS": "a=1,b=2", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "B=3%2C4",
			"OTEL_EXPORTER_OTLP_TIMEOUT": "500", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "700",
			"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "gzip",
		}), serving)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.tracing; got.endpoint != tt.want || string(got.headers["A"]) != "1" || string(got.headers["B"]) != "3,4" ||
			got.timeout != 700*time.Millisecond || !got.gzip {
			t.Errorf("%+v: got %+v", tt, got)
		}
		if got := strings.Join(s.warnings, "\n"); tt.warned == "" && got != "" || !strings.HasPrefix(got, tt.warned) {
			t.Errorf("%+v: warnings %q", tt, got)
		}
		var log bytes.Buffer
		newLogger(&log, s).Info("starting", "settings", s)
		if strings.Contains(log.String(), "3,4") || tt.want != "" && !strings.Contains(log.String(), `"headers":["A","B"]`) {
			t.Errorf("the log shows %s, want the names of the headers alone", &log)
		}
	}
}

// TestKeyInThePathOfTheCollector starts with collectors that know their customers by a part of the path.
func TestKeyInThePathOfTheCollector(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://t.example:4318/in/key-of-a-customer": `"endpoint":"https://t.example:4318"`,
		"http://[::1]/key-of-a-customer":              `"endpoint":"http://[::1]"`,
	} {
		for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
			s, err := readSettings(environmentWith(map[string]string{"APP_ENV": envProduction, name: endpoint}), serving)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			newLogger(&log, s).Info("starting", "settings", s)
			if got := log.String(); !strings.Contains(got, want) || strings.Contains(got, "key-of-a-customer") {
				t.Errorf("%s=%s: the log shows %s, want %s and no path", name, endpoint, got, want)
			}
		}
	}
}
