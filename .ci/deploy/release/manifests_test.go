package release_test

import (
	"regexp"
	"strings"
	"testing"
)

func TestManifestsOfARelease(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	for issuer, args := range map[string][]string{"letsencrypt-prod": nil, "letsencrypt-staging": {"--issuer", "staging"}} {
		objects := manifests(t, env, args...)
		ingress := only(t, objects, "Ingress", "booking-ingress")
		if got := ingress.Metadata.Annotations["cert-manager.io/cluster-issuer"]; got != issuer {
			t.Errorf("the issuer is %q, want %q", got, issuer)
		}
		for _, want := range []string{`"host":"booking.shum.travel"`, `"hosts":["booking.shum.travel"]`, `"path":"/apps/shum-booking"`} {
			if !strings.Contains(string(ingress.Spec), want) {
				t.Errorf("the Ingress lacks %s: %s", want, ingress.Spec)
			}
		}
		for _, o := range objects {
			if o.Kind == "ClusterIssuer" && !strings.Contains(string(o.Spec), `"email":"operator@shum.travel"`) {
				t.Errorf("%s has another address: %s", o.Metadata.Name, o.Spec)
			}
			if strings.Contains(string(o.Spec), "shumbooking/shumbooking") || strings.Contains(string(o.Spec), ".invalid") {
				t.Errorf("%s %s has what a release replaces: %s", o.Kind, o.Metadata.Name, o.Spec)
			}
		}
		for _, name := range []string{"api", "worker"} {
			if d := only(t, objects, "Deployment", name); !strings.Contains(string(d.Spec), `"image":"`+image("a")+`"`) {
				t.Errorf("%s does not run the image: %s", name, d.Spec)
			}
		}
		if job := only(t, objects, "Job", "migrate"); !regexp.MustCompile(`^migrate-\d{14}$`).MatchString(job.Metadata.Name) {
			t.Errorf("the Job is called %s, want a name of this release alone", job.Metadata.Name)
		}
	}
}

func TestRootOfTheDomain(t *testing.T) {
	t.Parallel()
	filled := settings()
	filled["ROOT_PATH"] = "/"
	ingress := only(t, manifests(t, envFile(t, filled)), "Ingress", "booking-ingress")
	if want := `"path":"/"`; !strings.Contains(string(ingress.Spec), want) {
		t.Errorf("the Ingress lacks %s: %s", want, ingress.Spec)
	}
}

// Settings have names of their own for each content, so that a change rolls the pods that read them, and a rollback finds
// the old ones. PostgreSQL does not start anew because of any.
func TestSettingsRollWhoReadsThem(t *testing.T) {
	t.Parallel()
	before := manifests(t, envFile(t, settings()))
	for _, tt := range []struct {
		set    string
		value  string
		rolled map[string]bool
	}{
		{"LOG_LEVEL", "debug", map[string]bool{"api": true, "worker": true, "nginx": true}},
		{"DB_PASSWORD", "a new password", map[string]bool{"api": true, "worker": true}},
		{"REDIS_PASSWORD", "a new password", map[string]bool{"api": true, "worker": true, "redis": true}},
		{"DB_MIGRATE_PASSWORD", "a new password", nil},
	} {
		filled := settings()
		filled[tt.set] = tt.value
		after := manifests(t, envFile(t, filled))
		for name, kind := range map[string]string{
			"api": "Deployment", "worker": "Deployment", "nginx": "Deployment", "postgres": "StatefulSet", "redis": "StatefulSet",
		} {
			changed := string(only(t, before, kind, name).Spec) != string(only(t, after, kind, name).Spec)
			if changed != tt.rolled[name] {
				t.Errorf("another %s rolls %s: %t, want %t", tt.set, name, changed, tt.rolled[name])
			}
		}
	}
}
