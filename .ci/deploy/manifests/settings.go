package manifests

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// secretSettings are the settings that lie in Secrets; the others lie in the ConfigMap.
func secretSettings() []string {
	return []string{
		"DB_USERNAME", "DB_PASSWORD", "DB_MIGRATE_USERNAME", "DB_MIGRATE_PASSWORD", "REDIS_PASSWORD",
		"JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", "ADMIN_EMAIL", "ADMIN_PASSWORD", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY",
		"GRAFANA_ADMIN_PASSWORD", "ALERT_WEBHOOK_URL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
	}
}

// needs says which secrets a container may have, by its name. Who is not here has none.
func needs() map[string][]string {
	runtime := []string{"DB_USERNAME", "DB_PASSWORD"}
	owner := []string{"DB_MIGRATE_USERNAME", "DB_MIGRATE_PASSWORD"}
	serving := append([]string{
		"REDIS_PASSWORD", "JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
	}, runtime...)
	return map[string][]string{
		"api":      append([]string{"ADMIN_EMAIL", "ADMIN_PASSWORD"}, serving...),
		"worker":   serving,
		"migrate":  append(slices.Clone(runtime), owner...),
		"role":     append(slices.Clone(runtime), owner...), // It makes the runtime role.
		"postgres": append([]string{"DB_NAME"}, owner...),   // The name is beside them, so that a change of other settings restarts nothing.
		"redis":    {"REDIS_PASSWORD"},
		"backup":   owner,
		"load":     append([]string{"DB_USERNAME"}, owner...), // A restored database is given to the role again.
		"swap":     append([]string{"DB_USERNAME"}, owner...),
		"recount":  runtime,
		"grafana":  {"GRAFANA_ADMIN_PASSWORD"},

		"alertmanager": {"ALERT_WEBHOOK_URL"},
	}
}

// variablesOf are those that an image knows, of images that are not ours.
func variablesOf(image string) *regexp.Regexp {
	known := map[string]string{
		"postgres":          `^(PG(HOST|PORT|DATABASE|USER|PASSWORD|SSLMODE|SSLROOTCERT|DATA)|POSTGRES_(USER|PASSWORD|DB|INITDB_ARGS))$|^(ROLE_USERNAME|ROLE_PASSWORD|KEEP_DAYS|BACKUP)$`,
		"redis":             `^REDISCLI_AUTH$`,
		"grafana/grafana":   `^GF_[A-Z]+(_[A-Z]+)+$|^GOMEMLIMIT$`,
		"prom/prometheus":   `^GOMEMLIMIT$`,
		"prom/alertmanager": `^GOMEMLIMIT$`,
	}
	if pattern, ok := known[imageName(image)]; ok {
		return regexp.MustCompile(pattern)
	}
	return regexp.MustCompile(`^$`)
}

// ReadTemplate returns the names of the settings in a template, those in comments too.
func ReadTemplate(path string) ([]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the test names it
	if err != nil {
		return nil, err
	}
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]+)=`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, found[1])
	}
	return names, nil
}

// Variables tells which variables nobody reads, and which come of a setting that is on the other side or in no template.
func Variables(s *Set, p *Program, proxy *Proxy, template []string) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			at := fmt.Sprintf("%s, %s", w, c.Name)
			for _, e := range c.Env {
				reads := p.Settings[e.Name]
				if imageName(c.Image) == "nginx" {
					reads = proxy.Settings[e.Name]
				} else if !isProgram(c) {
					reads = variablesOf(c.Image).MatchString(e.Name)
				}
				if !reads {
					findings = append(findings, fmt.Sprintf("%s: %s is nothing that it reads", at, e.Name))
				}
				findings = append(findings, prefix(at, source(e.ValueFrom, template))...)
			}
			for _, from := range c.EnvFrom {
				if from.ConfigMapRef == nil || from.ConfigMapRef.Name != configName || !isProgram(c) {
					findings = append(findings, at+": takes more variables than it names")
				}
			}
		}
	}
	return findings
}

// source tells what is wrong with where a variable comes from.
func source(from *corev1.EnvVarSource, template []string) []string {
	var findings []string
	var key string
	switch {
	case from == nil:
		return nil
	case from.SecretKeyRef != nil:
		key = from.SecretKeyRef.Key
		if !slices.Contains(deployedSecrets(), from.SecretKeyRef.Name) {
			findings = append(findings, "nobody makes the Secret "+from.SecretKeyRef.Name)
		}
		if !slices.Contains(secretSettings(), key) && from.SecretKeyRef.Name != "postgres-secrets" {
			findings = append(findings, key+" is no secret, and comes from one")
		}
	case from.ConfigMapKeyRef != nil:
		key = from.ConfigMapKeyRef.Key
		if from.ConfigMapKeyRef.Name != configName {
			findings = append(findings, "nobody makes the ConfigMap "+from.ConfigMapKeyRef.Name)
		}
		if slices.Contains(secretSettings(), key) {
			findings = append(findings, key+" is a secret, and comes from a ConfigMap")
		}
	default:
		return nil
	}
	if !slices.Contains(template, key) {
		findings = append(findings, "no setting of the template is called "+key)
	}
	return findings
}

// Secrets tells which containers get a secret that they do not need, or all keys of one.
func Secrets(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			at, allowed := fmt.Sprintf("%s, %s", w, c.Name), needs()[c.Name]
			for _, e := range c.Env {
				if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && !slices.Contains(allowed, e.ValueFrom.SecretKeyRef.Key) {
					findings = append(findings, fmt.Sprintf("%s: gets the secret %s", at, e.ValueFrom.SecretKeyRef.Key))
				}
				if strings.Contains(e.Name, "PASSWORD") && e.Value != "" {
					findings = append(findings, fmt.Sprintf("%s: %s is written down", at, e.Name))
				}
			}
			for _, v := range w.Template.Spec.Volumes {
				mounts := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name })
				if v.Secret != nil && mounts {
					findings = append(findings, prefix(at, mounted(w, v.Secret, allowed))...)
				}
			}
		}
	}
	return findings
}

// mounted tells what a volume shows that the container does not need. Only a server needs the key of a certificate.
func mounted(w Workload, volume *corev1.SecretVolumeSource, allowed []string) []string {
	if len(volume.Items) == 0 && (w.Name != "postgres" || volume.SecretName != "postgres-tls") {
		return []string{"mounts all of the Secret " + volume.SecretName}
	}
	var findings []string
	for _, item := range volume.Items {
		if item.Key != "ca.crt" && !slices.Contains(allowed, item.Key) {
			findings = append(findings, "mounts the secret "+item.Key)
		}
	}
	return findings
}
