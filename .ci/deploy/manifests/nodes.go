package manifests

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// operatorSecrets are those that the roles and backups of a Cluster need. k3s/deploy makes the first two, of the
// settings, and an operator the third.
func operatorSecrets() []string {
	return []string{"database-owner", "database-runtime", "backup-bucket"}
}

// noPlainText is the rule of pg_hba.conf that refuses connections without TLS.
const noPlainText = "hostnossl all all all reject" //nolint:dupword // that is how rules are

// Standbys tells where a Cluster would lose what it has acknowledged, run out of what it needs, or keep no backups.
func Standbys(s *Set) []string {
	var findings []string
	for _, c := range all[*Cluster](s) {
		findings = slices.Concat(findings, prefix(nameOf(c), durability(c.Spec)), prefix(nameOf(c), protection(c.Spec)),
			prefix(nameOf(c), s.roles(c)), prefix(nameOf(c), s.backups(c)))
	}
	if len(all[*Cluster](s)) != 1 {
		findings = append(findings, "there is not one Cluster")
	}
	return findings
}

// A demand is what must be so, and what is told where it is not.
type demand struct {
	met  bool
	told string
}

func unmet(demands []demand) []string {
	var findings []string
	for _, d := range demands {
		if !d.met {
			findings = append(findings, d.told)
		}
	}
	return findings
}

// durability tells what could be lost with a node.
func durability(spec ClusterSpec) []string {
	sync, apart := cmp.Or(spec.PostgreSQL.Synchronous, &Synchronous{}), cmp.Or(spec.Affinity, &ClusterAffinity{})
	return unmet([]demand{
		{spec.Instances >= 3, "has fewer than three instances"},
		{sync.Method == "any" && sync.Number == 1 && sync.DataDurability == "required", "a commit does not wait for one standby"},
		{sync.FailoverQuorum != nil && *sync.FailoverQuorum, "a standby that lacks commits may take over"},
		{apart.PodAntiAffinityType == "required" && apart.TopologyKey == corev1.LabelHostname, "instances may be on one node"},
	})
}

// protection tells who may come in, and what instances may lack.
func protection(spec ClusterSpec) []string {
	seccomp, memory := cmp.Or(spec.SeccompProfile, &corev1.SeccompProfile{}), spec.Resources.Limits.Memory()
	findings := unmet([]demand{
		{seccomp.Type == corev1.SeccompProfileTypeRuntimeDefault, "has no seccomp profile"},
		{spec.EnableSuperuserAccess != nil && !*spec.EnableSuperuserAccess, "a superuser has a password"},
		{!memory.IsZero() && memory.Cmp(*spec.Resources.Requests.Memory()) == 0, "has no memory of its own"},
		{slices.Contains(spec.PostgreSQL.PgHBA, noPlainText), "takes connections without TLS"},
	})
	if spec.Bootstrap == nil || spec.Bootstrap.InitDB == nil {
		return append(findings, "nobody makes its database")
	}
	if initdb := spec.Bootstrap.InitDB; initdb.Encoding != "UTF8" || initdb.LocaleCType != "C.UTF-8" {
		findings = append(findings, "does not know the letters of all scripts")
	}
	return findings
}

// roles tells what is wrong with the owner of the database and with the role that serves requests.
func (s *Set) roles(c *Cluster) []string {
	var secrets []string
	if b := c.Spec.Bootstrap; b != nil && b.InitDB != nil && b.InitDB.Secret != nil {
		secrets = append(secrets, b.InitDB.Secret.Name)
	}
	if c.Spec.Managed != nil {
		for _, role := range c.Spec.Managed.Roles {
			if role.PasswordSecret != nil && role.Login {
				secrets = append(secrets, role.PasswordSecret.Name)
			}
		}
	}
	if want := []string{"database-owner", "database-runtime"}; !slices.Equal(secrets, want) {
		return []string{fmt.Sprintf("its roles have the Secrets %q, want %q", secrets, want)}
	}
	return nil
}

// backups tells what keeps a Cluster from archiving, or backups from being made each night.
func (s *Set) backups(c *Cluster) []string {
	const plugin = "barman-cloud.cloudnative-pg.io"
	i := slices.IndexFunc(c.Spec.Plugins, func(p ClusterPlugin) bool {
		return p.Name == plugin && p.IsWALArchiver != nil && *p.IsWALArchiver
	})
	if i < 0 {
		return []string{"does not archive its log"}
	}
	var findings []string
	store, ok := named[*ObjectStore](s, c.Spec.Plugins[i].Parameters["barmanObjectName"])
	if !ok {
		return []string{"there is no ObjectStore " + c.Spec.Plugins[i].Parameters["barmanObjectName"]}
	}
	credentials := store.Spec.Configuration.S3Credentials
	for _, key := range []corev1.SecretKeySelector{credentials.AccessKeyID, credentials.SecretAccessKey} {
		if !slices.Contains(operatorSecrets(), key.Name) {
			findings = append(findings, "nobody makes the Secret "+key.Name)
		}
	}
	if store.Spec.RetentionPolicy == "" {
		findings = append(findings, "keeps backups for ever")
	}
	if !slices.ContainsFunc(all[*ScheduledBackup](s), func(b *ScheduledBackup) bool {
		return b.Spec.Cluster.Name == c.Name && b.Spec.Method == "plugin" && b.Spec.PluginConfiguration.Name == plugin &&
			len(strings.Fields(b.Spec.Schedule)) == 6
	}) {
		findings = append(findings, "no backup is scheduled")
	}
	return findings
}

// Apart tells whose pods may all be on one node, though there are several.
func Apart(s *Set) []string {
	var findings []string
	for _, d := range all[*appsv1.Deployment](s) {
		least, most := s.Replicas(Workload{Kind: "Deployment", Name: d.Name})
		if most < 2 {
			continue
		}
		if least < 3 {
			findings = append(findings, nameOf(d)+": may have fewer than three pods")
		}
		if !slices.ContainsFunc(d.Spec.Template.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			honors := c.NodeTaintsPolicy != nil && *c.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor
			return c.TopologyKey == corev1.LabelHostname && c.WhenUnsatisfiable == corev1.DoNotSchedule && honors
		}) {
			findings = append(findings, nameOf(d)+": its pods may be on one node, or none be made while a node is lost")
		}
	}
	return findings
}

// NodeBound tells which volumes bind several pods to the node of one.
func NodeBound(s *Set) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for _, v := range w.Template.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				findings = append(findings, fmt.Sprintf("%s: the volume %s is on one node", w, v.Name))
			}
		}
	}
	return findings
}
