package compose

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// Known is what the file has to agree with.
type Known struct {
	// Root is the directory of the repository.
	Root string
	// Images are those of the cluster.
	Images []string
	// Program and Proxy are the names of the settings that the program and nginx read.
	Program, Proxy []string
}

// Findings returns what is wrong with the project, each beginning with the service and the rule.
func Findings(p *types.Project, known Known) (findings []string) {
	for _, name := range slices.Sorted(maps.Keys(services)) {
		if _, ok := p.Services[name]; !ok {
			findings = append(findings, name+" service: is missing")
		}
	}
	built := builders(p)
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		s := p.Services[name]
		want, ok := services[name]
		if !ok {
			findings = append(findings, name+" service: is not one that is known here")
			continue
		}
		for _, finding := range slices.Concat(
			checkImage(s, known, built), checkConfinement(s), checkHealth(s, want), checkOrder(s, want), checkPorts(s, want),
			checkVolumes(s, want), checkBinds(s, p.WorkingDir, known.Root), checkEnvironment(s, known),
		) {
			findings = append(findings, name+" "+finding)
		}
	}
	return findings
}

// exact is the name of an image with a version that is not moved on.
var exact = regexp.MustCompile(`^([a-z0-9./-]+):v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$`)

// builders returns the services that build an image, by its name.
func builders(p *types.Project) map[string][]string {
	found := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		if s := p.Services[name]; s.Build != nil {
			found[s.Image] = append(found[s.Image], name)
		}
	}
	return found
}

// checkImage wants one builder for an image that is built: two that write its name at the same time fail, the first time.
func checkImage(s types.ServiceConfig, known Known, built map[string][]string) []string {
	if by := built[s.Image]; len(by) > 0 {
		if len(by) > 1 && s.Build != nil {
			return []string{fmt.Sprintf("image: %s is built by %q", s.Image, by)}
		}
		if s.Build == nil && s.PullPolicy != types.PullPolicyNever {
			return []string{fmt.Sprintf("image: %s would be looked for elsewhere", s.Image)}
		}
		return nil
	}
	match := exact.FindStringSubmatch(s.Image)
	if match == nil {
		return []string{fmt.Sprintf("image: %s has no exact version", s.Image)}
	}
	for _, image := range known.Images {
		if strings.HasPrefix(image, match[1]+":") && image != s.Image {
			return []string{fmt.Sprintf("image: is %s, and %s in the cluster", s.Image, image)}
		}
	}
	return nil
}

// numeric is a user that is not root, and a group.
var numeric = regexp.MustCompile(`^[1-9]\d*:\d+$`)

func checkConfinement(s types.ServiceConfig) (findings []string) {
	if s.Privileged || len(s.CapAdd) > 0 || s.NetworkMode == "host" || s.Pid != "" || s.Ipc != "" {
		findings = append(findings, "confined: has rights of the machine")
	}
	if !slices.Equal(s.CapDrop, []string{"ALL"}) {
		findings = append(findings, "confined: keeps capabilities")
	}
	if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		findings = append(findings, "confined: may get new privileges")
	}
	if !s.ReadOnly {
		findings = append(findings, "confined: its files can be written")
	}
	if !slices.Contains(s.Tmpfs, "/tmp") {
		findings = append(findings, "confined: has no /tmp in memory")
	}
	if !numeric.MatchString(s.User) {
		findings = append(findings, fmt.Sprintf("confined: runs as %q, want the number of a user who is not root", s.User))
	}
	return findings
}

func checkHealth(s types.ServiceConfig, want service) []string {
	if want.once {
		if s.Restart != types.RestartPolicyNo || s.HealthCheck == nil || !s.HealthCheck.Disable {
			return []string{"health: runs once, and is to be neither started again nor asked"}
		}
		return nil
	}
	if s.Restart != types.RestartPolicyUnlessStopped {
		return []string{"restart: is " + s.Restart + ", want unless-stopped"}
	}
	if s.HealthCheck == nil || s.HealthCheck.Disable {
		return []string{"health: is not asked"}
	}
	if got := strings.Join(s.HealthCheck.Test, " "); got != want.health {
		return []string{fmt.Sprintf("health: is asked by %q, want %q", got, want.health)}
	}
	if s.HealthCheck.Interval == nil || s.HealthCheck.Timeout == nil || s.HealthCheck.StartPeriod == nil {
		return []string{"health: lacks an interval, a timeout or a time to start"}
	}
	return nil
}

func checkOrder(s types.ServiceConfig, want service) []string {
	got := map[string]string{}
	for name, dependency := range s.DependsOn {
		got[name] = dependency.Condition
	}
	if !maps.Equal(got, want.after) {
		return []string{fmt.Sprintf("order: starts after %v, want %v", got, want.after)}
	}
	return nil
}

// checkPorts wants the ports that are documented, for this machine alone.
func checkPorts(s types.ServiceConfig, want service) (findings []string) {
	var got []string
	for _, port := range s.Ports {
		got = append(got, fmt.Sprintf("%s:%s:%d", port.HostIP, port.Published, port.Target))
	}
	if !slices.Equal(got, want.ports) {
		findings = append(findings, fmt.Sprintf("ports: are %q, want %q", got, want.ports))
	}
	return findings
}

// checkVolumes wants data in volumes with names. That they are declared is for the loader to say.
func checkVolumes(s types.ServiceConfig, want service) []string {
	var got []string
	for _, volume := range s.Volumes {
		if volume.Type != types.VolumeTypeVolume {
			continue
		}
		mount := volume.Source + ":" + volume.Target
		if volume.ReadOnly {
			mount += ":ro"
		}
		if volume.Volume != nil && volume.Volume.NoCopy {
			mount += ",nocopy"
		}
		got = append(got, mount)
	}
	if !slices.Equal(got, want.volumes) {
		return []string{fmt.Sprintf("volumes: are %q, want %q", got, want.volumes)}
	}
	return nil
}

// checkBinds wants files of the repository, which no container changes.
func checkBinds(s types.ServiceConfig, dir, root string) (findings []string) {
	for _, volume := range s.Volumes {
		if volume.Type != types.VolumeTypeBind {
			continue
		}
		path, err := filepath.Rel(dir, volume.Source)
		if err != nil || !filepath.IsLocal(path) {
			findings = append(findings, "files: "+volume.Source+" is not in the repository")
			continue
		}
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			findings = append(findings, "files: the repository has no "+path)
		}
		if !volume.ReadOnly {
			findings = append(findings, "files: "+path+" can be changed from inside")
		}
	}
	return findings
}

// checkEnvironment wants settings that somebody reads. Those of images of others begin with a word of theirs.
func checkEnvironment(s types.ServiceConfig, known Known) (findings []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		switch {
		case slices.Contains(known.Program, name):
		case s.Name == "nginx" && slices.Contains(known.Proxy, name):
		case s.Name == "postgres" && name == "POSTGRES_INITDB_ARGS":
		case s.Name == "grafana" && strings.HasPrefix(name, "GF_"):
		default:
			findings = append(findings, "settings: nobody reads "+name)
		}
	}
	return findings
}
