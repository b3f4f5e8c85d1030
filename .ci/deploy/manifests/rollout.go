package manifests

import (
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// nameLabel tells the pods of a workload from those of others.
const nameLabel = "app.kubernetes.io/name"

func scalerOf(s *Set, deployment string) *autoscalingv2.HorizontalPodAutoscaler {
	for _, scaler := range all[*autoscalingv2.HorizontalPodAutoscaler](s) {
		if target := scaler.Spec.ScaleTargetRef; target.Kind == "Deployment" && target.Name == deployment {
			return scaler
		}
	}
	return nil
}

// Replicas returns how many pods a workload has at least and at most.
func (s *Set) Replicas(w Workload) (least, most int32) {
	if scaler := scalerOf(s, w.Name); scaler != nil && w.Kind == "Deployment" {
		return *scaler.Spec.MinReplicas, scaler.Spec.MaxReplicas
	}
	count := new(int32(1))
	for _, o := range s.Objects {
		switch o := o.(type) {
		case *appsv1.Deployment:
			if w.Kind == "Deployment" && o.Name == w.Name && o.Spec.Replicas != nil {
				count = o.Spec.Replicas
			}
		case *appsv1.StatefulSet:
			if w.Kind == "StatefulSet" && o.Name == w.Name && o.Spec.Replicas != nil {
				count = o.Spec.Replicas
			}
		}
	}
	return *count, *count
}

// chooses reports whether a selector takes the labels. None takes nothing.
func chooses(selector *metav1.LabelSelector, set map[string]string) bool {
	if selector == nil {
		return false
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}

// labelsHold reports whether a selector can stay as it is for ever, as it must: it is the name and nothing that a
// release changes.
func labelsHold(w Workload) bool {
	if w.Selector == nil {
		return true
	}
	want := map[string]string{nameLabel: w.Template.Labels[nameLabel]}
	return len(w.Selector.MatchExpressions) == 0 && maps.Equal(w.Selector.MatchLabels, want) && want[nameLabel] == w.Name
}

// spread tells about pods of which there may be several and that may all land on one node.
func spread(s *Set, w Workload) []string {
	if _, most := s.Replicas(w); most < 2 {
		return nil
	}
	for _, c := range w.Template.Spec.TopologySpreadConstraints {
		if c.TopologyKey == corev1.LabelHostname && c.MaxSkew == 1 && chooses(c.LabelSelector, w.Template.Labels) {
			return nil
		}
	}
	return []string{w.String() + ": its pods are not spread over nodes"}
}

// Budgets tells which workloads a drain may take whole, and which budgets let no drain end or protect nothing.
func Budgets(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		if _, most := s.Replicas(w); !w.Serves() || most < 2 {
			continue
		}
		if !slices.ContainsFunc(all[*policyv1.PodDisruptionBudget](s), func(b *policyv1.PodDisruptionBudget) bool {
			return chooses(b.Spec.Selector, w.Template.Labels)
		}) {
			findings = append(findings, w.String()+": has no disruption budget")
		}
	}
	for _, b := range all[*policyv1.PodDisruptionBudget](s) {
		i := slices.IndexFunc(s.Workloads(), func(w Workload) bool { return chooses(b.Spec.Selector, w.Template.Labels) })
		if i < 0 {
			findings = append(findings, nameOf(b)+": chooses no pods")
			continue
		}
		findings = append(findings, drains(s, b, s.Workloads()[i])...)
	}
	return findings
}

// drains tells by which budgets the drain of a node would never end.
func drains(s *Set, b *policyv1.PodDisruptionBudget, w Workload) []string {
	least, highest := s.Replicas(w)
	most, available := b.Spec.MaxUnavailable, b.Spec.MinAvailable
	if most != nil && most.String() == "0" || available != nil && (available.IntValue() >= int(least) || available.String() == "100%") {
		return []string{nameOf(b) + ": no drain of a node would ever end"}
	}
	if highest > 1 && onOneNode(w) && (most == nil || most.String() != "100%") {
		return []string{nameOf(b) + ": a drain would wait for pods that have no other node to go to"}
	}
	return nil
}

// onOneNode reports whether the pods share a volume, which only one node can have.
func onOneNode(w Workload) bool {
	return slices.ContainsFunc(w.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
}

// Scalers tells which autoscalers scale nothing.
func Scalers(s *Set) []string {
	var findings []string
	for _, scaler := range all[*autoscalingv2.HorizontalPodAutoscaler](s) {
		target := scaler.Spec.ScaleTargetRef
		if _, ok := named[*appsv1.Deployment](s, target.Name); !ok || target.Kind != "Deployment" || target.APIVersion != "apps/v1" {
			findings = append(findings, fmt.Sprintf("%s: there is no %s %s/%s", nameOf(scaler), target.APIVersion, target.Kind, target.Name))
		}
	}
	return findings
}

// Grace tells which pods of the program are killed before it has stopped by itself.
func Grace(s *Set, p *Program) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for _, c := range w.Template.Spec.Containers {
			if !isProgram(c) || !w.Serves() {
				continue
			}
			need := p.StopTimeout + 5*time.Second
			if c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Sleep != nil {
				need += time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
			}
			seconds := w.Template.Spec.TerminationGracePeriodSeconds
			if seconds == nil || time.Duration(*seconds)*time.Second < need {
				findings = append(findings, fmt.Sprintf("%s: has less than the %v that stopping takes", w, need))
			}
		}
	}
	return findings
}
