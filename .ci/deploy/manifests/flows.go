package manifests

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// An Endpoint is a pod, or an address that is none.
type Endpoint struct {
	Namespace  string
	Labels     map[string]string
	Address    string
	Containers []corev1.Container
}

// isPod reports whether policies choose the endpoint by its labels.
func (e Endpoint) isPod() bool { return e.Labels != nil }

// Endpoints returns the pods of the set by the names of their workloads, those that operators make, and others, whom
// somebody may want to talk to, or who may want to talk to us.
func (s *Set) Endpoints() map[string]Endpoint {
	const system = "kube-system"
	endpoints := map[string]Endpoint{
		"traefik":      {Namespace: system, Labels: map[string]string{nameLabel: "traefik"}, Address: "10.42.0.2"},
		"dns":          {Namespace: system, Labels: map[string]string{"k8s-app": "kube-dns"}, Address: "10.42.0.3"},
		"cert-manager": {Namespace: "cert-manager", Labels: map[string]string{nameLabel: "cert-manager"}, Address: "10.42.0.4"},
		"operator":     {Namespace: "cnpg-system", Labels: map[string]string{nameLabel: "cloudnative-pg"}, Address: "10.42.0.5"},
		"solver":       {Namespace: Namespace, Labels: map[string]string{"acme.cert-manager.io/http01-solver": "true"}, Address: "10.42.0.6"},
		"neighbour":    {Namespace: Namespace, Labels: map[string]string{nameLabel: "neighbour"}, Address: "10.42.0.7"},
		// Somebody who calls himself what others are called, in a namespace of his own.
		"impostor": {Namespace: "elsewhere", Labels: map[string]string{nameLabel: "traefik", "k8s-app": "kube-dns"}, Address: "10.42.0.8"},
		// The API of the cluster, and what a cloud tells a machine about itself.
		"kubernetes": {Address: "10.43.0.1"},
		"metadata":   {Address: "169.254.169.254"},
		"private":    {Address: "192.168.7.7"},
		"internet":   {Address: "203.0.113.7"},
	}
	for i, w := range s.Workloads() {
		endpoints[w.Name] = Endpoint{
			Namespace: Namespace, Labels: w.Template.Labels, Address: fmt.Sprintf("10.42.1.%d", i+1), Containers: w.Template.Spec.Containers,
		}
	}
	for i, c := range all[*Cluster](s) {
		endpoints[c.Name] = Endpoint{
			Namespace: Namespace, Labels: map[string]string{"cnpg.io/cluster": c.Name, nameLabel: "postgresql"},
			Address: fmt.Sprintf("10.42.2.%d", i+1),
			Containers: []corev1.Container{{Ports: []corev1.ContainerPort{
				{Name: "postgresql", ContainerPort: 5432}, {Name: "metrics", ContainerPort: 9187}, {Name: "status", ContainerPort: 8000},
			}}},
		}
	}
	return endpoints
}

// A Flow is a connection of one endpoint to a port of another.
type Flow struct {
	From, To string
	Port     int32
	Protocol corev1.Protocol
}

// String returns the flow as tables write it.
func (f Flow) String() string { return fmt.Sprintf("%s -> %s:%d/%s", f.From, f.To, f.Port, f.Protocol) }

// Flows tells which connections are let through though nobody needs them, and which are not though somebody does. All
// pods ask for names; that is understood.
func Flows(wanted []Flow) func(*Set) []string {
	return func(s *Set) []string {
		endpoints := s.Endpoints()
		want := make(map[Flow]bool)
		for _, f := range wanted {
			want[f] = true
		}
		ports := s.ports(wanted)
		var findings []string
		for _, from := range slices.Sorted(maps.Keys(endpoints)) {
			for _, to := range slices.Sorted(maps.Keys(endpoints)) {
				if endpoints[from].Namespace != Namespace && endpoints[to].Namespace != Namespace {
					continue // It is not for us to say.
				}
				for _, f := range ports {
					f.From, f.To = from, to
					needed := want[f] || endpoints[from].Namespace == Namespace && to == "dns" && f.Port == 53
					if allowed := s.allows(endpoints[from], endpoints[to], f); allowed != needed {
						findings = append(findings, fmt.Sprintf("%s: let through: %t, needed: %t", f, allowed, needed))
					}
				}
			}
		}
		return findings
	}
}

// ports returns what is tried: all that pods open or somebody needs, and some that should get nowhere.
func (s *Set) ports(wanted []Flow) []Flow {
	tried := map[Flow]bool{{Port: 53, Protocol: corev1.ProtocolUDP}: true}
	for _, port := range []int32{22, 25, 53, 80, 443, 5432, 6379, 6443, 65535} {
		tried[Flow{Port: port, Protocol: corev1.ProtocolTCP}] = true
	}
	for _, f := range wanted {
		tried[Flow{Port: f.Port, Protocol: f.Protocol}] = true
	}
	for _, e := range s.Endpoints() {
		for _, c := range e.Containers {
			for _, p := range c.Ports {
				tried[Flow{Port: p.ContainerPort, Protocol: corev1.ProtocolTCP}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(tried), func(a, b Flow) int { return int(a.Port - b.Port) })
}

// allows reports whether the policies let a connection out at one end and in at the other.
func (s *Set) allows(from, to Endpoint, f Flow) bool {
	return s.allowsOneWay(networkingv1.PolicyTypeEgress, from, to, to, f) && s.allowsOneWay(networkingv1.PolicyTypeIngress, to, from, to, f)
}

// allowsOneWay judges by the policies of one end. A pod that no policy chooses is free in that direction.
func (s *Set) allowsOneWay(direction networkingv1.PolicyType, self, peer, server Endpoint, f Flow) bool {
	if self.Namespace != Namespace {
		return true
	}
	isolated := false
	for _, policy := range all[*networkingv1.NetworkPolicy](s) {
		if !chooses(&policy.Spec.PodSelector, self.Labels) || !slices.Contains(directions(policy), direction) {
			continue
		}
		isolated = true
		for _, r := range rules(policy, direction) {
			if r.hasPeer(peer) && r.hasPort(server, f) {
				return true
			}
		}
	}
	return !isolated
}

// directions returns what a policy is about. Without a word on it that is what comes in, and what goes out if it has a
// rule for that.
func directions(policy *networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	if len(policy.Spec.PolicyTypes) > 0 {
		return policy.Spec.PolicyTypes
	}
	if len(policy.Spec.Egress) > 0 {
		return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	}
	return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
}

// A rule is of one direction: whom it lets through, and to which ports. Without any it lets all through.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

func rules(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) []rule {
	var found []rule
	if direction == networkingv1.PolicyTypeEgress {
		for _, r := range policy.Spec.Egress {
			found = append(found, rule{r.To, r.Ports})
		}
		return found
	}
	for _, r := range policy.Spec.Ingress {
		found = append(found, rule{r.From, r.Ports})
	}
	return found
}

func (r rule) hasPeer(peer Endpoint) bool {
	return len(r.peers) == 0 || slices.ContainsFunc(r.peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock != nil {
			return hasAddress(p.IPBlock, peer.Address)
		}
		if !peer.isPod() {
			return false
		}
		inNamespace := peer.Namespace == Namespace
		if p.NamespaceSelector != nil {
			inNamespace = chooses(p.NamespaceSelector, map[string]string{corev1.LabelMetadataName: peer.Namespace})
		}
		return inNamespace && (p.PodSelector == nil || chooses(p.PodSelector, peer.Labels))
	})
}

func hasAddress(block *networkingv1.IPBlock, address string) bool {
	within := func(cidr string) bool {
		prefix, err := netip.ParsePrefix(cidr)
		return err == nil && prefix.Contains(netip.MustParseAddr(address))
	}
	return within(block.CIDR) && !slices.ContainsFunc(block.Except, within)
}

func (r rule) hasPort(server Endpoint, f Flow) bool {
	return len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(p networkingv1.NetworkPolicyPort) bool {
		protocol := corev1.ProtocolTCP
		if p.Protocol != nil {
			protocol = *p.Protocol
		}
		if protocol != f.Protocol {
			return false
		}
		if p.Port == nil {
			return true
		}
		first := p.Port.IntVal
		if p.Port.Type == intstr.String {
			first, _ = openPort(server.Containers, *p.Port)
		}
		last := first
		if p.EndPort != nil {
			last = *p.EndPort
		}
		return first <= f.Port && f.Port <= last
	})
}

// Policies tells which policies choose no pods, and whether everything is denied that no other policy allows.
func Policies(s *Set) []string {
	denied := make(map[networkingv1.PolicyType]bool)
	var findings []string
	for _, policy := range all[*networkingv1.NetworkPolicy](s) {
		everybody := len(policy.Spec.PodSelector.MatchLabels)+len(policy.Spec.PodSelector.MatchExpressions) == 0
		for _, direction := range directions(policy) {
			if everybody && len(rules(policy, direction)) == 0 {
				denied[direction] = true
			}
			for _, r := range rules(policy, direction) {
				for _, p := range r.peers {
					if p.PodSelector != nil && p.NamespaceSelector == nil && !s.choosesSomebody(*p.PodSelector) {
						findings = append(findings, fmt.Sprintf("%s: nobody is %s", nameOf(policy), metav1.FormatLabelSelector(p.PodSelector)))
					}
				}
			}
		}
		if !everybody && !s.choosesSomebody(policy.Spec.PodSelector) {
			findings = append(findings, nameOf(policy)+": chooses no pods")
		}
	}
	for _, direction := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
		if !denied[direction] {
			findings = append(findings, fmt.Sprintf("no policy denies all %s", direction))
		}
	}
	return findings
}

func (s *Set) choosesSomebody(selector metav1.LabelSelector) bool {
	for name, e := range s.Endpoints() {
		if e.Namespace == Namespace && name != "neighbour" && chooses(&selector, e.Labels) {
			return true
		}
	}
	return false
}
