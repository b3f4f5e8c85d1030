package manifests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	psa "k8s.io/pod-security-admission/api"
	psapolicy "k8s.io/pod-security-admission/policy"
)

// Restricted tells which pods the namespace would refuse (Pod Security Standards, restricted, latest).
func Restricted(s *Set) []string {
	evaluator, err := psapolicy.NewEvaluator(psapolicy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	restricted := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	var findings []string
	for _, w := range s.Workloads() {
		results := evaluator.EvaluatePod(restricted, &w.Template.ObjectMeta, &w.Template.Spec)
		if r := psapolicy.AggregateCheckResults(results); !r.Allowed {
			findings = append(findings, fmt.Sprintf("%s: %s", w, r.ForbiddenDetail()))
		}
	}
	return findings
}

// Resources tells which containers have no requests or limits, and where the memory limit of Go is not below that of
// its container.
func Resources(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			at := fmt.Sprintf("%s, %s", w, c.Name)
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
				if request.IsZero() || limit.IsZero() || request.Cmp(limit) > 0 {
					findings = append(findings, fmt.Sprintf("%s: %s needs a request and a limit that is not below it", at, name))
				}
			}
			findings = append(findings, memoryOfGo(at, c)...)
		}
	}
	return findings
}

// goImages are those of programs in Go that do not find out the limit of their memory themselves, as Prometheus does.
var goImages = regexp.MustCompile(`^ghcr\.io/shumbooking/|(^|/)(alertmanager|grafana):`) //nolint:gochecknoglobals // it never changes

func memoryOfGo(at string, c corev1.Container) []string {
	if !goImages.MatchString(c.Image) {
		return nil
	}
	i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
	if i < 0 {
		return []string{at + ": GOMEMLIMIT is not set"}
	}
	// Go writes B behind the units of Kubernetes.
	limit, err := resource.ParseQuantity(strings.TrimSuffix(c.Env[i].Value, "B"))
	memory := c.Resources.Limits[corev1.ResourceMemory]
	if err != nil || limit.IsZero() || limit.Value() > memory.Value()*95/100 {
		return []string{fmt.Sprintf("%s: GOMEMLIMIT is %s with %s of memory, want at most 95 %%", at, c.Env[i].Value, memory.String())}
	}
	return nil
}

// Probes tells which containers that serve lack a probe, and which jobs have one.
func Probes(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for _, c := range w.Template.Spec.Containers {
			for name, probe := range map[string]*corev1.Probe{
				"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe,
			} {
				if (probe != nil) != w.Serves() {
					findings = append(findings, fmt.Sprintf("%s, %s: the %s probe is there: %t, want %t", w, c.Name, name, probe != nil, w.Serves()))
				}
			}
		}
	}
	return findings
}

// exactTag is a tag with at least major and minor version.
var exactTag = regexp.MustCompile(`:v?\d+\.\d+[\w.+-]*$`) //nolint:gochecknoglobals // it never changes

// Images tells which images may become others without notice: those with neither a digest nor the tag of one version.
func Images(s *Set) []string {
	var findings []string
	check := func(at, image string) {
		if !strings.Contains(image, "@sha256:") && !exactTag.MatchString(image) {
			findings = append(findings, fmt.Sprintf("%s: the image %q has no exact tag and no digest", at, image))
		}
	}
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			check(w.String()+", "+c.Name, c.Image)
		}
	}
	for _, c := range all[*Cluster](s) {
		check(nameOf(c), c.Spec.ImageName)
	}
	return findings
}

// Hardening tells where pods have more than they need, beyond what Restricted looks at.
func Hardening(s *Set) []string {
	var findings []string
	isFalse := func(b *bool) bool { return b != nil && !*b }
	for _, w := range s.Workloads() {
		spec := w.Template.Spec
		if !isFalse(spec.AutomountServiceAccountToken) {
			findings = append(findings, w.String()+": automountServiceAccountToken is not false")
		}
		if !isFalse(spec.EnableServiceLinks) {
			findings = append(findings, w.String()+": enableServiceLinks is not false: a Service named redis would set REDIS_PORT")
		}
		if account, ok := named[*corev1.ServiceAccount](s, spec.ServiceAccountName); !ok || !isFalse(account.AutomountServiceAccountToken) {
			findings = append(findings, fmt.Sprintf("%s: has no account of its own without a token: %q", w, spec.ServiceAccountName))
		}
		for c := range w.Containers() {
			if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
				findings = append(findings, fmt.Sprintf("%s, %s: readOnlyRootFilesystem is not true", w, c.Name))
			}
		}
		for _, v := range spec.Volumes {
			if v.EmptyDir != nil && v.EmptyDir.SizeLimit == nil {
				findings = append(findings, fmt.Sprintf("%s: the volume %s has no sizeLimit", w, v.Name))
			}
		}
	}
	return findings
}

// Rollout tells what would make guests notice an upgrade or a drain, or keep one from ever ending.
func Rollout(s *Set) []string {
	var findings []string
	for _, d := range all[*appsv1.Deployment](s) {
		_, most := s.Replicas(Workload{Kind: "Deployment", Name: d.Name})
		if mayBeMissing(d.Spec.Strategy, int(most)) > 0 {
			findings = append(findings, nameOf(d)+": the rolling update may take pods away before others are ready")
		}
		if scaler := scalerOf(s, d.Name); scaler != nil {
			if d.Spec.Replicas != nil {
				findings = append(findings, nameOf(d)+": has replicas, which every deploy would set back from the autoscaler's")
			}
			if scaler.Spec.MinReplicas == nil || *scaler.Spec.MinReplicas > scaler.Spec.MaxReplicas {
				findings = append(findings, nameOf(scaler)+": needs a minimum that is not above the maximum")
			}
		}
	}
	for _, w := range s.Workloads() {
		if w.Serves() {
			findings = append(findings, spread(s, w)...)
		}
		if !labelsHold(w) {
			findings = append(findings, w.String()+": the selector does not choose the pods of the template by their name alone")
		}
	}
	return findings
}

// mayBeMissing returns how many of so many pods an update takes away before others are ready.
func mayBeMissing(strategy appsv1.DeploymentStrategy, pods int) int {
	if strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return pods
	}
	missing := new(intstr.FromString("25%")) // what Kubernetes takes by itself
	if strategy.RollingUpdate != nil && strategy.RollingUpdate.MaxUnavailable != nil {
		missing = strategy.RollingUpdate.MaxUnavailable
	}
	count, err := intstr.GetScaledValueFromIntOrPercent(missing, pods, false)
	if err != nil {
		return pods
	}
	return count
}
