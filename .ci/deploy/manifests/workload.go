package manifests

import (
	"iter"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Workload makes pods of a template.
type Workload struct {
	Kind, Name string
	Template   corev1.PodTemplateSpec
	// Selector is nil for jobs, which choose their pods themselves.
	Selector *metav1.LabelSelector
	// Claims are the volumes that each pod has of its own.
	Claims []corev1.PersistentVolumeClaim
}

// String returns kind and name.
func (w Workload) String() string { return w.Kind + "/" + w.Name }

// Serves reports whether the pods are to run until they are told to stop.
func (w Workload) Serves() bool { return w.Selector != nil }

// Workloads returns all that make pods, but the clusters of operators.
func (s *Set) Workloads() []Workload {
	var found []Workload
	for _, o := range s.Objects {
		switch o := o.(type) {
		case *appsv1.Deployment:
			found = append(found, Workload{Kind: "Deployment", Name: o.Name, Template: o.Spec.Template, Selector: o.Spec.Selector})
		case *appsv1.StatefulSet:
			found = append(found, Workload{
				Kind: "StatefulSet", Name: o.Name, Template: o.Spec.Template, Selector: o.Spec.Selector, Claims: o.Spec.VolumeClaimTemplates,
			})
		case *appsv1.DaemonSet:
			found = append(found, Workload{Kind: "DaemonSet", Name: o.Name, Template: o.Spec.Template, Selector: o.Spec.Selector})
		case *batchv1.Job:
			found = append(found, Workload{Kind: "Job", Name: o.Name, Template: o.Spec.Template})
		case *batchv1.CronJob:
			found = append(found, Workload{Kind: "CronJob", Name: o.Name, Template: o.Spec.JobTemplate.Spec.Template})
		}
	}
	return found
}

// Containers returns all containers of the pods, those that run first included.
func (w Workload) Containers() iter.Seq[corev1.Container] {
	return func(yield func(corev1.Container) bool) {
		for _, containers := range [][]corev1.Container{w.Template.Spec.InitContainers, w.Template.Spec.Containers} {
			for _, c := range containers {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// programImage is the image of the program, without tag or digest.
const programImage = "ghcr.io/shumbooking/shumbooking"

// isProgram reports whether a container runs the program.
func isProgram(c corev1.Container) bool { return imageName(c.Image) == programImage }

// imageName returns the name of an image without tag and digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}

// role returns the command of the program that a container runs, or "".
func role(c corev1.Container) string {
	if len(c.Args) == 0 || !isProgram(c) {
		return ""
	}
	return c.Args[0]
}
