package main

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/tracing"
)

// serviceName is what traces call the service where no setting does.
const serviceName = "shum-booking"

// tracingSettings say where traces are sent. The variables are those of the OpenTelemetry specification; what it has
// for all signals and for traces alone is one setting here, the latter first.
type tracingSettings struct {
	// endpoint is empty where nothing is traced.
	endpoint string
	headers  map[string]config.Secret
	gzip     bool
	timeout  time.Duration
	sampler  samplerSettings
	// resource describes the process beside what is known of it.
	resource []attribute.KeyValue
}

type samplerSettings struct {
	name  string
	ratio float64
}

const (
	otlpEndpoint   = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

func (s *settings) readTracing(r *config.Reader) tracingSettings {
	disabled := r.OneOf("OTEL_SDK_DISABLED", "false", "true") == "true"
	t := tracingSettings{
		endpoint: s.readCollector(r),
		headers:  s.readCollectorHeaders(r),
		gzip: r.OneOf("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
			r.OneOf("OTEL_EXPORTER_OTLP_COMPRESSION", "none", "gzip"), "none", "gzip") == "gzip",
		sampler:  readSampler(r),
		resource: readResource(r),
	}
	limits := config.Limits{Min: 1, Max: 60_000}
	milliseconds := r.Int("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		r.Int("OTEL_EXPORTER_OTLP_TIMEOUT", int(tracing.DefaultTimeout.Milliseconds()), limits), limits)
	t.timeout = time.Duration(milliseconds) * time.Millisecond
	if disabled {
		t.endpoint = ""
	}
	return t
}

// readCollector returns the URL that spans are sent to, or "". Of the two settings for it, that for all signals is a
// base, and that for traces is taken as it is.
func (s *settings) readCollector(r *config.Reader) string {
	base, own := s.readCollectorURL(r, otlpEndpoint), s.readCollectorURL(r, tracesEndpoint)
	switch {
	case own != nil:
		own.Path = cmp.Or(own.Path, "/")
		return own.String()
	case base != nil:
		return base.JoinPath("v1", "traces").String()
	default:
		return ""
	}
}

// readCollectorURL does not tell a value that is wrong, since there may be a password in it.
func (s *settings) readCollectorURL(r *config.Reader, name string) *url.URL {
	text := r.String(name, "")
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		r.Reject(name, "is not a URL such as https://collector.example.com:4318")
		return nil
	}
	if u.Scheme == "http" && s.environment == envProduction && !isThisMachine(u.Hostname()) {
		s.warn(name + " is not https: whoever is on the way can read the traces")
	}
	return u
}

// readCollectorHeaders returns the headers that spans are sent with: names and values, escaped as in URLs, of the form
// name=value,name=value. They often are the key to the collector, so that a mistake in them is not quoted.
func (s *settings) readCollectorHeaders(r *config.Reader) map[string]config.Secret {
	headers := make(map[string]config.Secret)
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for key, value := range readPairs(r, name, string(s.secret(r, name))) {
			if !isHeader(key, value) {
				r.Reject(name, "has what is no header of HTTP")
			}
			headers[http.CanonicalHeaderKey(key)] = config.Secret(value)
		}
	}
	return headers
}

// isHeader reports whether HTTP takes a header of that name with that value.
func isHeader(name, value string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"
	return name != "" && strings.Trim(name, letters) == "" &&
		!strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' })
}

// readPairs reads text, the value of a variable, as W3C Baggage without properties. It quotes nothing of it.
func readPairs(r *config.Reader, name, text string) map[string]string {
	pairs := make(map[string]string)
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		key, escaped, found := strings.Cut(item, "=")
		value, err := url.PathUnescape(strings.TrimSpace(escaped))
		if key = strings.TrimSpace(key); !found || key == "" || err != nil {
			r.Reject(name, "is not of the form name=value,name=value, with values escaped as in URLs")
			continue
		}
		pairs[key] = value
	}
	return pairs
}

// The samplers that the specification names.
const (
	parentBased   = "parentbased_"
	alwaysOn      = "always_on"
	alwaysOff     = "always_off"
	traceIDRatio  = "traceidratio"
	samplerArg    = "OTEL_TRACES_SAMPLER_ARG"
	tracesSampler = "OTEL_TRACES_SAMPLER"
)

func readSampler(r *config.Reader) samplerSettings {
	s := samplerSettings{ratio: 1, name: r.OneOf(tracesSampler,
		parentBased+alwaysOn, parentBased+alwaysOff, parentBased+traceIDRatio, alwaysOn, alwaysOff, traceIDRatio)}
	text := r.String(samplerArg, "")
	if text == "" {
		return s
	}
	ratio, err := strconv.ParseFloat(text, 64)
	switch {
	case !strings.HasSuffix(s.name, traceIDRatio):
		r.Reject(samplerArg, "is set, and %s has no use for it", tracesSampler)
	case err != nil || !(ratio >= 0 && ratio <= 1):
		r.Reject(samplerArg, "is %q, want a share from 0 to 1", text)
	default:
		s.ratio = ratio
	}
	return s
}

func (s samplerSettings) sampler() sdktrace.Sampler {
	name, heedsParent := strings.CutPrefix(s.name, parentBased)
	var sampler sdktrace.Sampler
	switch name {
	case alwaysOff:
		sampler = sdktrace.NeverSample()
	case traceIDRatio:
		sampler = sdktrace.TraceIDRatioBased(s.ratio)
	default:
		sampler = sdktrace.AlwaysSample()
	}
	if heedsParent {
		return sdktrace.ParentBased(sampler)
	}
	return sampler
}

// readResource returns what the settings say of the process. The name of the service has a variable of its own.
func readResource(r *config.Reader) []attribute.KeyValue {
	const name = "OTEL_RESOURCE_ATTRIBUTES"
	pairs := readPairs(r, name, r.String(name, ""))
	if service := r.String("OTEL_SERVICE_NAME", ""); service != "" {
		pairs[string(semconv.ServiceNameKey)] = service
	}
	attrs := make([]attribute.KeyValue, 0, len(pairs))
	for key, value := range pairs {
		attrs = append(attrs, attribute.String(key, value))
	}
	return attrs
}

// LogValue shows the settings, of the headers their names. Of the collector's URL it shows neither path nor more: there are
// collectors whose key is in it.
func (t tracingSettings) LogValue() slog.Value {
	if t.endpoint == "" {
		return slog.GroupValue(slog.Bool("enabled", false))
	}
	return slog.GroupValue(
		slog.Bool("enabled", true), slog.String("endpoint", originOf(t.endpoint)), slog.Any("headers", slices.Sorted(maps.Keys(t.headers))),
		slog.Bool("gzip", t.gzip), slog.String("timeout", t.timeout.String()),
		slog.String("sampler", t.sampler.name), slog.Float64("ratio", t.sampler.ratio),
	)
}

// originOf returns the scheme and the host of a URL, with its port if it names one.
func originOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "" // Not of one that the settings let pass.
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

// newTracing returns what sends traces, or nil where the settings name no collector.
func newTracing(ctx context.Context, t tracingSettings, log *slog.Logger) *tracing.Provider {
	if t.endpoint == "" {
		return nil
	}
	b := currentBuild()
	// The later of two that have the same name counts.
	resource := []attribute.KeyValue{
		semconv.ServiceName(serviceName), semconv.ServiceVersion(b.version),
		semconv.TelemetrySDKName("opentelemetry"), semconv.TelemetrySDKLanguageGo, semconv.TelemetrySDKVersion(sdk.Version()),
	}
	if host, err := os.Hostname(); err == nil {
		resource = append(resource, semconv.HostName(host))
	}
	headers := make(map[string]string, len(t.headers))
	for name, value := range t.headers {
		headers[name] = string(value)
	}
	return tracing.New(ctx, tracing.Config{
		Endpoint: t.endpoint, Headers: headers, Gzip: t.gzip, Timeout: t.timeout,
		Sampler: t.sampler.sampler(), Resource: append(resource, t.resource...), Log: log,
	})
}
