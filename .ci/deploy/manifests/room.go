package manifests

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The smallest server of the guide, and what K3s, its own pods, cert-manager and the system need of it.
const (
	serverMemory = 8 << 30
	systemMemory = 1 << 30
)

// Memory is what the pods of a set need together, in bytes.
type Memory struct {
	// AtRest is requested by the fewest pods that there are, and AtMost by the most of them, in the midst of a release and a
	// backup.
	AtRest, AtMost int64
	// Limit is what the most pods may use, without those that only a release or a backup has.
	Limit int64
}

// Memory adds up what containers request and what they may use.
func (s *Set) Memory() Memory {
	var total Memory
	for _, w := range s.Workloads() {
		requested, limit := podMemory(w.Template.Spec, requestedMemory), podMemory(w.Template.Spec, memoryLimit)
		if !w.Serves() {
			total.AtMost += requested * s.runs(w)
			continue
		}
		least, most := s.Replicas(w)
		total.AtRest += requested * int64(least)
		total.AtMost += requested * (int64(most) + s.surge(w, int(most)))
		total.Limit += limit * int64(most)
	}
	return total
}

// runs returns 0 for a job that is suspended, and 1 for others, whose pods are there for a while.
func (s *Set) runs(w Workload) int64 {
	if job, found := named[*batchv1.CronJob](s, w.Name); found && job.Spec.Suspend != nil && *job.Spec.Suspend {
		return 0
	}
	return 1
}

// surge returns how many pods a release makes before it takes others away.
func (s *Set) surge(w Workload, pods int) int64 {
	deployment, found := named[*appsv1.Deployment](s, w.Name)
	if w.Kind != "Deployment" || !found || deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return 0
	}
	more := intstr.FromString("25%") // where a manifest says nothing
	if rolling := deployment.Spec.Strategy.RollingUpdate; rolling != nil && rolling.MaxSurge != nil {
		more = *rolling.MaxSurge
	}
	count, err := intstr.GetScaledValueFromIntOrPercent(&more, pods, true)
	if err != nil {
		return int64(pods)
	}
	return int64(count)
}

func requestedMemory(r corev1.ResourceRequirements) *resource.Quantity { return r.Requests.Memory() }

func memoryLimit(r corev1.ResourceRequirements) *resource.Quantity { return r.Limits.Memory() }

// podMemory returns what a pod needs. Its first containers run one after the other, and before the others.
func podMemory(spec corev1.PodSpec, of func(corev1.ResourceRequirements) *resource.Quantity) int64 {
	var first, together int64
	for _, c := range spec.InitContainers {
		first = max(first, of(c.Resources).Value())
	}
	for _, c := range spec.Containers {
		together += of(c.Resources).Value()
	}
	return max(first, together)
}

// Room tells whether the smallest server has too little memory for a set: a release whose pods find no room fails.
func Room(s *Set) []string {
	const room = serverMemory - systemMemory
	var findings []string
	needs := s.Memory()
	if needs.AtMost > room {
		findings = append(findings, fmt.Sprintf("in a release the pods ask for %s, of %s", gibibytes(needs.AtMost), gibibytes(room)))
	}
	if needs.Limit > room {
		findings = append(findings, fmt.Sprintf("the pods may use %s, of %s", gibibytes(needs.Limit), gibibytes(room)))
	}
	return findings
}

// String says what the pods need, in the words of the guide.
func (m Memory) String() string {
	return fmt.Sprintf("The pods ask for %s of memory at rest, and for %s at the most, when a release and a backup meet full load, which may use %s.",
		gibibytes(m.AtRest), gibibytes(m.AtMost), gibibytes(m.Limit))
}

func gibibytes(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
