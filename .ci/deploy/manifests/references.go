package manifests

import (
	"fmt"
	"maps"
	"slices"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// configName is the ConfigMap of the settings, which is made when a release is deployed.
const configName = "booking-config"

// deployedSecrets are made when a release is deployed, of the settings that are secret.
func deployedSecrets() []string {
	return []string{"booking-secrets", "postgres-secrets", "redis-secrets"}
}

// Volumes tells which volumes are of a claim, ConfigMap or Secret that nothing declares, or of a key that it lacks, and
// which mounts have no volume.
func Volumes(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		volumes := make(map[string]corev1.Volume)
		for _, v := range w.Template.Spec.Volumes {
			volumes[v.Name] = v
			findings = append(findings, prefix(w.String()+", volume "+v.Name, s.missing(v.VolumeSource))...)
		}
		for _, c := range w.Claims {
			volumes[c.Name] = corev1.Volume{}
		}
		used := make(map[string]bool)
		for c := range w.Containers() {
			for _, m := range c.VolumeMounts {
				used[m.Name] = true
				v, ok := volumes[m.Name]
				if !ok {
					findings = append(findings, fmt.Sprintf("%s, %s: there is no volume %s", w, c.Name, m.Name))
				} else if m.SubPath != "" && v.ConfigMap != nil {
					findings = append(findings, prefix(w.String()+", "+c.Name, s.missingKey(v.ConfigMap.Name, m.SubPath))...)
				}
			}
		}
		for name := range volumes {
			if !used[name] {
				findings = append(findings, fmt.Sprintf("%s: nobody mounts the volume %s", w, name))
			}
		}
	}
	return findings
}

func prefix(at string, findings []string) []string {
	for i, f := range findings {
		findings[i] = at + ": " + f
	}
	return findings
}

// missing tells what a volume names in vain.
func (s *Set) missing(v corev1.VolumeSource) []string {
	switch {
	case v.PersistentVolumeClaim != nil:
		if _, ok := named[*corev1.PersistentVolumeClaim](s, v.PersistentVolumeClaim.ClaimName); !ok {
			return []string{"there is no claim " + v.PersistentVolumeClaim.ClaimName}
		}
	case v.ConfigMap != nil:
		var findings []string
		if _, ok := named[*corev1.ConfigMap](s, v.ConfigMap.Name); !ok {
			return []string{"there is no ConfigMap " + v.ConfigMap.Name}
		}
		for _, item := range v.ConfigMap.Items {
			findings = append(findings, s.missingKey(v.ConfigMap.Name, item.Key)...)
		}
		return findings
	case v.Secret != nil:
		if !slices.Contains(s.secrets(), v.Secret.SecretName) {
			return []string{"nobody makes the Secret " + v.Secret.SecretName}
		}
	}
	return nil
}

func (s *Set) missingKey(configMap, key string) []string {
	if c, ok := named[*corev1.ConfigMap](s, configMap); ok && c.Data[key] == "" && c.BinaryData[key] == nil {
		return []string{fmt.Sprintf("ConfigMap %s has no %s", configMap, key)}
	}
	return nil
}

// secrets returns the names of all Secrets that somebody makes.
func (s *Set) secrets() []string {
	names := deployedSecrets()
	for _, c := range all[*certmanager.Certificate](s) {
		names = append(names, c.Spec.SecretName)
	}
	for _, c := range all[*Cluster](s) {
		names = append(names, c.Name+"-ca") // The operator makes it, with the key ca.crt.
	}
	return names
}

// Services tells which Services reach no pod, or a port that the pods do not open.
func Services(s *Set) []string {
	var findings []string
	for _, service := range all[*corev1.Service](s) {
		containers, ok := s.chosen(service.Spec.Selector)
		if !ok {
			findings = append(findings, nameOf(service)+": chooses no pods")
			continue
		}
		for _, port := range service.Spec.Ports {
			target := port.TargetPort
			if target == (intstr.IntOrString{}) {
				target = intstr.FromInt32(port.Port)
			}
			if _, ok := openPort(containers, target); !ok {
				findings = append(findings, fmt.Sprintf("%s: the pods open no port %s", nameOf(service), target.String()))
			}
		}
	}
	return findings
}

// chosen returns the containers of the pods that a Service chooses.
func (s *Set) chosen(selector map[string]string) ([]corev1.Container, bool) {
	for _, e := range s.Endpoints() {
		if len(selector) > 0 && e.Namespace == Namespace && len(e.Containers) > 0 && contains(e.Labels, selector) {
			return e.Containers, true
		}
	}
	return nil, false
}

// contains reports whether labels have all of those wanted.
func contains(have, want map[string]string) bool {
	for key, value := range want {
		if have[key] != value {
			return false
		}
	}
	return true
}

// openPort returns the number of a port that one of the containers opens, by its name or number.
func openPort(containers []corev1.Container, port intstr.IntOrString) (int32, bool) {
	for _, c := range containers {
		for _, p := range c.Ports {
			if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
				return p.ContainerPort, true
			}
		}
	}
	return 0, false
}

// References tells which objects name another that is not there: backends, issuers, accounts, priorities, services.
func References(s *Set) []string {
	var findings []string
	for _, ingress := range all[*networkingv1.Ingress](s) {
		findings = append(findings, prefix(nameOf(ingress), s.missingOfIngress(ingress))...)
	}
	for _, c := range all[*certmanager.Certificate](s) {
		if !s.hasIssuer(c.Spec.IssuerRef.Kind, c.Spec.IssuerRef.Name) {
			findings = append(findings, fmt.Sprintf("%s: there is no %s %s", nameOf(c), c.Spec.IssuerRef.Kind, c.Spec.IssuerRef.Name))
		}
	}
	for _, i := range all[*certmanager.Issuer](s) {
		if i.Spec.CA != nil && !slices.Contains(s.secrets(), i.Spec.CA.SecretName) {
			findings = append(findings, fmt.Sprintf("%s: nobody makes the Secret %s", nameOf(i), i.Spec.CA.SecretName))
		}
	}
	priorities := make(map[string]bool)
	for _, p := range all[*schedulingv1.PriorityClass](s) {
		priorities[p.Name] = true
	}
	for _, w := range s.Workloads() {
		if name := w.Template.Spec.PriorityClassName; name != "" && !priorities[name] {
			findings = append(findings, fmt.Sprintf("%s: there is no PriorityClass %s", w, name))
		}
	}
	return findings
}

func (s *Set) hasIssuer(kind, name string) bool {
	if kind == "ClusterIssuer" {
		_, ok := named[*certmanager.ClusterIssuer](s, name)
		return ok
	}
	_, ok := named[*certmanager.Issuer](s, name)
	return ok
}

func (s *Set) missingOfIngress(ingress *networkingv1.Ingress) []string {
	var findings []string
	if issuer := ingress.Annotations["cert-manager.io/cluster-issuer"]; !s.hasIssuer("ClusterIssuer", issuer) {
		findings = append(findings, fmt.Sprintf("there is no ClusterIssuer %q", issuer))
	}
	for _, rule := range ingress.Spec.Rules {
		covered := slices.ContainsFunc(ingress.Spec.TLS, func(tls networkingv1.IngressTLS) bool { return slices.Contains(tls.Hosts, rule.Host) })
		if !covered {
			findings = append(findings, "there is no TLS for "+rule.Host)
		}
		for _, path := range rule.HTTP.Paths {
			backend := path.Backend.Service
			service, ok := named[*corev1.Service](s, backend.Name)
			if !ok || !slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
				return backend.Port.Name != "" && p.Name == backend.Port.Name || backend.Port.Number != 0 && p.Port == backend.Port.Number
			}) {
				findings = append(findings, fmt.Sprintf("there is no Service %s with the port %s%d", backend.Name, backend.Port.Name, backend.Port.Number))
			}
		}
	}
	return findings
}

// Names tells which of the names that people and other programs know are not there.
func Names(want map[string]string) func(*Set) []string {
	return func(s *Set) []string {
		have := make(map[string]string)
		for _, o := range s.Objects {
			have[nameOf(o)] = ""
			switch o := o.(type) {
			case *corev1.PersistentVolumeClaim:
				have[nameOf(o)] = o.Spec.Resources.Requests.Storage().String()
			case *networkingv1.Ingress:
				for _, tls := range o.Spec.TLS {
					have[nameOf(o)] += tls.SecretName
				}
			case *corev1.Namespace:
				have[nameOf(o)] = o.Labels["pod-security.kubernetes.io/enforce"]
			case *Cluster:
				have[nameOf(o)] = o.Spec.Storage.Size.String()
			}
		}
		for _, w := range s.Workloads() {
			for _, c := range w.Claims {
				have["claim/"+c.Name] = c.Spec.Resources.Requests.Storage().String()
			}
		}
		var findings []string
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if got, ok := have[name]; !ok || got != want[name] {
				findings = append(findings, fmt.Sprintf("%s is %q (there: %t), want %q", name, got, ok, want[name]))
			}
		}
		return findings
	}
}
